//! What a new snapshot changed against the one before it, model by model.

mod counts;
pub use counts::Changes;

mod difference;
mod patch;

mod set;
pub use set::{ChangeSet, ToldChanges};
