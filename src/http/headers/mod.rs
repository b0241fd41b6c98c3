//! Headers with a grammar or a policy of their own.

mod accept;
mod cache_control;
mod cache_status;
mod etag;
mod link;

pub(super) use accept::prefers_html;
pub use cache_control::listing as cache_control;
pub(super) use cache_control::{MINUTES, NO_STORE, listing};
pub use cache_status::cache_status;
pub(super) use etag::{etag, is_held};
pub(super) use link::link;
