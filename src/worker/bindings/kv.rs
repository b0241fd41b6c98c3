//! The Kv port over a Workers KV namespace.

use std::time::Duration;

use async_trait::async_trait;
use js_sys::ArrayBuffer;
use wasm_bindgen::JsValue;
use worker::{KvError, KvStore, kv::ToRawKvValue};

use crate::{
    ports::{Kv, TierError},
    worker::fetch::{joined, let_go},
};

/// KV does not expire anything sooner (docs/platform.md, "KV refuses short lifetimes").
const TTL_SECS_MIN: u64 = 60;
/// What was read before is given for so long at the most, the least that KV allows: it tells of invalidations and of the mode.
const CACHE_TTL_SECS: u64 = 30;

pub(crate) struct WorkerKv(pub(crate) KvStore);

#[async_trait(?Send)]
impl Kv for WorkerKv {
    async fn get(&self, key: &str) -> Result<Option<String>, TierError> {
        let bytes = self
            .0
            .get(key)
            .cache_ttl(CACHE_TTL_SECS)
            .bytes()
            .await
            .map_err(|error| failure(&error))?;
        // Broken text is a broken value: empty, it will not decode, and is counted as corrupt.
        Ok(bytes.map(|bytes| String::from_utf8(bytes).unwrap_or_default()))
    }

    async fn put(
        &self,
        key: &str,
        pieces: &[&str],
        metadata: &str,
        ttl: Option<Duration>,
    ) -> Result<(), TierError> {
        let bytes = joined(pieces).buffer();
        let put = self.0.put(key, Bytes(bytes.clone())).map_err(|error| failure(&error))?;
        let put = match ttl {
            Some(ttl) => put.expiration_ttl(ttl.as_secs().max(TTL_SECS_MIN)),
            None => put,
        };
        let metadata: serde_json::Value =
            serde_json::from_str(metadata).map_err(|_| TierError::Malformed)?;
        let put = put.metadata(metadata).map_err(|error| failure(&error))?;
        let done = put.execute().await;
        let_go(&bytes);
        done.map_err(|error| failure(&error))
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

/// A value as it is: text would go through a serializer of JavaScript values.
struct Bytes(ArrayBuffer);

impl ToRawKvValue for Bytes {
    fn raw_kv_value(&self) -> Result<JsValue, KvError> {
        Ok(self.0.clone().into())
    }
}

fn failure(error: &KvError) -> TierError {
    let text = error.to_string();
    if text.contains("429") { TierError::Limited } else { TierError::Unreachable }
}
