//! One snapshot for everyone: loaded under a lease, judged, published.

pub(super) mod integrity;
mod lead;
mod load;
mod origin;
mod outcome;
mod patience;
mod settle;

pub(super) use load::load;
pub(super) use origin::read_origin;
pub use outcome::Unavailable;
pub(super) use outcome::{LoadOutcome, LoadRequest, LoadSettlement};
pub(super) use settle::{compare_with_published, publish_again, settle, settle_compared};
