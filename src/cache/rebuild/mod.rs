//! One snapshot for everyone: loaded under a lease, judged, published.

pub(super) mod integrity;
mod kv_copies;
mod lead;
mod load;
mod origin;
mod outcome;
mod publication;
mod publish;
mod settle;

pub(super) use load::load;
pub(super) use origin::read_origin;
pub use outcome::Unavailable;
pub(super) use outcome::{LoadOutcome, LoadRequest, LoadSettlement};
pub use publication::Publication;
pub(super) use publication::{PublishOutcome, fits_redis};
pub(super) use publish::publish;
pub(super) use settle::settle;
