//! One call of one tier: permitted by its breaker, bounded by its deadline, its outcome recorded.

mod call;
mod colo;
mod found;
mod kv;
mod leave;
mod near;
mod observe;
mod published;
mod told;
mod upstash;

pub(super) use call::{Deadline, kv, kv_write, redis, redis_within};
pub(super) use colo::{NEAR, READ, WRITE, get_near, is_near, life, note_silence, put_near};
pub(super) use found::Found;
pub(super) use kv::{raise_marker, read_kv, read_marker};
pub(super) use leave::{has_unleft, leave, note_published, note_raised, note_unleft};
pub(super) use near::{is_replaced, read_colo};
pub(super) use observe::{is_ours, observe};
pub(super) use published::{read_earlier, read_published};
pub(super) use told::{Heard, hear, hear_fresh};
pub(super) use upstash::{
    check, check_and_count, hedge_delay, read_listing, read_together, read_upstash,
};
