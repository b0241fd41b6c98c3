//! A KV namespace: values with metadata beside them.

use std::time::Duration;

use async_trait::async_trait;

use super::tier::TierError;

/// A KV namespace. What it gives may be a minute old (docs/platform.md, "KV is eventually consistent").
#[async_trait(?Send)]
pub trait Kv {
    /// Reads a value; none when there is no such key.
    async fn get(&self, key: &str) -> Result<Option<String>, TierError>;
    /// Writes a value, which is put together of `pieces` since it can be as large as the catalog, with its metadata, a JSON
    /// object. It lasts for `ttl`, but at least for a minute (docs/platform.md, "KV
    /// refuses short lifetimes"); for ever without one.
    async fn put(
        &self,
        key: &str,
        pieces: &[&str],
        metadata: &str,
        ttl: Option<Duration>,
    ) -> Result<(), TierError>;
    /// The keys with a prefix and their metadata as JSON, without the values: one operation instead of a read for each.
    async fn list(&self, prefix: &str) -> Result<Vec<(String, Option<String>)>, TierError>;
}
