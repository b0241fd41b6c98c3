//! One call of one tier: permitted by its breaker, bounded by its deadline, its outcome recorded.

mod call;
mod colo;
mod derived;
mod found;
mod kv;
mod upstash;

pub(super) use call::{Deadline, kv, kv_write, redis, redis_within};
pub(super) use colo::{
    Heard, has_unleft, hear, hear_fresh, is_replaced, leave, life, note_published, note_raised,
    note_unleft, read_colo, read_published,
};
pub(super) use derived::{hear_derived, leave_derived};
pub(super) use found::Found;
pub(super) use kv::{raise_marker, read_kv, read_marker};
pub(super) use upstash::{check, hedge_delay, is_ours, observe, read_listing, read_upstash};
