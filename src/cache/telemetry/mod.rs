//! What is counted, logged and reported: data only.

mod counters;
mod events;
mod reasons;
mod reports;

pub use counters::Counter;
pub(super) use counters::Counters;
pub(super) use events::{Event, write};
pub use reasons::{Failure, Reason};
pub use reports::{Probed, Published, Readiness, WarmReport, WarmedView};
