//! What tiered caches are known to fail at when a tier throws, hangs or dies, each as a named test.

use std::{cell::Cell, rc::Rc, time::Duration};

use model_catalog_edge::{
    cache::{Counter, Served, protocol::Version},
    catalog::{Order, Resource, Scope, Selection, SortBy, WARM},
};

use crate::support::{
    catalog::{snapshot, version},
    isolate::{ACTIVE, World},
    redis::Fault,
};

const LISTING: Selection = WARM[0];

/// A world with version 1 of the listing in Redis, fresh.
fn with_redis() -> World {
    let world = World::new(3);
    world.put_in_redis(&snapshot(1, 10), Duration::from_secs(300), 0);
    world
}

fn put_in_kv(world: &World, age: Duration) {
    world.put_in_kv(&snapshot(1, 10), age, 0);
}

#[test]
fn a_hit_of_a_further_tier_fills_the_nearer_ones() {
    let world = World::new(3);
    put_in_kv(&world, Duration::from_secs(60));
    let isolate = world.isolate(1);
    assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Hit);
    isolate.settle();
    let in_redis = world.redis.get(&world.keys.resource(&Resource::Snapshot(ACTIVE)));
    assert!(in_redis.is_some(), "promoted from KV to Redis");
    let calls = world.redis.calls.borrow().len();
    assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Hit);
    assert_eq!(world.redis.calls.borrow().len(), calls, "and kept in memory");
}

#[test]
fn a_corrupt_value_in_redis_is_replaced_by_kvs() {
    let world = World::new(3);
    put_in_kv(&world, Duration::from_secs(60));
    let key = world.keys.resource(&Resource::Snapshot(ACTIVE));
    world.redis.set(&key, "[{", None);
    let isolate = world.isolate(1);
    assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Hit);
    isolate.settle();
    assert_ne!(world.redis.get(&key).unwrap(), "[{");
}

#[test]
fn a_throwing_tier_is_a_miss_and_the_next_one_answers() {
    for fault in [Fault::Error, Fault::Limited, Fault::Quota, Fault::LostAnswer, Fault::Corrupt] {
        let world = with_redis();
        put_in_kv(&world, Duration::from_secs(60));
        world.redis.fault.set(fault);
        let answer = world.isolate(1).get(LISTING).0.unwrap();
        assert_eq!(answer.served, Served::Hit, "{fault:?}");
        assert!(world.origin.loads.borrow().is_empty(), "{fault:?}");
    }
}

#[test]
fn an_expired_entry_outlives_a_dead_origin() {
    let world = with_redis();
    let isolate = world.isolate(1);
    isolate.get(LISTING).0.unwrap();
    world.origin.fault.set(Fault::Error);
    world.sim.run_for(Duration::from_secs(20 * 3600));
    let answer = isolate.get(LISTING).0.unwrap();
    assert_eq!((answer.served, version(&answer.listing)), (Served::Stale, Some(1)));
    assert!(answer.age >= Duration::from_secs(20 * 3600));
    world.sim.run_for(Duration::from_secs(5 * 3600));
    assert!(isolate.get(LISTING).0.is_err(), "but not the stale window");
}

#[test]
fn a_failed_refresh_behind_a_response_harms_nobody_and_backs_off() {
    let world = with_redis();
    let isolate = world.isolate(1);
    isolate.get(LISTING).0.unwrap();
    world.origin.fault.set(Fault::Error);
    world.sim.run_for(Duration::from_secs(1_600));
    for _ in 0..100 {
        assert_eq!(isolate.get(LISTING).0.unwrap().served, Served::Stale);
        world.sim.run_for(Duration::from_millis(100));
    }
    let loads = world.origin.loads.borrow().len();
    assert!((1..=5).contains(&loads), "{loads} loads in ten seconds");
}

#[test]
fn a_dead_origin_is_probed_not_hammered() {
    let world = World::new(3);
    world.origin.fault.set(Fault::Error);
    let isolate = world.isolate(1);
    for _ in 0..5 {
        let unavailable = isolate.get(LISTING).0.unwrap_err();
        assert!(unavailable.retry_after > Duration::ZERO);
    }
    assert_eq!(world.origin.loads.borrow().len(), 1, "five requests, one origin call");
    let second = world.isolate(2);
    assert!(second.get(LISTING).0.is_err());
    assert_eq!(world.origin.loads.borrow().len(), 1, "the back-off is shared through Redis");
    world.sim.run_for(Duration::from_secs(600));
    let before = world.origin.loads.borrow().len();
    for _ in 0..600 {
        let _ = isolate.get(LISTING);
        world.sim.run_for(Duration::from_secs(1));
    }
    let probes = world.origin.loads.borrow().len() - before;
    assert!((8..=16).contains(&probes), "{probes} probes in ten minutes: about one a minute");
}

#[test]
fn a_dead_origin_is_backed_off_from_without_redis_too() {
    let world = World::new(3);
    world.origin.fault.set(Fault::Error);
    world.redis.fault.set(Fault::Error);
    let isolate = world.isolate(1);
    for _ in 0..5 {
        assert!(isolate.get(LISTING).0.is_err());
    }
    assert_eq!(world.origin.loads.borrow().len(), 1);
}

#[test]
fn a_hung_tier_hangs_no_request() {
    for fresh_in_kv in [true, false] {
        let world = with_redis();
        if fresh_in_kv {
            put_in_kv(&world, Duration::from_secs(60));
        }
        world.redis.fault.set(Fault::Hung);
        let (answer, took) = world.isolate(1).get(LISTING);
        let bound = if fresh_in_kv { 160 } else { 1_400 };
        assert!(answer.is_ok() && took <= Duration::from_millis(bound), "{took:?}");
    }
    let world = with_redis();
    for tier in [&world.redis.fault, &world.kv.fault, &world.origin.fault] {
        tier.set(Fault::Hung);
    }
    let (answer, took) = world.isolate(1).get(LISTING);
    assert!(answer.is_err() && took <= Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_hung_tier_is_found_out_though_another_one_answers_first() {
    let mut world = World::new(3);
    world.policy.memory_max_bytes = 0;
    put_in_kv(&world, Duration::ZERO);
    world.redis.fault.set(Fault::Hung);
    let isolate = world.isolate(1);
    for selection in WARM.iter().take(5) {
        assert_eq!(isolate.get(*selection).0.unwrap().served, Served::Hit);
    }
    isolate.settle();
    let seen_through = isolate.cache.counted(Counter::UpstashErrors);
    assert!(seen_through >= 5, "{seen_through} calls were seen through behind responses");
    let calls = world.redis.calls.borrow().len();
    let (answer, took) = isolate.get(WARM[5]);
    assert_eq!(answer.unwrap().served, Served::Hit);
    assert!(took <= Duration::from_millis(5), "{took:?}: the breaker is open");
    assert_eq!(world.redis.calls.borrow().len(), calls);
}

#[test]
fn an_elapsed_breaker_lets_one_call_through_not_fifty() {
    let world = with_redis();
    let isolate = world.isolate(1);
    world.redis.fault.set(Fault::Hung);
    let custom = |n: u32| Selection {
        scope: Scope::Active,
        min_providers: None,
        sort: SortBy::ALL[(n % 3) as usize],
        order: if n.is_multiple_of(2) { Order::Asc } else { Order::Desc },
    };
    for n in 0..8 {
        let _ = isolate.get(custom(n));
        world.sim.run_for(Duration::from_secs(1));
    }
    world.sim.run_for(Duration::from_secs(120));
    world.redis.calls.borrow_mut().clear();
    world.origin.fault.set(Fault::Error);
    let answered = Rc::new(Cell::new(0));
    for _ in 0..50 {
        let (isolate, answered) = (isolate.clone(), Rc::clone(&answered));
        world.sim.spawn(1, async move {
            // A scope that memory has nothing of, so that every request wants Redis.
            let _ = isolate.ask(Selection { scope: Scope::All, ..LISTING }).await;
            answered.set(answered.get() + 1);
        });
    }
    world.sim.run_for(Duration::from_millis(900));
    assert_eq!(world.redis.calls.borrow().len(), 1, "one half-open trial");
    world.sim.run_for(Duration::from_secs(20));
    assert_eq!(answered.get(), 50);
}

#[test]
fn recovery_is_one_trial_then_normal() {
    let world = with_redis();
    let isolate = world.isolate(1);
    world.redis.fault.set(Fault::Error);
    world.origin.fault.set(Fault::Error);
    for _ in 0..5 {
        assert!(isolate.get(Selection { scope: Scope::All, ..LISTING }).0.is_err());
        world.sim.run_for(Duration::from_millis(600));
    }
    let before = world.redis.calls.borrow().len();
    assert!(isolate.get(Selection { scope: Scope::All, ..LISTING }).0.is_err());
    assert_eq!(world.redis.calls.borrow().len(), before, "open: nothing waits on Redis");
    world.redis.fault.set(Fault::None);
    world.origin.fault.set(Fault::None);
    world.sim.run_for(Duration::from_secs(10));
    isolate.get(Selection { scope: Scope::All, sort: SortBy::Name, ..LISTING }).0.unwrap();
    isolate.settle();
    assert!(world.redis.calls.borrow().len() > before, "closed again");
    assert!(isolate.cache.counted(Counter::UpstashErrors) >= 5);
}

#[test]
fn opennext_nothing_stale_is_served_for_an_invalidated_entry_after_the_check() {
    let world = with_redis();
    let (reader, operator) = (world.isolate(1), world.isolate(2));
    reader.get(LISTING).0.unwrap();
    world.origin.version.set(2);
    let cache = operator.cache.clone();
    world.sim.block_on(async move {
        cache.invalidate(model_catalog_edge::cache::InvalidationMode::Hard).await.unwrap()
    });
    world.sim.run_for(world.policy.memory_ttl);
    reader.get(LISTING).0.unwrap();
    reader.settle();
    let answer = reader.get(LISTING).0.unwrap();
    assert_eq!(version(&answer.listing), Some(2), "OpenNext served what was invalidated");
}

#[test]
fn fastly_the_degraded_answer_says_that_it_is_stale() {
    let world = with_redis();
    let isolate = world.isolate(1);
    isolate.get(LISTING).0.unwrap();
    for tier in [&world.redis.fault, &world.kv.fault, &world.origin.fault] {
        tier.set(Fault::Error);
    }
    world.sim.run_for(Duration::from_secs(4_000));
    let (answer, text, _) = isolate.get_traced(LISTING);
    assert_eq!(answer.unwrap().served, Served::Stale);
    assert!(text.contains("memory; hit; ttl=-") && text.contains("detail=stale"), "{text}");
}

#[test]
fn the_catalog_consumers_pain_1_an_empty_or_partial_list_is_never_truth() {
    let world = World::new(3);
    let isolate = world.isolate(1);
    isolate.get(LISTING).0.unwrap();
    isolate.settle();
    for (models, fault) in [(0, Fault::None), (4, Fault::None), (10, Fault::Corrupt)] {
        world.origin.models.set(models);
        world.origin.fault.set(fault);
        let cache = isolate.cache.clone();
        let report = world.sim.block_on(async move { cache.warm(false).await });
        assert_eq!((report.successful, report.failed), (0, 6), "{models} models, {fault:?}");
        let key = world.keys.resource(&Resource::Snapshot(Scope::Active.into()));
        let kept = world.redis.get(&key).unwrap();
        assert_eq!(Version::split(&kept).unwrap().0.n, 10);
        world.sim.run_for(Duration::from_secs(61));
    }
    assert_eq!(isolate.cache.counted(Counter::Quarantined), 3);
}
