//! Giving others what was read: Redis through guarded scripts, KV where its copies grew old.

mod derived;
mod derived_near;
mod full;
mod kv_copies;
mod publication;
#[expect(clippy::module_inception, reason = "the verb of this room")]
mod publish;
mod refusal;

pub(super) use derived::{is_wanted, publish_derived};
pub(super) use full::{full_is_due, publish_full};
pub(super) use publication::PublishOutcome;
pub(super) use publish::{Wanted, give_back, publish};
pub(super) use refusal::{note as note_refusal, note_passed as note_write_passed};
