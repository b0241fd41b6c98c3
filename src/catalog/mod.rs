//! What a catalog is: sources and their snapshots, views and their listings, keys and pages. No I/O, no time, no async.

mod page;
pub use page::Page;

mod malformed;
pub use malformed::Malformed;

mod text;
pub use text::Text;

mod json_array;
pub use json_array::JsonArray;

mod unique;
pub use unique::{
    Assembly, Capability, ChangeSet, Changes, Cheapest, Count, FacetCounts, Fields, Filter, Index,
    MODEL_ALWAYS, ModelRelation, OFFER_ALWAYS, Order, Price, PriceFallback, Provider,
    ProviderRelation, ProviderRow, Scope, Selection, SortBy, ToldChanges, WARM, python_float,
};

pub mod provider;
pub use provider::Slug;

#[cfg(test)]
mod toy;

mod source;
pub use source::{Extent, Parameters, Source, View};

mod snapshot;
pub use snapshot::Snapshot;

mod listing;
mod packed;
pub use listing::{Entries, Listing};

mod keys;
pub use keys::{KeySpace, Resource};
