//! What is asked of the unique catalog beyond its order: an index of its offers, read of a snapshot's text when it is first asked for,
//! and what filters, counts, relations and sparse records make of it.

mod scanner;

mod fields;
pub use fields::{Fields, MODEL_ALWAYS, OFFER_ALWAYS};

mod strings;

mod facts;
pub(in crate::catalog) use facts::LazyIndex;
pub use facts::{Capability, Index};

mod filter;
pub use filter::Filter;

mod counts;
pub use counts::{Count, FacetCounts};

mod nearest;

mod relations;
pub use relations::{Cheapest, ModelRelation, Provider, ProviderRelation};
