//! Ports over what `wrangler.toml` binds.

mod front;
mod kv;
mod rate_limit;

pub(super) use front::WorkerFront;
pub(super) use kv::WorkerKv;
pub(super) use rate_limit::WorkerRateLimit;
