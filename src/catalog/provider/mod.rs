//! The catalogs of providers: each provider with its own models, and the registry of who they are.

mod slug;
pub use slug::Slug;

mod capabilities;
pub use capabilities::Capabilities;

mod facets;
pub use facets::Facets;

mod shape;
pub use shape::records;

mod entry;
mod price;
mod rows;

mod changes;
pub use changes::changes_between;

mod assembly;
pub use assembly::{Assembled, Assembly};

pub mod registry;
pub use registry::{Registry, RegistryEntry};

pub mod served;
