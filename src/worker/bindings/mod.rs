//! Ports over what `wrangler.toml` binds.

mod kv;
mod rate_limit;

pub(super) use kv::WorkerKv;
pub(super) use rate_limit::WorkerRateLimit;
