//! The Colo port over the Cache API of this data center.

use std::time::Duration;

use async_trait::async_trait;
use worker::{Cache, Headers, Response};

use crate::ports::{Colo, TierError};

/// No host of a client's: names under it are ours alone (RFC 2606 §2).
const ORIGIN: &str = "https://model-catalog-edge.invalid/";

pub(super) struct WorkerColo;

#[async_trait(?Send)]
impl Colo for WorkerColo {
    async fn get(&self, name: &str) -> Result<Option<String>, TierError> {
        let found = Cache::default().get(url(name), true).await;
        let Some(mut response) = found.map_err(|_| TierError::Unreachable)? else {
            return Ok(None);
        };
        let bytes = response.bytes().await.map_err(|_| TierError::Unreachable)?;
        // Broken text is a broken value: empty, it will not decode, and is counted as corrupt.
        Ok(Some(String::from_utf8(bytes).unwrap_or_default()))
    }

    async fn put(&self, name: &str, value: &str, ttl: Duration) -> Result<(), TierError> {
        let headers = Headers::new();
        let lasting = format!("public, max-age={}", ttl.as_secs());
        headers.set("Cache-Control", &lasting).map_err(|_| TierError::Malformed)?;
        let response = Response::from_bytes(value.as_bytes().to_vec());
        let response = response.map_err(|_| TierError::Malformed)?.with_headers(headers);
        Cache::default().put(url(name), response).await.map_err(|_| TierError::Unreachable)
    }
}

fn url(name: &str) -> String {
    [ORIGIN, name].concat()
}
