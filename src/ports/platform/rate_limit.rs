//! How often something may be asked.

use async_trait::async_trait;

/// Counts requests by a key, and says when they are too many. The limit itself is the platform's configuration.
#[async_trait(?Send)]
pub trait RateLimit {
    /// Counts one request under a key; whether it is within the limit. None where nothing can tell.
    async fn admit(&self, key: &str) -> Option<bool>;
}
