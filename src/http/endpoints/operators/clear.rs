//! `POST /api/system/cache/clear`: invalidates what every tier holds, of everything or of one provider.

use std::time::Duration;

use serde_json::json;

use super::named::named;
use crate::{
    cache::{Cache, InvalidationMode},
    catalog::Source,
    http::{
        params::{Mistake, body},
        problem,
        request::ReadBody,
        response::Response,
    },
    ports::{TierError, millis},
};

/// What can be cleared, and how; the first mode is the default.
pub(crate) const CACHE_TYPES: [&str; 4] = ["unique_models", "all", PROVIDER, PROVIDER_ERRORS];
/// One provider's catalog, which is named beside it.
const PROVIDER: &str = "provider";
/// That its loads failed.
const PROVIDER_ERRORS: &str = "provider_errors";
pub(crate) const MODES: [&str; 2] = ["hard", "soft"];

/// Invalidates, and says how many keys that took. 409 where the mode forbids writing; 503 where
/// Redis could not be reached: nothing was lost, and it can be repeated.
pub(crate) async fn post(cache: &Cache, body: ReadBody) -> Response {
    let fields = match body::read(body).await {
        Ok(fields) => fields,
        Err(error) => return problem::unusable(error),
    };
    let cache_type = body::word(&fields, "cache_type", &CACHE_TYPES, None);
    let mode = body::word(&fields, "mode", &MODES, MODES.first().copied());
    let (cache_type, mode) = match (cache_type, mode) {
        (Ok(cache_type), Ok(mode)) => (cache_type, mode),
        (cache_type, mode) => {
            let mistakes: Vec<Mistake> = cache_type.err().into_iter().chain(mode.err()).collect();
            return problem::unprocessable(&mistakes);
        }
    };
    let begun = cache.now();
    let wanted = if mode == "soft" { InvalidationMode::Soft } else { InvalidationMode::Hard };
    if cache_type == PROVIDER || cache_type == PROVIDER_ERRORS {
        let name = match body::text(&fields, "provider") {
            Ok(name) => name,
            Err(mistake) => return problem::unprocessable(&[mistake]),
        };
        let is_cleared = (cache_type == PROVIDER).then_some(wanted);
        return one(cache, name, is_cleared).await;
    }
    match cache.invalidate(wanted).await {
        Ok(done) => Response::json(
            200,
            &json!({
                "success": true,
                "cache_type": cache_type,
                "mode": mode,
                "epoch": done.epoch,
                "keys_deleted": done.keys_deleted,
                "kv_marked": done.marked,
                "swept": done.swept,
                "duration_ms": millis(cache.now().since(begun)),
            }),
        ),
        Err(error) => refused(&error),
    }
}

/// Declares one provider's catalog wrong, or forgets that its loads failed.
async fn one(cache: &Cache, name: &str, cleared: Option<InvalidationMode>) -> Response {
    let begun = cache.now();
    let slug = match named(cache, name).await {
        Ok(slug) => slug,
        Err(refusal) => return refusal,
    };
    let source = Source::Provider(slug);
    let done = match cleared {
        Some(mode) => cache.withdraw(source, mode).await.map(|done| done.keys_deleted),
        None => cache.forgive(source).await.map(|()| 0),
    };
    match done {
        Ok(keys_deleted) => Response::json(
            200,
            &json!({
                "success": true,
                "cache_type": if cleared.is_some() { PROVIDER } else { PROVIDER_ERRORS },
                "provider": slug.as_str(),
                "mode": cleared.map(InvalidationMode::as_str),
                "keys_deleted": keys_deleted,
                "duration_ms": millis(cache.now().since(begun)),
            }),
        ),
        Err(error) => refused(&error),
    }
}

/// The answer where nothing was cleared.
fn refused(error: &TierError) -> Response {
    match error {
        TierError::ReadOnly => problem::conflict("EDGE_MODE forbids writing to Redis"),
        error => problem::unavailable(why(error), Duration::from_secs(5)),
    }
}

/// What an operator can do about a clear that failed.
fn why(error: &TierError) -> &'static str {
    match error {
        TierError::NotPermitted => {
            "The token of UPSTASH_REDIS_REST_TOKEN may not write: a standard token is needed"
        }
        TierError::Full => {
            "Redis is full and refuses writes: free space or change its eviction policy"
        }
        TierError::ReadOnlyReplica => "Redis takes no writes: it is a replica just now",
        TierError::Quota => "The Redis plan's requests are used up",
        _ => "Redis cannot be reached: nothing is cleared, try again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_that_failed_says_what_to_do() {
        for (error, word) in [
            (TierError::NotPermitted, "a standard token is needed"),
            (TierError::Full, "Redis is full"),
            (TierError::ReadOnlyReplica, "it is a replica"),
            (TierError::Quota, "requests are used up"),
            (TierError::Timeout, "try again"),
        ] {
            assert!(why(&error).contains(word), "{error}");
        }
    }
}
