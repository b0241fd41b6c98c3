//! Who may use the operators' routes: bearers of one token; and who may read the metrics: bearers of that one or of another.

use std::fmt;

use subtle::ConstantTimeEq;

/// The operators of a deployment, known by the token of `ADMIN_TOKEN`.
pub struct Operators {
    token: Option<String>,
    metrics_token: Option<String>,
}

impl fmt::Debug for Operators {
    /// The token is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operators").field("exist", &self.exist()).finish_non_exhaustive()
    }
}

impl Operators {
    /// Operators with this token; without one there are none.
    pub fn new(token: Option<String>) -> Self {
        Self { token, metrics_token: None }
    }

    /// The same operators, and scrapers with a token of their own, that of `METRICS_TOKEN`.
    #[must_use]
    pub fn with_scrapers(self, metrics_token: Option<String>) -> Self {
        Self { metrics_token, ..self }
    }

    /// Whether this deployment has operators. Without them their routes do not exist, so that a forgotten token opens
    /// nothing.
    pub fn exist(&self) -> bool {
        self.token.is_some()
    }

    /// Whether somebody may read the metrics.
    pub fn may_be_scraped(&self) -> bool {
        self.token.is_some() || self.metrics_token.is_some()
    }

    /// Whether an `Authorization` header carries the token.
    pub fn admit(&self, authorization: Option<&str>) -> bool {
        bears(authorization, self.token.as_deref())
    }

    /// Whether an `Authorization` header carries a token that may read the metrics.
    pub fn admit_scraper(&self, authorization: Option<&str>) -> bool {
        bears(authorization, self.metrics_token.as_deref()) || self.admit(authorization)
    }
}

/// How long that takes tells nothing of the token.
fn bears(authorization: Option<&str>, expected: Option<&str>) -> bool {
    let Some(expected) = expected else { return false };
    let given = authorization.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    given.is_some_and(|given| given.as_bytes().ct_eq(expected.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bearer_of_the_token_is_admitted() {
        let operators = Operators::new(Some("token-a".to_owned()));
        for (authorization, admitted) in [
            (Some("Bearer token-a"), true),
            (Some("bearer  token-a "), true),
            (Some("Bearer token-b"), false),
            (Some("Bearer token-a2"), false),
            (Some("Basic token-a"), false),
            (Some("Bearer"), false),
            (Some("token-a"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(operators.admit(authorization), admitted, "{authorization:?}");
        }
    }

    #[test]
    fn scrapers_are_admitted_to_the_metrics_alone_and_operators_too() {
        let of = |token: Option<&str>, scrapers: Option<&str>| {
            Operators::new(token.map(str::to_owned)).with_scrapers(scrapers.map(str::to_owned))
        };
        let (a, b) = (Some("Bearer token-a"), Some("Bearer token-b"));
        for (operators, admitted, may_be_scraped) in [
            (of(Some("token-a"), Some("token-b")), [(a, true, true), (b, false, true)], true),
            (of(Some("token-a"), None), [(a, true, true), (b, false, false)], true),
            (of(None, Some("token-b")), [(a, false, false), (b, false, true)], true),
            (of(None, None), [(a, false, false), (Some("Bearer "), false, false)], false),
        ] {
            assert_eq!(operators.may_be_scraped(), may_be_scraped);
            for (authorization, operator, scraper) in admitted {
                assert_eq!(operators.admit(authorization), operator, "{authorization:?}");
                assert_eq!(operators.admit_scraper(authorization), scraper, "{authorization:?}");
            }
        }
    }

    #[test]
    fn without_a_token_nobody_is() {
        let operators = Operators::new(None);
        assert!(!operators.exist());
        assert!(!operators.admit(Some("Bearer ")) && !operators.admit(None));
    }

    #[test]
    fn the_token_is_not_printed() {
        let operators = Operators::new(Some("token-a".to_owned()));
        assert_eq!(format!("{operators:?}"), "Operators { exist: true, .. }");
    }
}
