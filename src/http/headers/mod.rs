//! Headers with a grammar of their own.

mod cache_status;

pub use cache_status::cache_status;
