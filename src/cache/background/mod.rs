//! What is done behind a response. Nothing here can fail a response any more.

mod flush;
mod follow_up;
mod refresh;
mod revalidate;

pub(super) use flush::{flush, flush_after_others, flush_is_due};
pub use follow_up::FollowUp;
pub(super) use follow_up::run;
pub(super) use revalidate::{has_idled, revalidate_or_wait};
