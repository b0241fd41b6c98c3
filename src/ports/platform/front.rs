//! The platform's HTTP cache in front of the Worker.

use async_trait::async_trait;

/// What the cache in front said to an invalidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrontReply {
    /// What it holds under these tags is stale from now on.
    Invalidated,
    /// There is no such cache, as wherever the Worker runs locally (docs/platform.md, "What is not simulated locally").
    Absent,
    /// It did not do it; with the platform's code for that, if it gave one.
    Refused(Option<u32>),
}

/// The cache in front. It is told of changes, and never asked for anything: what it holds does not come past the Worker.
#[async_trait(?Send)]
pub trait Front {
    /// Declares everything stale that was stored with one of these tags.
    async fn invalidate(&self, tags: &[&str]) -> FrontReply;
}
