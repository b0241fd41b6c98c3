//! What is published, when, and what never is: warm runs, KV's thrift, the guard, one load for everyone.

use std::time::Duration;

use model_catalog_edge::{
    cache::{
        Counter, InvalidationMode, Served,
        protocol::{Control, Version},
    },
    catalog::{Order, Resource, Scope, Selection, SortBy, WARM},
};

use crate::{
    policy::{invalidate, lines, warm},
    support::{
        catalog::{decoded, version, version_of},
        isolate::World,
        redis::Fault,
    },
};

const LISTING: Selection = WARM[0];

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
        let key = warmed.key.as_ref().unwrap();
        assert!(world.redis.get(key).is_some(), "{key}");
        let metadata = Version::read(&world.kv.newest(key).unwrap().metadata.unwrap()).unwrap();
        assert_eq!(metadata.n, warmed.count, "{key}");
        let value = world.kv.newest(key).unwrap().text;
        assert_eq!((metadata.bytes, metadata.packed), (value.len(), None), "a listing is plain");
    }
    assert!(
        world.redis.get(&world.keys.resource(&Resource::Snapshot(Scope::Active.into()))).is_some()
    );
    assert_eq!(
        world.redis.get(&world.keys.lease(Scope::Active.into())),
        None,
        "the lease is given back"
    );
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
    assert_eq!(writes(), 8, "and the marker");
    world.kv.calls.borrow_mut().clear();
    world.sim.run_for(Duration::from_secs(600));
    warm(&isolate, false);
    assert_eq!(writes(), 0, "the same content, ten minutes old");
    world.sim.run_for(Duration::from_secs(600));
    warm(&isolate, false);
    assert_eq!(writes(), 7, "older than a quarter of an hour");
    world.origin.change();
    world.sim.run_for(Duration::from_secs(60));
    warm(&isolate, false);
    assert_eq!(writes(), 7, "new content, but a minute after the last");
    invalidate(&isolate, InvalidationMode::Soft);
    assert_eq!(writes(), 8, "the marker");
    warm(&isolate, false);
    assert_eq!(writes(), 15, "an invalidation came between");
}

#[test]
fn two_cron_runs_at_once_load_once() {
    let world = World::new(1);
    let isolates = [world.isolate(1), world.isolate(2)];
    for isolate in &isolates {
        let cache = isolate.cache.clone();
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
    assert_eq!(report.error.map(|failure| failure.to_string()).as_deref(), Some("unreachable"));
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
    assert_eq!(world.redis.get(&world.keys.listing(&LISTING.into())), None);
    assert_eq!(reader.cache.counted(Counter::PublishRefused), 1);
    assert_eq!(lines(&reader, "publish_refused").len(), 1);
    assert_eq!(world.kv.newest(&world.keys.listing(&LISTING.into())), None, "nor in KV");
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
    assert_eq!(world.redis.get(&world.keys.listing(&LISTING.into())), None);
    assert_eq!(
        warm(&isolate, false).error.map(|failure| failure.to_string()).as_deref(),
        Some("backend-syncing")
    );
    assert_eq!(world.redis.get(&world.keys.listing(&LISTING.into())), None);
}

#[test]
fn what_is_read_while_an_invalidation_unlinks_is_not_published_as_current() {
    for (seed, offset_ms) in (0..20).flat_map(|seed| (0..16).map(move |offset| (seed, offset))) {
        let world = World::new(seed);
        warm(&world.isolate(1), false);
        world.origin.change();
        let (operator, reader) = (world.isolate(2), world.isolate(3));
        let cache = operator.cache.clone();
        world.sim.spawn(2, async move {
            cache.invalidate(InvalidationMode::Hard).await.unwrap();
        });
        world.sim.run_for(Duration::from_millis(offset_ms));
        let custom = Selection { min_providers: Some(4), order: Order::Asc, ..LISTING };
        world.sim.spawn(3, async move { drop(reader.ask(custom).await) });
        world.sim.run_for(Duration::from_secs(5));
        if let Some(text) = world.redis.get(&world.keys.listing(&custom.into())) {
            assert_eq!(version_of(&decoded(&text)), Some(2), "seed {seed}, {offset_ms} ms in");
        }
    }
}

#[test]
fn a_read_that_overlaps_the_first_claim_does_not_lose_the_epoch() {
    for (seed, offset_ms) in (0..20).flat_map(|seed| (0..12).map(move |offset| (seed, offset))) {
        let world = World::new(seed);
        let isolate = world.isolate(1);
        let first = isolate.clone();
        world.sim.spawn(1, async move { drop(first.ask(LISTING).await) });
        world.sim.run_for(Duration::from_millis(offset_ms));
        let second = isolate.clone();
        let other = Selection { scope: Scope::All, ..LISTING };
        world.sim.spawn(1, async move { drop(second.ask(other).await) });
        world.sim.run_for(Duration::from_secs(5));
        assert_eq!(
            isolate.cache.counted(Counter::PublishRefused),
            0,
            "seed {seed}, {offset_ms} ms"
        );
        let loads = world.origin.loads.borrow().len();
        assert_eq!(loads, 2, "one for each scope; seed {seed}, {offset_ms} ms in");
    }
}

#[test]
fn what_could_not_be_published_is_tried_again() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    world.redis.fault.set(Fault::Error);
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    world.redis.fault.set(Fault::None);
    assert!(world.redis.keys().is_empty());
    for _ in 0..4 {
        world.sim.run_for(Duration::from_secs(20));
        isolate.get(LISTING).0.unwrap();
        isolate.settle();
    }
    assert!(world.redis.get(&world.keys.listing(&LISTING.into())).is_some());
}

#[test]
fn a_newer_snapshot_is_not_overwritten_by_an_older_one() {
    let world = World::new(1);
    world.origin.latency_ms.set(6_000);
    let slow = world.isolate(1);
    world.sim.spawn(1, async move { drop(slow.ask(LISTING).await) });
    world.sim.run_for(Duration::from_secs(1));
    // The other one does not see the lease: as after a flush in between.
    world.redis.data.borrow_mut().remove(&world.keys.lease(Scope::Active.into()));
    world.origin.change();
    world.origin.latency_ms.set(100);
    assert_eq!(warm(&world.isolate(2), false).successful, 6);
    world.sim.run_for(Duration::from_secs(20));
    let text = world.redis.get(&world.keys.listing(&LISTING.into())).unwrap();
    assert_eq!(version_of(&decoded(&text)), Some(2));
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
fn a_forced_warm_lets_a_shrunken_catalog_in() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    warm(&isolate, false);
    world.origin.models.set(4);
    world.origin.change();
    assert_eq!(
        warm(&isolate, false).error.map(|failure| failure.to_string()).as_deref(),
        Some("shrunk")
    );
    assert_eq!(
        warm(&isolate, false).error.map(|failure| failure.to_string()).as_deref(),
        Some("shrunk"),
        "cron is one attempt, whatever others back off from"
    );
    let report = warm(&isolate, true);
    assert_eq!((report.successful, report.changes.unwrap().deleted), (6, 6));
    assert_eq!(warm(&isolate, false).successful, 6, "it is the last good one now");
}

#[test]
fn what_no_request_can_hold_is_shared_through_kv_alone() {
    let world = World::new(1);
    // A model of the fake catalog takes some 1,000 bytes, and the whole is packed to a twelfth.
    world.origin.models.set(12_000);
    world.redis.request_bytes_max.set(500_000);
    let isolate = world.isolate(1);
    assert_eq!(warm(&isolate, false).error, None);
    let snapshot = world.keys.resource(&Resource::Snapshot(Scope::Active.into()));
    assert!(world.redis.get(&snapshot).is_none());
    assert!(world.kv.newest(&snapshot).is_some());
    for _ in 0..5 {
        world.sim.run_for(Duration::from_secs(31));
        assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Hit);
        isolate.settle();
    }
    assert_eq!(
        world.origin.loads.borrow().len(),
        1,
        "its absence from Redis is not taken for a change"
    );
}

#[test]
fn a_version_that_outlived_control_does_not_stop_publishing() {
    let world = World::new(1);
    let first = world.isolate(1);
    invalidate(&first, InvalidationMode::Soft);
    warm(&first, false);
    invalidate(&first, InvalidationMode::Hard);
    drop(world.redis.data.borrow_mut().remove(&world.keys.control()));
    let cold = world.isolate(2);
    let snapshot = world.keys.resource(&Resource::Snapshot(Scope::Active.into()));
    for _ in 0..2 {
        warm(&cold, false);
    }
    assert!(world.redis.get(&snapshot).is_some(), "the version's epoch was learned");
}

#[test]
fn a_publication_does_not_take_the_barrier_out_of_kvs_marker() {
    let world = World::new(1);
    invalidate(&world.isolate(1), InvalidationMode::Hard);
    let marker = || Control::read(&world.kv.newest(&world.keys.marker()).unwrap().text).unwrap();
    let before = marker();
    assert!(before.barrier > 0);
    // Redis lost what it held, and somebody has raised its epoch since.
    world.redis.flush();
    let raised = Control { epoch: before.epoch + 1_000, ..Control::default() };
    world.redis.set(&world.keys.control(), &raised.to_text(), None);
    warm(&world.isolate(2), false);
    assert_eq!(marker(), raised.merged(before));
}

#[test]
fn a_derived_listing_that_is_there_is_not_sent_again() {
    let world = World::new(1);
    let view = Selection { min_providers: Some(4), ..LISTING };
    let first = world.isolate(1);
    for _ in 0..2 {
        first.get(view).0.unwrap();
        first.settle();
    }
    let listing = world.redis.get(&world.keys.listing(&view.into())).unwrap().len();
    let before = world.redis.counts.get();
    for group in 2..12 {
        let isolate = world.isolate(group);
        isolate.get(view).0.unwrap();
        isolate.settle();
    }
    let after = world.redis.counts.get();
    let (up, commands) = (after.bytes_up - before.bytes_up, after.commands - before.commands);
    assert!(up < 10 * 2_500 && up < 10 * listing, "{up} bytes for listings of {listing}");
    assert_eq!(commands, 20, "a snapshot each, and whether the listing is there");
}
