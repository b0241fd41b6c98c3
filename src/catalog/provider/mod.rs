//! The catalogs of providers: what each offers, as its own list.

mod slug;
pub use slug::Slug;
