//! The labels of counters: small vocabularies, each value a word. No label ever holds a client's text.

use crate::ports::Tier;

/// A label's vocabulary.
pub trait Label: Copy + 'static {
    /// Every value.
    const ALL: &'static [Self];

    /// The word that metrics and the shared counters use.
    fn as_str(self) -> &'static str;
}

/// Declares a vocabulary: each value once, with its word.
macro_rules! labels {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $help:literal])+ $value:ident = $word:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[doc = $help])+ $value,)+
        }

        impl Label for $name {
            const ALL: &'static [Self] = &[$(Self::$value,)+];

            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }
        }
    };
}

labels! {
    /// What a request asked for.
    RouteName {
        /// What this is.
        About = "about",
        /// The OpenAPI document.
        OpenApi = "openapi",
        /// The page of it.
        Docs = "docs",
        /// The listing.
        Unique = "unique",
        /// What changes of it by the minute.
        UniqueHealth = "unique_health",
        /// A model of it.
        UniqueModel = "unique_model",
        /// The providers.
        Providers = "providers",
        /// The models of a provider.
        ProviderModels = "provider_models",
        /// The models of providers.
        CatalogModels = "catalog_models",
        /// Those of a developer.
        CatalogDeveloper = "catalog_developer",
        /// One of them.
        CatalogModel = "catalog_model",
        /// A search among them.
        CatalogSearch = "catalog_search",
        /// The gateways.
        CatalogGateways = "catalog_gateways",
        /// How many models each has.
        CatalogProviders = "catalog_providers",
        /// What changed.
        Changes = "changes",
        /// An invalidation.
        Clear = "clear",
        /// A warm run.
        Warm = "warm",
        /// A change of the mode.
        Mode = "mode",
        /// The statistics.
        Statistics = "statistics",
        /// A request that is explained.
        Explain = "explain",
        /// The metrics.
        Metrics = "metrics",
        /// Whether the Worker lives.
        Healthz = "healthz",
        /// Whether every tier answers.
        Readyz = "readyz",
        /// A webhook.
        Webhook = "webhook",
        /// No route.
        Unknown = "unknown",
    }
}

labels! {
    /// The status of a response.
    Status {
        /// 200
        Ok = "200",
        /// 202
        Accepted = "202",
        /// 204
        NoContent = "204",
        /// 304
        NotModified = "304",
        /// 400
        BadRequest = "400",
        /// 401
        Unauthorized = "401",
        /// 403
        Forbidden = "403",
        /// 404
        NotFound = "404",
        /// 405
        MethodNotAllowed = "405",
        /// 409
        Conflict = "409",
        /// 410
        Gone = "410",
        /// 413
        ContentTooLarge = "413",
        /// 422
        UnprocessableContent = "422",
        /// 429
        TooManyRequests = "429",
        /// 500
        InternalServerError = "500",
        /// 503
        ServiceUnavailable = "503",
        /// 504
        GatewayTimeout = "504",
        /// Any other.
        Other = "other",
    }
}

impl From<u16> for Status {
    fn from(code: u16) -> Self {
        match code {
            200 => Self::Ok,
            202 => Self::Accepted,
            204 => Self::NoContent,
            304 => Self::NotModified,
            400 => Self::BadRequest,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            409 => Self::Conflict,
            410 => Self::Gone,
            413 => Self::ContentTooLarge,
            422 => Self::UnprocessableContent,
            429 => Self::TooManyRequests,
            500 => Self::InternalServerError,
            503 => Self::ServiceUnavailable,
            504 => Self::GatewayTimeout,
            _ => Self::Other,
        }
    }
}

labels! {
    /// What a tier had for a request.
    Lookup {
        /// What was served, fresh.
        Fresh = "fresh",
        /// What was served, stale or unverified.
        Stale = "stale",
        /// Nothing.
        Miss = "miss",
        /// Something too old.
        Expired = "expired",
        /// It was not asked.
        Bypass = "bypass",
        /// No answer, or nothing whole.
        Error = "error",
    }
}

labels! {
    /// What became of a webhook.
    WebhookOutcome {
        /// What is made of its table is rebuilt.
        Accepted = "accepted",
        /// Nothing here is made of its table.
        Ignored = "ignored",
        /// It proved nothing, or could not be read.
        Refused = "refused",
        /// Its signature was used before.
        Replayed = "replayed",
    }
}

labels! {
    /// How a publication came about.
    PublicationKind {
        /// What was loaded was new, and was sent.
        Published = "published",
        /// What was loaded is what was there, and lives on.
        Renewed = "renewed",
    }
}

labels! {
    /// What KV was asked.
    KvOperation {
        /// To give a value.
        Read = "read",
        /// To keep a value.
        Write = "write",
        /// Which keys there are.
        List = "list",
    }
}

labels! {
    /// What became of a call.
    CallOutcome {
        /// It succeeded.
        Ok = "ok",
        /// It failed.
        Error = "error",
    }
}

labels! {
    /// Why something was invalidated.
    Cause {
        /// An operator said so, for all that is cached.
        OperatorHard = "operator-hard",
        /// An operator said so, gently.
        OperatorSoft = "operator-soft",
        /// An operator said so, for one provider.
        Withdrawn = "operator-source",
    }
}

labels! {
    /// What became of a warm run.
    WarmOutcome {
        /// What it loaded can be read by others.
        Ok = "ok",
        /// It failed.
        Error = "error",
    }
}

labels! {
    /// How long a load took: the upper bound of a histogram's bucket, in seconds.
    LoadTime {
        /// A quarter of a second.
        Quarter = "0.25",
        /// Half a second.
        Half = "0.5",
        /// A second.
        One = "1",
        /// Two seconds.
        Two = "2",
        /// Four seconds.
        Four = "4",
        /// Eight seconds.
        Eight = "8",
        /// Longer.
        Longer = "+Inf",
    }
}

impl LoadTime {
    /// The bucket of so many milliseconds.
    pub(in crate::cache) fn of(millis: u64) -> Self {
        match millis {
            0..=250 => Self::Quarter,
            251..=500 => Self::Half,
            501..=1_000 => Self::One,
            1_001..=2_000 => Self::Two,
            2_001..=4_000 => Self::Four,
            4_001..=8_000 => Self::Eight,
            _ => Self::Longer,
        }
    }
}

impl Label for Tier {
    const ALL: &'static [Self] = &[Self::Memory, Self::Colo, Self::Upstash, Self::Kv, Self::Origin];

    fn as_str(self) -> &'static str {
        Self::as_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_its_code_or_another() {
        for status in Status::ALL {
            let code = status.as_str().parse::<u16>();
            assert_eq!(code.map_or(Status::Other, Status::from), *status);
        }
        assert_eq!(Status::from(418), Status::Other);
    }

    #[test]
    fn a_bucket_holds_what_takes_no_longer_than_its_bound() {
        let bounds = LoadTime::ALL.iter().filter_map(|time| {
            let secs: f64 = time.as_str().parse().unwrap();
            secs.is_finite().then_some((*time, secs))
        });
        for (time, secs) in bounds {
            let at_most = (0..10_000).rev().find(|ms| LoadTime::of(*ms) == time);
            let millis: f64 = u32::try_from(at_most.unwrap()).unwrap().into();
            assert!((millis / 1_000.0 - secs).abs() < 1e-9, "{secs}");
        }
        assert_eq!(LoadTime::of(u64::MAX), LoadTime::Longer);
    }
}
