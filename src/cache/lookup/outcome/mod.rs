//! What a lookup comes to: an answer, what the tiers reported on the way, and both as a row of a table.

mod answer;
mod point;
mod trace;
mod walked;

pub use answer::{Answer, Outcome, Served};
pub(super) use point::point;
pub use trace::{ForwardReason, TierReport, Trace};
pub use walked::{Standing, Walked};
