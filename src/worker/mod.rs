//! Everything that only a Worker has: events, fetch, KV, clock, env. No logic: what needs a decision is elsewhere,
//! where a native test can reach it.

mod clock;
mod env;
mod entry;
mod fetch;
mod kv;
mod log;
