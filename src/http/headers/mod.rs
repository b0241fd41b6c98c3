//! Headers with a grammar or a policy of their own.

mod cache_control;
mod cache_status;

pub(super) use cache_control::{LISTING, MINUTES, NO_STORE};
pub use cache_status::cache_status;
