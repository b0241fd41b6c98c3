//! One file a resource: what a route answers once it was found.

mod admin;
pub(super) mod unique;
