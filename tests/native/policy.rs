//! The policy's rules one by one: freshness, memory's checks, invalidation, modes, statistics.

use std::{rc::Rc, time::Duration};

use model_catalog_edge::{
    cache::{Counter, InvalidationMode, Served, WarmReport, protocol::Version},
    catalog::{Order, Resource, Scope, Selection, SortBy, WARM},
    config::Mode,
    ports::Timestamp,
};

use crate::support::{
    catalog::{listing, snapshot, version},
    isolate::{ACTIVE, Isolate, World},
    redis::Fault,
};

const LISTING: Selection = WARM[0];
const CUSTOM: Selection = Selection {
    scope: Scope::Active,
    min_providers: Some(4),
    sort: SortBy::Name,
    order: Order::Asc,
};

pub fn warm(isolate: &Isolate, force: bool) -> WarmReport {
    let cache = isolate.cache.clone();
    isolate.sim.block_on(async move { cache.warm(force).await })
}

pub fn invalidate(isolate: &Isolate, mode: InvalidationMode) -> u64 {
    let cache = isolate.cache.clone();
    isolate.sim.block_on(async move { cache.invalidate(mode).await.unwrap().epoch })
}

pub fn lines(isolate: &Isolate, event: &str) -> Vec<String> {
    let wanted = format!("\"event\":\"{event}\"");
    let lines = isolate.log.0.borrow();
    lines.iter().filter(|line| line.contains(&wanted)).cloned().collect()
}

#[test]
fn a_custom_combination_is_derived_without_the_origin_and_shared() {
    let world = World::new(1);
    warm(&world.isolate(1), false);
    let isolate = world.isolate(2);
    let answer = isolate.get(CUSTOM).0.unwrap();
    assert_eq!((answer.served, answer.listing.len()), (Served::Hit, 4));
    isolate.settle();
    assert_eq!(world.origin.loads.borrow().len(), 1);
    assert!(
        world.redis.get(&world.keys.listing(&CUSTOM.into())).is_some(),
        "published for the others"
    );
}

#[test]
fn a_soft_invalidation_serves_at_once_and_refreshes_behind() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    world.origin.change();
    let before = invalidate(&isolate, InvalidationMode::Soft);
    let (answer, took) = isolate.get(LISTING);
    let answer = answer.unwrap();
    assert_eq!((answer.served, version(&answer.listing)), (Served::Stale, Some(1)));
    assert!(took <= Duration::from_millis(5), "{took:?}");
    isolate.settle();
    assert!(
        world.redis.get(&world.keys.listing(&LISTING.into())).is_some(),
        "published by the refresh"
    );
    assert_eq!(
        world.redis.get(&world.keys.lease(Scope::Active.into())),
        None,
        "and its lease given back"
    );
    let answer = isolate.get(LISTING).0.unwrap();
    assert_eq!((answer.served, version(&answer.listing)), (Served::Hit, Some(2)));
    assert!(invalidate(&isolate, InvalidationMode::Soft) > before);
}

#[test]
fn a_hard_invalidation_asks_the_origin_and_falls_back_only_when_it_fails() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    warm(&isolate, false);
    world.origin.change();
    invalidate(&isolate, InvalidationMode::Hard);
    assert_eq!(world.redis.get(&world.keys.listing(&LISTING.into())), None);
    world.origin.fault.set(Fault::Error);
    let answer = isolate.get(LISTING).0.unwrap();
    assert_eq!((answer.served, version(&answer.listing)), (Served::Stale, Some(1)), "from KV");
    world.origin.fault.set(Fault::None);
    world.sim.run_for(Duration::from_secs(3));
    let answer = isolate.get(Selection { order: Order::Asc, ..LISTING }).0.unwrap();
    assert_eq!(version(&answer.listing), Some(2));
}

#[test]
fn d43_an_invalidation_spares_what_is_no_cached_list() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    for key in
        ["t:models:catalog:epoch", "t:models:sync:in_progress", "other", "t:models:pricing:x"]
    {
        world.redis.set(key, "7", None);
    }
    world.redis.set(&world.keys.listing(&CUSTOM.into()), "[]", Some(Duration::from_secs(60)));
    invalidate(&isolate, InvalidationMode::Hard);
    let mut left = world.redis.keys();
    // Beside what was there: control, and that it was invalidated.
    left.retain(|key| *key != world.keys.operations());
    assert_eq!(left.len(), 5, "{left:?}");
    assert!(!left.contains(&world.keys.listing(&CUSTOM.into())));
}

#[test]
fn memory_is_extended_without_a_download_while_redis_agrees() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    for _ in 0..20 {
        world.sim.run_for(world.policy.memory_ttl);
        world.redis.calls.borrow_mut().clear();
        assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Hit);
        isolate.settle();
        let values = world.redis.calls.borrow();
        let counted = values.iter().flatten().filter(|call| *call != "EVAL");
        assert!(counted.eq(["MGET t:models:edge:control"]), "one command: {values:?}");
        drop(values);
        assert!(world.redis.counts.get().bytes_down < 50_000, "and no text of a catalog");
    }
}

#[test]
fn memory_gives_way_to_what_somebody_else_wrote() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    world.sim.run_for(Duration::from_secs(31));
    world.origin.version.set(9);
    warm(&world.isolate(2), false);
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    let answer = isolate.get(LISTING).0.unwrap();
    assert_eq!(version(&answer.listing), Some(9));
}

#[test]
fn one_check_at_a_time() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    world.sim.run_for(world.policy.memory_ttl);
    world.redis.calls.borrow_mut().clear();
    for _ in 0..50 {
        let isolate = isolate.clone();
        world.sim.spawn(1, async move { drop(isolate.ask(LISTING).await) });
    }
    world.sim.run_for(Duration::from_secs(2));
    let calls = world.redis.calls.borrow();
    let checks = calls.iter().filter(|call| call.iter().any(|word| word.starts_with("MGET")));
    assert_eq!(checks.count(), 1, "{calls:?}");
}

#[test]
fn age_is_true_for_what_the_backend_wrote() {
    let world = World::new(1);
    let key = world.keys.listing(&LISTING.into());
    world.redis.set(&key, &listing(1, 10, LISTING), Some(Duration::from_secs(1_234)));
    let answer = world.isolate(1).get(LISTING).0.unwrap();
    assert_eq!(answer.age.as_secs(), 1_800 - 1_234);
    let now = world.sim.now();
    assert!(now.since(answer.at) < Duration::from_secs(567), "{now:?} {:?}", Timestamp(now.0));
}

#[test]
fn a_slow_origin_is_not_waited_for_when_something_stale_is_there() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    world.sim.run_for(Duration::from_secs(5_000));
    world.origin.change();
    world.origin.latency_ms.set(4_000);
    let (answer, took) = isolate.get(LISTING);
    assert_eq!(answer.unwrap().served, Served::Stale);
    assert!(took <= Duration::from_millis(1_200), "{took:?}");
    world.sim.run_for(Duration::from_secs(6));
    let answer = isolate.get(LISTING).0.unwrap();
    assert_eq!(version(&answer.listing), Some(2), "the load went on behind the response");
    assert!(world.redis.get(&world.keys.listing(&LISTING.into())).is_some(), "and was published");
}

#[test]
fn a_client_that_disconnects_leaves_nothing_stuck() {
    let world = World::new(1);
    world.origin.latency_ms.set(3_000);
    let isolate = world.isolate(1);
    for _ in 0..20 {
        let gone = isolate.clone();
        world.sim.spawn(77, async move { drop(gone.ask(LISTING).await) });
    }
    world.sim.run_for(Duration::from_secs(1));
    world.sim.kill(77);
    // The leader's lease outlives it, in the isolate and in Redis, and then expires.
    world.sim.run_for(Duration::from_secs(11));
    assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Miss);
}

#[test]
fn read_only_never_writes_and_passthrough_asks_the_origin_alone() {
    let mut world = World::new(1);
    world.policy.mode = Mode::ReadOnly;
    let isolate = world.isolate(1);
    assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Miss);
    assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Hit);
    assert_eq!(
        warm(&isolate, false).error.map(|failure| failure.to_string()).as_deref(),
        Some("read-only")
    );
    world.sim.run_for(Duration::from_secs(40));
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    assert_eq!(world.redis.keys(), Vec::<String>::new());
    assert!(world.kv.calls.borrow().iter().all(|call| call.starts_with("get ")));

    world.policy.mode = Mode::Passthrough;
    let isolate = world.isolate(2);
    world.redis.calls.borrow_mut().clear();
    for expected in [2, 2, 3] {
        assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Miss);
        assert_eq!(world.origin.loads.borrow().len(), expected, "shared for a second");
        world.sim.run_for(Duration::from_millis(600));
    }
    isolate.settle();
    assert_eq!(world.redis.calls.borrow().len(), 0);
}

#[test]
fn counters_of_all_isolates_add_up() {
    let world = World::new(1);
    let isolates = [world.isolate(1), world.isolate(2)];
    for isolate in &isolates {
        for _ in 0..3 {
            isolate.get(LISTING).0.unwrap();
            isolate.settle();
        }
    }
    world.sim.run_for(Duration::from_secs(30));
    let cache = isolates[1].cache.clone();
    let first = isolates[0].cache.clone();
    let statistics = world.sim.block_on(async move {
        first.statistics().await;
        cache.statistics().await.0
    });
    assert_eq!(statistics["total_requests"], 6);
    assert_eq!(statistics["hits"], 5);
    assert_eq!(statistics["misses"], 1);
    assert_eq!(statistics["redis_available"], true);
    assert_eq!(statistics["isolate"]["total_requests"], 3);
    assert_eq!(statistics["isolate"]["breakers"]["upstash"], "closed");
    assert_eq!(statistics["isolate"]["variants"][0]["count"], 10);
}

#[test]
fn counters_that_could_not_be_flushed_are_not_lost() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    for second in 0..2_400 {
        world.redis.fault.set(if second < 1_000 { Fault::Error } else { Fault::None });
        isolate.get(LISTING).0.unwrap();
        world.sim.run_for(Duration::from_secs(1));
    }
    let other = world.isolate(2).cache.clone();
    let shared = world.sim.block_on(async move { other.statistics().await.0 });
    let requests = shared["total_requests"].as_u64().unwrap();
    assert!(
        (1_700..=2_400).contains(&requests),
        "{requests} of 2,400 requests, less what is not due yet"
    );
}

#[test]
fn counters_are_flushed_every_ten_minutes_in_the_request_of_a_check() {
    let mut world = World::new(1);
    world.policy.ttl = Duration::from_secs(7_200);
    let isolate = world.isolate(1);
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    world.redis.calls.borrow_mut().clear();
    for _ in 0..3_600 {
        isolate.get(LISTING).0.unwrap();
        world.sim.run_for(Duration::from_secs(1));
    }
    let calls = world.redis.calls.borrow();
    let is_flush = |call: &&Vec<String>| call.len() == 2 && call[0].starts_with("MGET");
    let flushes = calls.iter().filter(is_flush).count();
    assert!((5..=6).contains(&flushes), "{flushes} in an hour: {calls:?}");
    assert!(calls.iter().all(|call| call.len() == 1 || is_flush(&call)), "{calls:?}");
}

#[test]
fn a_fallback_does_not_keep_an_isolate_from_what_another_one_publishes() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    warm(&isolate, false);
    world.origin.change();
    invalidate(&isolate, InvalidationMode::Hard);
    world.origin.fault.set(Fault::Error);
    // Long enough for the back-off to grow well beyond a check of memory.
    for _ in 0..300 {
        assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Stale);
        world.sim.run_for(Duration::from_secs(1));
    }
    world.origin.fault.set(Fault::None);
    world.redis.data.borrow_mut().remove(&world.keys.backoff(Scope::Active.into()));
    assert_eq!(warm(&world.isolate(2), false).successful, 6);
    for _ in 0..31 {
        isolate.get(LISTING).0.unwrap();
        world.sim.run_for(Duration::from_secs(1));
    }
    assert_eq!(version(&isolate.get(LISTING).0.unwrap().listing), Some(2));
}

#[test]
fn a_memory_too_small_for_anything_makes_nobody_wait_in_line() {
    let mut world = World::new(1);
    world.policy.memory_max_bytes = 0;
    warm(&world.isolate(1), false);
    world.redis.fault.set(Fault::Slow(140));
    let isolate = world.isolate(2);
    let answered = Rc::new(std::cell::Cell::new(0));
    for _ in 0..50 {
        let (isolate, answered) = (isolate.clone(), Rc::clone(&answered));
        world.sim.spawn(2, async move {
            isolate.ask(LISTING).await.unwrap();
            answered.set(answered.get() + 1);
        });
    }
    world.sim.run_for(Duration::from_secs(1));
    assert_eq!(answered.get(), 50);
}

#[test]
fn what_memory_has_no_room_for_is_not_called_stored() {
    for (memory_max_bytes, stored) in [(1_000_000, true), (0, false)] {
        let mut world = World::new(1);
        warm(&world.isolate(1), false);
        world.policy.memory_max_bytes = memory_max_bytes;
        let (_, status, _) = world.isolate(2).get_traced(LISTING);
        assert_eq!(status.contains("; stored"), stored, "{status}");
    }
}

#[test]
fn a_value_in_kv_of_another_format_or_without_a_header_is_a_counted_miss() {
    for v in [None, Some(1), Some(3)] {
        let world = World::new(1);
        let catalog = snapshot(1, 10);
        let header = v.map(|v| Version { v, ..world.version(&catalog, Duration::ZERO, 0) });
        let header = header.map_or_else(String::new, |header| format!("{}\n", header.to_text()));
        let key = world.keys.resource(&Resource::Snapshot(ACTIVE));
        world.kv.set(&key, &format!("{header}{}", catalog.text()), None);
        let isolate = world.isolate(1);
        assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Miss);
        assert_eq!(isolate.cache.counted(Counter::Corrupt), 1);
    }
}
