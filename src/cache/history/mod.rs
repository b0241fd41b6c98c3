//! What was published before: the journal of what changed, and versions that clients walk.

mod journal;
mod walk;

pub(super) use journal::journal;
pub use walk::Lost;
pub(super) use walk::{earlier, pin};
