//! What the protocol does not promise, and is known not to: the runs that show it. Who mends one of these deletes its
//! test.

use crate::{
    environment::{Copies, Environment, Faults, Parts},
    isolate::Broken,
    search::search,
};

const LISTINGS: Parts =
    Parts { kv: false, listings: true, two_invalidators: false, colo: [false; 2] };
const STATES_MAX: usize = 3_000_000;

fn breaks(environment: &Environment, broken: Broken, length: usize) {
    let report = search(environment, STATES_MAX);
    let Some(run) = &report.counterexample else { panic!("{report}") };
    println!("accepted: {run}");
    assert_eq!((run.broken, run.steps.len()), (broken, length), "{run}");
}

/// A listing without its version is dated by the longer of 1,800 s and the reader's own lifetime: one that was written
/// for longer looks newer than it is. All isolates of a deployment have the same lifetime but while it is changed.
#[test]
fn lifetimes_that_differ_above_the_backends() {
    let faults = Faults { copies: Copies::Whole, eviction: true, ..Faults::default() };
    let environment = Environment::new("two lifetimes").parts(LISTINGS).with(faults);
    let environment = environment.ttls([0, 1]).left(|left| left.losses = 1);
    breaks(&environment, Broken::ServedCleared, 7);
}

/// Up to the backend's lifetime they may differ: no listing looks newer than it is.
#[test]
fn lifetimes_that_differ_below_the_backends() {
    let faults = Faults { copies: Copies::Whole, eviction: true, ..Faults::default() };
    let environment = Environment::new("two lifetimes").parts(LISTINGS).with(faults);
    let environment = environment.ttls([0, 2]).left(|left| left.losses = 1);
    let report = search(&environment, 300_000);
    assert!(report.counterexample.is_none(), "{:?}", report.counterexample);
}

/// A copy that takes over has a clock of its own. Where that is behind by more than what happened since, an epoch that
/// was lost is given out again.
#[test]
fn the_clock_of_redis_goes_back() {
    let faults =
        Faults { failover: true, fast_redis: true, clock_goes_back: true, ..Faults::default() };
    let parts = Parts { two_invalidators: true, ..Parts::default() };
    let environment = Environment::new("a clock that goes back").parts(parts).with(faults);
    let environment = environment.left(|left| (left.soft, left.losses) = (1, 1));
    breaks(&environment, Broken::ServedCleared, 6);
}
