//! Headers with a grammar or a policy of their own.

mod accept;
mod cache_control;
mod cache_status;
mod directives;
mod etag;
mod front;
mod last_modified;
mod link;
mod request_id;

pub(super) use accept::{preferred, prefers_html};
pub use cache_control::listing as cache_control;
pub(super) use cache_control::{MINUTES, NO_STORE, listing};
pub use cache_status::cache_status;
pub(super) use directives::directives;
pub(super) use etag::{etag, is_held};
pub(super) use front::front;
pub(super) use last_modified::{is_unmodified_since, last_modified};
pub(super) use link::link;
pub(super) use request_id::{REQUEST_ID, request_id};
