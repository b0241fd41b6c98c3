//! The same where isolates of a data center leave each other what they read: what is there is served whatever the others are like,
//! and what is not there, or comes too late, changes nothing but how long it takes.

use std::time::Duration;

use model_catalog_edge::cache::Served;

use super::{
    Cell, Corrupt, Error, Fine, Hung, IN_COLO, Miss, Seen, Slow, Stale, State, cells,
    check_cache_status, run, run_near,
};

/// What a data center's cache can be like.
pub(super) const COLO: [State; 6] = [Fine, Miss, Slow, Hung, Error, Corrupt];
/// How long a request waits for it before it asks Redis, and by how much calls differ.
pub(super) const NEAR: Duration = Duration::from_millis(60);

/// Memory answers alone unless it has nothing, or something too old.
pub(super) fn walks() -> impl Iterator<Item = Cell> {
    cells().filter(|cell| matches!(cell.memory, Stale | Miss))
}

#[test]
fn a_data_center_that_has_it_answers_whatever_the_others_are_like() {
    for cell in walks() {
        let seen = run_near(cell, Some(Fine));
        assert_eq!((seen.served, seen.version), (Some(Served::Hit), Some(IN_COLO)), "{cell:?}");
        assert!(seen.latency <= NEAR, "{cell:?}: {:?}", seen.latency);
        assert_eq!((seen.upstash_calls, seen.kv_reads, seen.loads), (0, 0, 0), "{cell:?}");
        check_cache_status(cell, &seen);
    }
}

#[test]
fn one_that_has_not_changes_nothing_but_the_time_it_takes() {
    for cell in walks() {
        let without = run(cell);
        for state in COLO.into_iter().filter(|state| *state != Fine) {
            let seen = run_near(cell, Some(state));
            let what = |seen: &Seen| (seen.served, seen.version);
            assert_eq!(what(&seen), what(&without), "{state:?} {cell:?}: {seen:?} {without:?}");
            let calls = |seen: &Seen| [seen.upstash_calls, seen.kv_reads, seen.loads];
            let is_more = calls(&seen).iter().zip(calls(&without)).any(|(now, then)| *now > then);
            assert!(!is_more, "{state:?} {cell:?}: {seen:?} {without:?}");
            assert!(seen.latency <= without.latency + NEAR, "{state:?} {cell:?}: {seen:?}");
            check_cache_status(cell, &seen);
        }
    }
}
