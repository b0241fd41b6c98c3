//! The Kv port over a Workers KV namespace.

use std::time::Duration;

use async_trait::async_trait;
use worker::{KvError, KvStore};

use crate::ports::{Kv, KvMetadata, KvValue, TierError};

/// KV does not expire anything sooner (docs/platform.md, "KV refuses short lifetimes").
const TTL_SECS_MIN: u64 = 60;

pub(super) struct WorkerKv(pub(super) KvStore);

#[async_trait(?Send)]
impl Kv for WorkerKv {
    async fn get(&self, key: &str) -> Result<Option<KvValue>, TierError> {
        let read = self.0.get(key).bytes_with_metadata::<serde_json::Value>();
        let (bytes, metadata) = read.await.map_err(|error| failure(&error))?;
        let Some(bytes) = bytes else { return Ok(None) };
        // Broken text is a broken value: empty, it will not decode, and is counted as corrupt.
        let text = String::from_utf8(bytes).unwrap_or_default();
        Ok(Some(KvValue { text, metadata: metadata.and_then(typed) }))
    }

    async fn put(
        &self,
        key: &str,
        text: &str,
        metadata: &KvMetadata,
        ttl: Duration,
    ) -> Result<(), TierError> {
        // Not `put`: it goes through a serializer of JavaScript values.
        let put = self.0.put_bytes(key, text.as_bytes()).map_err(|error| failure(&error))?;
        let put = put.expiration_ttl(ttl.as_secs().max(TTL_SECS_MIN));
        put.metadata(metadata)
            .map_err(|error| failure(&error))?
            .execute()
            .await
            .map_err(|error| failure(&error))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<(String, Option<KvMetadata>)>, TierError> {
        let listed = self
            .0
            .list()
            .prefix(prefix.to_owned())
            .execute()
            .await
            .map_err(|error| failure(&error))?;
        let keys = listed.keys.into_iter();
        Ok(keys.map(|key| (key.name, key.metadata.and_then(typed))).collect())
    }
}

fn typed(metadata: serde_json::Value) -> Option<KvMetadata> {
    serde_json::from_value(metadata).ok()
}

fn failure(error: &KvError) -> TierError {
    let text = error.to_string();
    if text.contains("429") { TierError::Limited } else { TierError::Unreachable }
}
