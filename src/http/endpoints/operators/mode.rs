//! `POST /api/system/cache/mode`: what is done with the tiers from now on, where `EDGE_MODE` leaves that to KV.

use std::time::Duration;

use serde_json::json;

use crate::{
    cache::{Cache, ModeError},
    config::Mode,
    http::{params::body, problem, request::ReadBody, response::Response},
    ports::millis,
};

/// The modes, as settings name them.
pub(crate) const MODES: [&str; 3] = ["active", "read_only", "passthrough"];

/// Writes the mode to KV, and says which one it was before. 409 where `EDGE_MODE` names the mode itself; 503 where KV does not take it.
pub(crate) async fn post(cache: &Cache, body: ReadBody) -> Response {
    let fields = match body::read(body).await {
        Ok(fields) => fields,
        Err(error) => return problem::unusable(error),
    };
    let word = match body::word(&fields, "mode", &MODES, None) {
        Ok(word) => word,
        Err(mistake) => return problem::unprocessable(&[mistake]),
    };
    let begun = cache.now();
    match cache.set_mode(Mode::of(word).unwrap_or_default()).await {
        Ok(previous) => Response::json(
            200,
            &json!({
                "success": true,
                "mode": word,
                "previous": previous.as_str(),
                "duration_ms": millis(cache.now().since(begun)),
            }),
        ),
        Err(ModeError::Fixed) => problem::conflict(
            "EDGE_MODE names the mode itself: with EDGE_MODE=kv it can be set without a deployment",
        ),
        Err(ModeError::Kv(_)) => {
            problem::unavailable("Workers KV does not take the mode now", Duration::from_secs(5))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_a_mode() {
        assert!(MODES.iter().all(|word| Mode::of(word).is_some_and(|mode| mode.as_str() == *word)));
    }
}
