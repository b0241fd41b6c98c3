//! One call of one tier: permitted by its breaker, bounded by its deadline, its outcome recorded.

mod call;
mod found;
mod kv;
mod upstash;

pub(super) use call::{Deadline, kv, redis, redis_within};
pub(super) use found::Found;
pub(super) use kv::{KV_FORMAT, read_kv};
pub(super) use upstash::{hedge_delay, made_at, read_upstash};
