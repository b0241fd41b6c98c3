//! One call of one tier: permitted by its breaker, bounded by its deadline, its outcome recorded.

mod call;
mod colo;
mod found;
mod kv;
mod observe;
mod published;
mod upstash;

pub(super) use call::{Deadline, kv, kv_write, redis, redis_within};
pub(super) use colo::{
    Heard, NEAR, has_unleft, hear, is_near, leave, life, note_published, note_raised, note_silence,
    note_unleft, read_colo,
};
pub(super) use found::Found;
pub(super) use kv::{raise_marker, read_kv, read_marker};
pub(super) use observe::{is_ours, observe};
pub(super) use published::read_published;
pub(super) use upstash::{check, check_and_count, hedge_delay, read_listing, read_upstash};
