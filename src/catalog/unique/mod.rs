//! The unique catalog: each model once, with every provider that offers it, its prices and health.

mod selection;
pub use selection::{Order, Scope, Selection, SortBy, WARM};

mod price;
pub(super) use price::python_repr;
pub use price::{Price, PriceFallback, python_float};

mod shape;
pub(super) use shape::{Object, present, records};

mod rows;
pub use rows::ProviderRow;

mod model;
mod offer;

mod assembly;
pub(super) use assembly::Assembled;
pub use assembly::Assembly;

mod facets;
pub(super) use facets::{Facets, unpack_u32s};

mod index;
pub(super) use index::LazyIndex;
pub use index::{
    Capability, Cheapest, Count, FacetCounts, Fields, Filter, Index, MODEL_ALWAYS, ModelRelation,
    OFFER_ALWAYS, Provider, ProviderRelation,
};

mod changes;
pub use changes::{ChangeSet, Changes, ToldChanges};
