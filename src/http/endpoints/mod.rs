//! What a route answers once it was found: one file a resource.

pub(super) mod about;
pub(super) mod changes;
mod excerpts;
pub(super) mod health;
mod listed;
pub(super) mod metrics;
pub(super) mod models;
pub(super) mod operators;
pub(super) mod unique;
pub(super) mod webhook;

pub(super) use listed::Asked;
