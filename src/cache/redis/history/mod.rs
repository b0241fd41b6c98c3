//! What Redis has of earlier versions: the journal of what changed, and snapshots that were replaced a moment ago.

mod journal;
mod kept;

pub use journal::{ReadJournal, Succession, read_journal};
pub use kept::read_kept;
