//! What was published before: the journal of what changed.

mod journal;

pub(super) use journal::journal;
