//! What a route answers once it was found: one file a resource.

pub(super) mod about;
pub(super) mod clear;
pub(super) mod metrics;
pub(super) mod statistics;
pub(super) mod unique;
pub(super) mod warm;
