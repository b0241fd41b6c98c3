//! Native tests of the whole cache, on a fake clock and fakes of the ports: no network, no server, no Node.
#![expect(unreachable_pub, reason = "a test binary exports nothing")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test's panic is its failure"
)]

mod support;

mod budgets;
mod catalogs;
mod degradation;
mod fake_redis;
mod faults;
mod golden;
mod planet;
// Apart from its module, which the bench has as well.
#[path = "planet/tests.rs"]
mod planet_tests;
mod policy;
mod provider;
mod publishing;
mod resilience;
mod retries;
mod service;
mod simulation;
mod structure;
mod supabase;
mod tidy;
mod upstash;
