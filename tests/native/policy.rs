//! The policy's rules one by one: publishing, freshness, leases, invalidation, modes, statistics.

use std::{rc::Rc, time::Duration};

use model_catalog_edge::{
    cache::{Counter, InvalidationMode, Served, WarmReport},
    catalog::{Order, Resource, Scope, Selection, SortBy, WARM},
    config::Mode,
    ports::Timestamp,
};

use crate::support::{
    catalog::{snapshot, version},
    isolate::{Isolate, World},
    redis::Fault,
};

const LISTING: Selection = WARM[0];
const CUSTOM: Selection = Selection {
    scope: Scope::Active,
    min_providers: Some(4),
    sort: SortBy::Name,
    order: Order::Asc,
};

fn warm(isolate: &Isolate, force: bool) -> WarmReport {
    let cache = Rc::clone(&isolate.cache);
    isolate.sim.block_on(async move { cache.warm(force).await })
}

fn invalidate(isolate: &Isolate, mode: InvalidationMode) -> u64 {
    let cache = Rc::clone(&isolate.cache);
    isolate.sim.block_on(async move { cache.invalidate(mode).await.unwrap().epoch })
}

fn lines(isolate: &Isolate, event: &str) -> Vec<String> {
    let wanted = format!("\"event\":\"{event}\"");
    let lines = isolate.log.0.borrow();
    lines.iter().filter(|line| line.contains(&wanted)).cloned().collect()
}

#[test]
fn a_warm_run_publishes_seven_keys_from_one_load() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    let report = warm(&isolate, false);
    assert_eq!((report.total_variants, report.successful, report.failed), (6, 6, 0));
    assert_eq!((report.origin_requests, report.rows), (2, 10));
    assert_eq!(report.changes.unwrap().added, 10);
    assert_eq!(world.origin.loads.borrow().len(), 1);
    for warmed in &report.variants_cached {
        assert!(world.redis.get(&warmed.key).is_some(), "{}", warmed.key);
        let metadata = world.kv.newest(&warmed.key).unwrap().metadata.unwrap();
        assert_eq!((metadata.v, metadata.n), (1, warmed.count), "{}", warmed.key);
    }
    assert!(world.redis.get(&world.keys.resource(&Resource::Snapshot(Scope::Active))).is_some());
    assert_eq!(world.redis.get(&world.keys.lease(Scope::Active)), None, "the lease is given back");
    assert_eq!(lines(&isolate, "warm").len(), 1);
    world.origin.change();
    assert_eq!(warm(&isolate, false).changes.unwrap().changed, 10);
    assert_eq!(warm(&isolate, false).changes.unwrap().efficiency_percent.to_string(), "100");
}

#[test]
fn kv_is_written_when_content_changed_or_its_copy_grew_old() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    let writes = || world.kv.calls.borrow().iter().filter(|call| call.starts_with("put")).count();
    warm(&isolate, false);
    assert_eq!(writes(), 7);
    world.sim.run_for(Duration::from_secs(600));
    warm(&isolate, false);
    assert_eq!(writes(), 7, "the same content, ten minutes old");
    world.sim.run_for(Duration::from_secs(600));
    warm(&isolate, false);
    assert_eq!(writes(), 14, "older than half the TTL");
    world.origin.change();
    world.sim.run_for(Duration::from_secs(60));
    warm(&isolate, false);
    assert_eq!(writes(), 21, "new content");
}

#[test]
fn two_cron_runs_at_once_load_once() {
    let world = World::new(1);
    let isolates = [world.isolate(1), world.isolate(2)];
    for isolate in &isolates {
        let cache = Rc::clone(&isolate.cache);
        world.sim.spawn(isolate.group, async move {
            assert_eq!(cache.warm(false).await.successful, 6);
        });
    }
    world.sim.run_for(Duration::from_secs(5));
    assert_eq!(world.origin.loads.borrow().len(), 1);
}

#[test]
fn d5_warming_during_an_outage_changes_nothing_and_says_so() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    warm(&isolate, false);
    let before = world.redis.keys();
    world.origin.fault.set(Fault::Error);
    let report = warm(&isolate, false);
    assert_eq!((report.successful, report.failed), (0, 6));
    assert_eq!(report.error.as_deref(), Some("unreachable"));
    let after = world.redis.keys();
    assert!(before.iter().all(|key| after.contains(key)), "{before:?} {after:?}");
}

#[test]
fn d40_what_was_read_before_an_invalidation_is_not_published_after_it() {
    let world = World::new(1);
    world.origin.latency_ms.set(2_000);
    let (reader, operator) = (world.isolate(1), world.isolate(2));
    let asking = reader.clone();
    world.sim.spawn(1, async move {
        let answer = asking.ask(LISTING).await.unwrap();
        assert_eq!(version(&answer.listing), Some(1), "its own request is served");
    });
    world.sim.run_for(Duration::from_secs(1));
    world.origin.change();
    invalidate(&operator, InvalidationMode::Hard);
    world.sim.run_for(Duration::from_secs(10));
    assert_eq!(world.redis.get(&world.keys.listing(&LISTING)), None);
    assert_eq!(reader.cache.counted(Counter::PublishRefused), 1);
    assert_eq!(lines(&reader, "publish_refused").len(), 1);
    assert_eq!(world.kv.newest(&world.keys.listing(&LISTING)), None, "nor in KV");
    let answer = reader.get(LISTING).0.unwrap();
    assert_eq!(version(&answer.listing), Some(2));
}

#[test]
fn d4_nothing_is_published_while_the_backend_synchronizes() {
    let world = World::new(1);
    world.redis.set(&world.keys.sync_marker(), "1", Some(Duration::from_secs(900)));
    let isolate = world.isolate(1);
    assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Miss);
    isolate.settle();
    assert_eq!(world.redis.get(&world.keys.listing(&LISTING)), None);
    assert_eq!(warm(&isolate, false).error.as_deref(), Some("syncing"));
    assert_eq!(world.redis.get(&world.keys.listing(&LISTING)), None);
}

#[test]
fn a_newer_snapshot_is_not_overwritten_by_an_older_one() {
    let world = World::new(1);
    world.origin.latency_ms.set(6_000);
    let slow = world.isolate(1);
    world.sim.spawn(1, async move { drop(slow.ask(LISTING).await) });
    world.sim.run_for(Duration::from_secs(1));
    // The other one does not see the lease: as after a flush in between.
    world.redis.data.borrow_mut().remove(&world.keys.lease(Scope::Active));
    world.origin.change();
    world.origin.latency_ms.set(100);
    assert_eq!(warm(&world.isolate(2), false).successful, 6);
    world.sim.run_for(Duration::from_secs(20));
    let text = world.redis.get(&world.keys.listing(&LISTING)).unwrap();
    let listing = model_catalog_edge::catalog::Listing::decode(text).unwrap();
    assert_eq!(version(&listing), Some(2));
}

#[test]
fn d15_concurrent_cold_requests_of_many_combinations_load_once() {
    let world = World::new(1);
    let isolates = [world.isolate(1), world.isolate(2), world.isolate(3)];
    for n in 0..200_usize {
        let isolate = isolates[n % 3].clone();
        let selection = Selection {
            scope: Scope::Active,
            min_providers: [None, Some(2), Some(4), Some(999)][n % 4],
            sort: SortBy::ALL[n % 3],
            order: Order::Asc,
        };
        world.sim.spawn(isolate.group, async move {
            let answer = isolate.ask(selection).await.unwrap();
            assert_eq!(answer.listing.is_empty(), selection.min_providers == Some(999));
        });
    }
    world.sim.run_for(Duration::from_secs(9));
    assert_eq!(world.origin.loads.borrow().len(), 1);
}

#[test]
fn d3_an_empty_listing_costs_nothing_and_has_no_key() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    let beyond = Selection { min_providers: Some(999), ..LISTING };
    isolate.get(beyond).0.unwrap();
    isolate.settle();
    let calls = world.redis.calls.borrow().len();
    assert!(isolate.get(beyond).0.unwrap().listing.is_empty());
    assert_eq!((world.redis.calls.borrow().len(), world.origin.loads.borrow().len()), (calls, 1));
    assert!(!world.redis.keys().iter().any(|key| key.contains("minp999")));
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
    assert!(world.redis.get(&world.keys.listing(&CUSTOM)).is_some(), "published for the others");
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
    assert_eq!(world.redis.get(&world.keys.listing(&LISTING)), None);
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
        ["t:models:catalog:epoch", "t:models:sync:in_progress", "other", "t:models:provider:x"]
    {
        world.redis.set(key, "7", None);
    }
    world.redis.set(&world.keys.listing(&CUSTOM), "[]", Some(Duration::from_secs(60)));
    invalidate(&isolate, InvalidationMode::Hard);
    let left = world.redis.keys();
    assert_eq!(left.len(), 6, "{left:?}");
    assert!(!left.contains(&world.keys.listing(&CUSTOM)));
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
        let reads = values.iter().flatten().filter(|call| call.starts_with("GET t:models:unique"));
        assert_eq!(reads.count(), 0, "{values:?}");
        assert!(values.iter().flatten().any(|call| call.starts_with("PTTL")), "{values:?}");
    }
}

#[test]
fn memory_gives_way_to_what_somebody_else_wrote() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    world.sim.run_for(Duration::from_secs(31));
    // The backend writes a newer listing with a full lifetime.
    let listing = snapshot(9, 10).derive(&LISTING);
    world.redis.set(&world.keys.listing(&LISTING), listing.text(), Some(world.policy.ttl));
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
    let checks = calls.iter().filter(|call| call.iter().any(|word| word.starts_with("PTTL")));
    assert_eq!(checks.count(), 1, "{calls:?}");
}

#[test]
fn age_is_true_for_what_the_backend_wrote() {
    let world = World::new(1);
    let listing = snapshot(1, 10).derive(&LISTING);
    let key = world.keys.listing(&LISTING);
    world.redis.set(&key, listing.text(), Some(Duration::from_secs(1_234)));
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
    assert!(world.redis.get(&world.keys.listing(&LISTING)).is_some(), "and was published");
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
    assert_eq!(warm(&isolate, false).error.as_deref(), Some("read_only"));
    world.sim.run_for(Duration::from_secs(40));
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    assert_eq!(world.redis.keys(), Vec::<String>::new());
    assert!(world.kv.calls.borrow().iter().all(|call| call.starts_with("get ")));

    world.policy.mode = Mode::Passthrough;
    let isolate = world.isolate(2);
    world.redis.calls.borrow_mut().clear();
    for expected in 2..4 {
        assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Miss);
        assert_eq!(world.origin.loads.borrow().len(), expected);
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
    let cache = Rc::clone(&isolates[1].cache);
    let first = Rc::clone(&isolates[0].cache);
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
fn counters_are_flushed_at_most_every_ten_seconds() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    for _ in 0..300 {
        isolate.get(LISTING).0.unwrap();
        world.sim.run_for(Duration::from_millis(100));
    }
    let calls = world.redis.calls.borrow();
    let flushes = calls.iter().filter(|call| call[0].starts_with("HINCRBY")).count();
    assert!((2..=4).contains(&flushes), "{flushes} in thirty seconds");
}

#[test]
fn a_forced_warm_lets_a_shrunken_catalog_in() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    warm(&isolate, false);
    world.origin.models.set(4);
    world.origin.change();
    assert_eq!(warm(&isolate, false).error.as_deref(), Some("shrunk"));
    world.sim.run_for(Duration::from_secs(3));
    let report = warm(&isolate, true);
    assert_eq!((report.successful, report.changes.unwrap().deleted), (6, 6));
    assert_eq!(warm(&isolate, false).successful, 6, "it is the last good one now");
}
