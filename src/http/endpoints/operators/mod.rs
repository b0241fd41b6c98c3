//! What operators do and see.

pub(in crate::http) mod clear;
mod named;
pub(in crate::http) mod statistics;
pub(in crate::http) mod warm;
