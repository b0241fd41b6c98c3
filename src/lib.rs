//! The model catalog at the edge. Modules stand in reading order, and imports point to earlier ones only (docs/design.md,
//! "Layers").

pub mod catalog;

pub mod ports;

pub mod config;

pub mod cache;

pub mod upstash;

pub mod supabase;

pub mod http;

pub mod app;

#[cfg(target_arch = "wasm32")]
mod worker;

// The fakes of tests/native name this crate from outside; the toy kind's test, which only this build has, uses them too.
#[cfg(test)]
extern crate self as model_catalog_edge;

#[cfg(test)]
#[path = "../tests/native/support/mod.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "fakes that the native tests share; a test's panic is its failure"
)]
mod support;
