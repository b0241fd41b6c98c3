//! A KV namespace: values with metadata beside them.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{tier::TierError, time::Timestamp};

/// What stands beside a value in KV (docs/design.md, "Keys and values").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KvMetadata {
    /// The version of the value's format; what has another one is a miss.
    pub v: u32,
    /// When the origin was read.
    pub at: Timestamp,
    /// The epoch that the origin was read under; none when Redis could not be asked.
    pub epoch: Option<u64>,
    /// The number of models.
    pub n: usize,
    /// 52 bits of the text's XXH3, which tell whether the content changed (docs/platform.md, "Numbers of JavaScript are exact
    /// up to 53 bits").
    pub hash: u64,
}

/// A value in KV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvValue {
    /// The text.
    pub text: String,
    /// The metadata; none when it is missing or has another form.
    pub metadata: Option<KvMetadata>,
}

/// A KV namespace. What it gives may be a minute old (docs/platform.md, "KV is eventually consistent").
#[async_trait(?Send)]
pub trait Kv {
    /// Reads a value with its metadata; none when there is no such key.
    async fn get(&self, key: &str) -> Result<Option<KvValue>, TierError>;
    /// Writes a value with its metadata. It lasts for `ttl`, but at least for a minute (docs/platform.md, "KV refuses short
    /// lifetimes").
    async fn put(
        &self,
        key: &str,
        text: &str,
        metadata: &KvMetadata,
        ttl: Duration,
    ) -> Result<(), TierError>;
    /// The keys with a prefix and their metadata, without the values: one operation instead of a read for each.
    async fn list(&self, prefix: &str) -> Result<Vec<(String, Option<KvMetadata>)>, TierError>;
}
