//! What is counted, logged and reported: data only.

mod labels;

mod reasons;

mod counters;
mod events;
mod metrics;
mod operation;
mod reports;

pub use counters::Counter;
pub(super) use counters::Counters;
pub(super) use events::{Event, write};
pub(super) use labels::{
    CallOutcome, Cause, KvOperation, LoadTime, Lookup, PublicationKind, WarmOutcome,
};
pub use labels::{Label, RouteName, Status, WebhookOutcome};
pub use metrics::{Family, Kind, Sample};
pub(super) use metrics::{families, thousandths};
pub(super) use operation::{OPERATIONS_MAX, Operation, WarmCause};
pub use reasons::{Failure, Reason};
pub use reports::{
    Probed, ProvidersReport, Published, Readiness, WarmReport, WarmedProvider, WarmedView,
};
