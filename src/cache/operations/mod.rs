//! What cron and operators start.

mod invalidate;
mod metrics;
mod statistics;
mod warm;

pub(super) use invalidate::invalidate;
pub use invalidate::{Invalidated, InvalidationMode};
pub(super) use metrics::metrics;
pub use statistics::Statistics;
pub(super) use statistics::statistics;
pub(super) use warm::warm;
