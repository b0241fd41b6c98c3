//! What cron and operators start.

mod changes;
mod history;
mod invalidate;
mod metrics;
mod providers;
mod readiness;
mod rebuild;
mod statistics;
mod warm;
mod withdraw;

pub use changes::ChangeOutcome;
pub(super) use changes::hear_of_change;
pub(super) use invalidate::invalidate;
pub use invalidate::{Invalidated, InvalidationMode};
pub(super) use metrics::metrics;
pub(super) use readiness::readiness;
pub use statistics::Statistics;
pub(super) use statistics::statistics;
pub(super) use warm::{warm, warm_named};
pub use withdraw::Withdrawal;
pub(super) use withdraw::{forgive, withdraw};
