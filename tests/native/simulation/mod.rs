//! Seeded simulation: several isolates, each with memory and a clock of its own, over one Redis, KV and origin; requests for
//! listings, providers' catalogs, walks and changes, invalidations, cron runs, backend writes, faults, deaths, disconnects and changes in random order; and what is promised of
//! what is served, of what it costs and of how long it takes.
//!
//! `SIMULATION_SCHEDULES=100000 cargo test simulation` runs as many as wanted, `SIMULATION_FIRST=10000` begins with another one,
//! `SIMULATION_FAILURES=10` goes on until so many have failed, `SIMULATION_SEED=42` replays one.

mod breaking;
mod catalogs;
mod cost;
mod history;
mod liveness;
mod safety;
mod schedule;

use std::env;

use schedule::Schedule;

const SCHEDULES: u64 = 10_000;
/// So many more run in data centers whose isolates share a cache.
const NEAR_SCHEDULES: u64 = 4_000;
const STEPS: usize = 60;

fn run(seed: u64, is_near: bool) {
    let mut schedule = Schedule::new(seed, is_near);
    for _ in 0..STEPS {
        schedule.step();
    }
    schedule.recover();
    schedule.check_costs();
    schedule.sim.end();
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a whole number"))
}

#[test]
fn promises_hold_in_every_schedule() {
    run_all(SCHEDULES, false);
}

#[test]
fn promises_hold_where_isolates_share_what_their_data_center_has() {
    run_all(NEAR_SCHEDULES, true);
}

fn run_all(schedules: u64, is_near: bool) {
    if let Some(seed) = number("SIMULATION_SEED") {
        return run(seed, is_near);
    }
    let first = number("SIMULATION_FIRST").unwrap_or(0);
    let (most, mut failed) = (number("SIMULATION_FAILURES").unwrap_or(1), Vec::new());
    for seed in first..first + number("SIMULATION_SCHEDULES").unwrap_or(schedules) {
        if std::panic::catch_unwind(|| run(seed, is_near)).is_err() {
            failed.push(seed);
        }
        if failed.len() as u64 >= most {
            break;
        }
    }
    assert!(failed.is_empty(), "replay with: SIMULATION_SEED={} cargo test simulation", failed[0]);
}
