//! The cache's protocol, searched exhaustively (docs/model.md): all orders in which isolates, invalidators, the
//! backend and faults can take turns, within small bounds. The decisions are the production's; what Redis decides in
//! Lua is written here as plain functions, and shown to be the same.
#![expect(unreachable_pub, reason = "a test binary exports nothing")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::large_types_passed_by_value,
    clippy::struct_excessive_bools,
    clippy::print_stdout,
    reason = "a test's panic is its failure, and what it prints is its report"
)]

mod environment;
mod isolate;
mod liveness;
mod lua;
mod promises;
mod redis;
mod search;
mod state;
mod steps;
mod time;
mod told;

mod accepted;
mod holds;
mod rules;
