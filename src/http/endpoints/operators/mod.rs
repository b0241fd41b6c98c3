//! What operators do and see.

pub(in crate::http) mod clear;
pub(in crate::http) mod explain;
pub(in crate::http) mod mode;
mod named;
pub(in crate::http) mod statistics;
pub(in crate::http) mod warm;
mod why;
