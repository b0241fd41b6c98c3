//! The cache that all isolates of one data center share.

use std::time::Duration;

use async_trait::async_trait;

use super::tier::TierError;

/// One data center's cache. It may forget, give what was replaced, or be none at all: a deployment without a domain of its own
/// stores nothing and says nothing (docs/platform.md, "The Cache API is one data center's").
#[async_trait(?Send)]
pub trait Colo {
    /// Reads what was left under a name; none when there is none, or no longer.
    async fn get(&self, name: &str) -> Result<Option<String>, TierError>;
    /// Leaves a value for others, for as long as `ttl`.
    async fn put(&self, name: &str, value: &str, ttl: Duration) -> Result<(), TierError>;
}
