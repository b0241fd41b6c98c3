//! The `RateLimit` port over the platform's rate-limiting binding.

use async_trait::async_trait;
use worker::RateLimiter;

use crate::ports::RateLimit;

pub(crate) struct WorkerRateLimit(pub(crate) RateLimiter);

#[async_trait(?Send)]
impl RateLimit for WorkerRateLimit {
    async fn admit(&self, key: &str) -> Option<bool> {
        self.0.limit(key.to_owned()).await.ok().map(|outcome| outcome.success)
    }
}
