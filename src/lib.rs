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
