//! A KV namespace: values with metadata beside them.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{tier::TierError, time::Timestamp};

/// What stands beside a value in KV (DESIGN.md §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KvMetadata {
    /// The version of this format; another one is a miss.
    pub v: u32,
    /// When the origin was read.
    pub at: Timestamp,
    /// The epoch it was read under; none when Redis could not be asked.
    pub epoch: Option<u64>,
    /// The number of models.
    pub n: usize,
    /// XXH3 of the text, the 52 bits that a number of JavaScript can carry: whether the content changed.
    pub hash: u64,
}

/// A value in KV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvValue {
    /// The text.
    pub text: String,
    /// The metadata; none when it is missing or not of our form.
    pub metadata: Option<KvMetadata>,
}

/// A KV namespace.
#[async_trait(?Send)]
pub trait Kv {
    /// Reads a value.
    async fn get(&self, key: &str) -> Result<Option<KvValue>, TierError>;
    /// Writes a value that lasts for `ttl`.
    async fn put(
        &self,
        key: &str,
        text: &str,
        metadata: &KvMetadata,
        ttl: Duration,
    ) -> Result<(), TierError>;
    /// The keys with a prefix and their metadata: one operation instead of a read for each.
    async fn list(&self, prefix: &str) -> Result<Vec<(String, Option<KvMetadata>)>, TierError>;
}
