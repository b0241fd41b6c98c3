//! The Kv port over a Workers KV namespace.

use std::time::Duration;

use async_trait::async_trait;
use worker::{KvError, KvStore};

use crate::ports::{Kv, TierError};

/// KV does not expire anything sooner (docs/platform.md, "KV refuses short lifetimes").
const TTL_SECS_MIN: u64 = 60;

pub(super) struct WorkerKv(pub(super) KvStore);

#[async_trait(?Send)]
impl Kv for WorkerKv {
    async fn get(&self, key: &str) -> Result<Option<String>, TierError> {
        let bytes = self.0.get(key).bytes().await.map_err(|error| failure(&error))?;
        // Broken text is a broken value: empty, it will not decode, and is counted as corrupt.
        Ok(bytes.map(|bytes| String::from_utf8(bytes).unwrap_or_default()))
    }

    async fn put(
        &self,
        key: &str,
        text: &str,
        metadata: &str,
        ttl: Option<Duration>,
    ) -> Result<(), TierError> {
        // Not `put`: it goes through a serializer of JavaScript values.
        let put = self.0.put_bytes(key, text.as_bytes()).map_err(|error| failure(&error))?;
        let put = match ttl {
            Some(ttl) => put.expiration_ttl(ttl.as_secs().max(TTL_SECS_MIN)),
            None => put,
        };
        let metadata: serde_json::Value =
            serde_json::from_str(metadata).map_err(|_| TierError::Malformed)?;
        put.metadata(metadata)
            .map_err(|error| failure(&error))?
            .execute()
            .await
            .map_err(|error| failure(&error))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<(String, Option<String>)>, TierError> {
        let listed = self
            .0
            .list()
            .prefix(prefix.to_owned())
            .execute()
            .await
            .map_err(|error| failure(&error))?;
        let keys = listed.keys.into_iter();
        Ok(keys.map(|key| (key.name, key.metadata.map(|metadata| metadata.to_string()))).collect())
    }
}

fn failure(error: &KvError) -> TierError {
    let text = error.to_string();
    if text.contains("429") { TierError::Limited } else { TierError::Unreachable }
}
