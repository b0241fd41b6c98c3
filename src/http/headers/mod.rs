//! Headers with a grammar or a policy of their own.

mod cache_control;
mod cache_status;

pub(super) use cache_control::{MINUTES, NO_STORE, listing};
pub use cache_status::cache_status;
