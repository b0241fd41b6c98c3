//! What a route answers once it was found: one file a resource.

pub(super) mod about;
pub(super) mod changes;
pub(super) mod health;
pub(super) mod metrics;
pub(super) mod models;
pub(super) mod operators;
pub(super) mod unique;
pub(super) mod webhook;
