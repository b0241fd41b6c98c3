//! The routes over the catalogs of providers (docs/api.md, "Provider catalogs").

mod asked;
mod developer;
mod gateways;
mod list;
mod lookups;
mod model;
mod providers;
mod search;
mod standing;

mod get;

pub(crate) use asked::Asked;
pub(crate) use get::get;
