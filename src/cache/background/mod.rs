//! What is done behind a response. Nothing here can fail a response any more.

mod check;
mod flush;
mod follow_up;
mod front;
mod mode;
mod refresh;

pub(super) use check::{check_or_wait, has_idled, is_due, revalidate, trust};
pub use flush::FLUSH_EVERY;
pub(super) use flush::{flush_after_others, flush_is_due, named};
pub use follow_up::FollowUp;
pub(super) use follow_up::run;
pub(super) use front::{front_is_due, note_changed, tell_front};
pub use mode::ModeError;
pub(super) use mode::{mode_is_due, mode_is_unknown, read_mode, read_mode_if_due, set_mode};
