//! The catalogs of providers: what each offers, as its own list.

mod slug;
pub use slug::Slug;

mod capabilities;

mod registry;
pub use registry::{Registry, RegistryEntry};

pub mod served;
