//! That every promise is kept, in each environment, and that runs come to good ends there.
//!
//! `MODEL_STATES=12000000 cargo test --test model holds` searches so many states of each, and of wider worlds.

use std::env;

use crate::{
    environment::{Copies, Environment, Faults, Leases, Parts},
    search::search,
    state::Budget,
    steps::End,
};

/// Of each environment in a plain `cargo test`.
const STATES_MAX: usize = 500_000;
/// Half as many where there is a data center: most of those worlds are complete by then.
const WITH_COLO_MAX: usize = 250_000;

const LISTINGS: Parts =
    Parts { kv: false, listings: true, two_invalidators: false, colo: [false; 2] };
const KV: Parts = Parts { kv: true, listings: false, two_invalidators: true, colo: [false; 2] };
const ALL: Parts = Parts { kv: true, listings: true, two_invalidators: false, colo: [false; 2] };
/// Both isolates in one data center.
const COLO: Parts = Parts { kv: false, listings: false, two_invalidators: false, colo: [true; 2] };
const COLO_OF_ONE: Parts = Parts { colo: [true, false], ..COLO };
const COLO_AND_KV: Parts = Parts { kv: true, ..COLO };
const NONE: Faults = Faults {
    lost_replies: false,
    deaths: false,
    copies: Copies::None,
    kv_lags: false,
    eviction: false,
    flush: false,
    failover: false,
    restore: false,
    leases: Leases::Expire,
    fast_isolate: false,
    fast_redis: false,
    clock_goes_back: false,
    unleased: false,
    colo_forgets: false,
    colo_lags: false,
};

/// Searches a world, and asks for the good ends that it has.
fn holds(name: &'static str, faults: Faults, parts: Parts, change: impl Fn(&mut Budget)) {
    let given = env::var("MODEL_STATES").ok();
    let has_colo = parts.colo != [false; 2];
    let plain = if has_colo { WITH_COLO_MAX } else { STATES_MAX };
    let states_max = given.as_ref().map_or(plain, |text| text.parse().expect("a number"));
    let environment = Environment::new(name).with(faults).parts(parts).left(change);
    let environment = environment.left(|left| {
        left.deaths = u8::from(faults.deaths);
        left.lost = u8::from(faults.lost_replies);
        if given.is_some() {
            (left.loads, left.hard, left.losses) = (left.loads + 1, left.hard + 1, left.losses + 1);
        }
    });
    let report = search(&environment, states_max);
    println!("{report}");
    if let Some(run) = report.counterexample {
        panic!("{name}: {run}");
    }
    let has = |end: &End| match end {
        End::Published | End::Cleared | End::Revalidated => true,
        End::Renewed => parts.listings,
        End::Derived => environment.left.derived > 0,
        End::Marked => parts.kv,
        End::TakenOver => faults.leases == Leases::Endless,
        End::BackendsListing => environment.left.listings > 0,
        End::Answered => environment.has_colo(),
        End::FoundNear => parts.colo == [true; 2],
    };
    let expected: Vec<End> = End::ALL.into_iter().filter(has).collect();
    let missed: Vec<&End> = expected.iter().filter(|end| !report.ends.contains(end)).collect();
    assert!(missed.is_empty(), "{name} never comes to {missed:?}");
}

/// A test for each environment: what goes wrong there, who takes part, and how often what may happen.
macro_rules! hold {
    ($($name:ident: $faults:expr, $parts:expr, { $($left:ident: $count:expr),* };)+) => {
        $(
            #[test]
            fn $name() {
                let change = |left: &mut Budget| { $(left.$left = $count;)* };
                holds(stringify!($name), $faults, $parts, change);
            }
        )+
    };
}

hold! {
    calm: NONE, LISTINGS, { derived: 1, listings: 1, ticks: 1 };
    calm_for_long: NONE, LISTINGS, { hard: 1, soft: 1, derived: 1, ticks: 2 };
    kv: NONE, ALL, { loads: 1, derived: 1 };
    kv_with_two_clears: NONE, KV, { hard: 2, loads: 1 };
    kv_lags: Faults { kv_lags: true, ..NONE }, KV, { soft: 1, loads: 1 };
    replies_are_lost: Faults { lost_replies: true, ..NONE }, LISTINGS, { derived: 1, hard: 2 };
    replies_and_isolates_are_lost:
        Faults { lost_replies: true, deaths: true, ..NONE }, LISTINGS, { derived: 1 };
    copies_are_behind:
        Faults { copies: Copies::Whole, ..NONE }, LISTINGS, { derived: 1, listings: 1 };
    copies_are_torn:
        Faults { copies: Copies::Torn, ..NONE }, LISTINGS, { derived: 1, listings: 1, loads: 1 };
    copies_are_torn_and_kv_lags:
        Faults { copies: Copies::Torn, kv_lags: true, ..NONE }, KV, { soft: 1, loads: 1 };
    keys_are_evicted: Faults { eviction: true, ..NONE }, LISTINGS, { derived: 1, losses: 2, loads: 1 };
    redis_is_flushed: Faults { flush: true, ..NONE }, LISTINGS, { derived: 1, losses: 1 };
    redis_is_flushed_and_kv_lags:
        Faults { flush: true, kv_lags: true, ..NONE }, KV, { soft: 1, losses: 1, loads: 1 };
    redis_fails_over: Faults { failover: true, ..NONE }, LISTINGS, { derived: 1, losses: 1 };
    redis_fails_over_and_copies_are_behind:
        Faults { failover: true, copies: Copies::Whole, ..NONE }, LISTINGS, { derived: 1, losses: 1 };
    a_dump_is_restored: Faults { restore: true, ..NONE }, LISTINGS, { derived: 1, losses: 1 };
    a_dump_is_restored_beside_kv:
        Faults { restore: true, ..NONE }, KV, { soft: 1, losses: 1, loads: 1 };
    leases_expire_early:
        Faults { leases: Leases::ExpireEarly, ..NONE }, LISTINGS, { derived: 1, soft: 1 };
    leases_never_expire:
        Faults { leases: Leases::Endless, ..NONE }, LISTINGS, { derived: 1, soft: 1, losses: 1 };
    an_isolates_clock_is_fast:
        Faults { fast_isolate: true, ..NONE }, LISTINGS, { derived: 1, listings: 1, ticks: 1 };
    the_clock_of_redis_is_fast:
        Faults { fast_redis: true, ..NONE }, LISTINGS, { derived: 1, listings: 1, ticks: 1 };
    loads_go_without_the_lease: Faults { unleased: true, ..NONE }, LISTINGS, { derived: 1, soft: 1 };
    loads_go_without_the_lease_and_kv_lags:
        Faults { unleased: true, kv_lags: true, ..NONE }, KV, { soft: 1, loads: 1 };
    a_data_center: NONE, COLO, { loads: 1, spells: 1 };
    a_data_center_of_one: NONE, COLO_OF_ONE, { loads: 1, spells: 1 };
    a_data_center_for_long: NONE, COLO, { soft: 1, spells: 2, ticks: 1 };
    a_data_center_is_behind: Faults { colo_lags: true, ..NONE }, COLO, { loads: 1 };
    a_data_center_forgets: Faults { colo_forgets: true, ..NONE }, COLO, { loads: 1 };
    a_data_center_and_copies_are_behind: Faults { copies: Copies::Whole, ..NONE }, COLO, { loads: 1 };
    a_data_center_and_copies_are_torn: Faults { copies: Copies::Torn, ..NONE }, COLO, { loads: 1 };
    a_data_center_outlives_a_flush: Faults { flush: true, ..NONE }, COLO, { loads: 1, losses: 1 };
    a_data_center_outlives_a_failover: Faults { failover: true, ..NONE }, COLO, { loads: 1, losses: 1 };
    a_data_center_outlives_a_restore: Faults { restore: true, ..NONE }, COLO, { loads: 1, losses: 1 };
    a_data_center_outlives_keys: Faults { eviction: true, ..NONE }, COLO, { loads: 1, losses: 1 };
    a_data_center_and_clocks: Faults { fast_isolate: true, ..NONE }, COLO, { loads: 1, spells: 1 };
    a_data_center_without_the_lease: Faults { unleased: true, ..NONE }, COLO, { loads: 1, spells: 1 };
    a_data_center_and_replies_are_lost: Faults { lost_replies: true, ..NONE }, COLO, { loads: 1 };
    a_data_center_and_isolates_are_lost: Faults { deaths: true, ..NONE }, COLO, { loads: 1 };
    a_data_center_and_all_that_is_behind:
        Faults { copies: Copies::Torn, colo_lags: true, colo_forgets: true, kv_lags: true, ..NONE },
        COLO_AND_KV, { soft: 1, loads: 1, spells: 1 };
    a_data_center_beside_kv: Faults { kv_lags: true, ..NONE }, COLO_AND_KV, { loads: 1 };
}
