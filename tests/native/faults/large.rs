//! Catalogs that are too large for a request to Redis (C9, O3, S12).

use std::time::Duration;

use model_catalog_edge::{
    cache::{
        Served,
        protocol::{Place, Version},
    },
    catalog::{Resource, WARM},
    ports::Tier,
};

use super::{Meter, error};
use crate::support::{
    isolate::{ACTIVE, World},
    redis::Fault,
};

/// A model of the fake catalog takes some 1,000 bytes, packed a tenth of it.
fn large(limit: usize, models: u64) -> World {
    let world = World::new(9);
    world.redis.request_bytes_max.set(limit);
    world.origin.models.set(models);
    world
}

fn published(world: &World) -> Version {
    Version::read(&world.redis.get(&world.keys.version(ACTIVE)).unwrap()).unwrap()
}

#[test]
fn c9_a_catalog_that_no_request_holds_is_one_load_for_five_isolates() {
    for together in [true, false] {
        let world = large(100_000, 1_500);
        let meter = Meter::new(&world);
        let isolates: Vec<_> = (1..=5).map(|group| world.isolate(group)).collect();
        for isolate in &isolates {
            let cold = isolate.clone();
            world.sim.spawn(isolate.group, async move {
                cold.ask(WARM[0]).await.unwrap();
            });
            if !together {
                world.secs(20);
            }
        }
        world.secs(30);
        let spent = meter.read();
        assert_eq!(spent.loads, 1, "together {together}: {spent:?}");
        assert_eq!(published(&world).place, Place::Kv);
        for isolate in &isolates {
            assert_eq!(isolate.get(WARM[0]).0.unwrap().served, Served::Hit);
            isolate.settle();
        }
        let later = meter.read();
        assert_eq!((later.loads, later.kv_writes), (0, 0), "together {together}: {later:?}");
        assert!(later.redis.bytes_up <= 20_000, "together {together}: {later:?}");
    }
}

#[test]
fn c9_a_cold_isolate_writes_nothing_that_is_there() {
    let world = large(100_000, 1_500);
    assert_eq!(error(&world.isolate(1).warm(false)), None);
    let meter = Meter::new(&world);
    for group in 2..=6 {
        let isolate = world.isolate(group);
        assert_eq!(isolate.get(WARM[0]).0.unwrap().served, Served::Hit);
        isolate.settle();
    }
    let spent = meter.read();
    assert_eq!((spent.loads, spent.kv_writes), (0, 0), "{spent:?}");
    assert!(spent.redis.bytes_up <= 10_000, "{spent:?}");
}

#[test]
fn c9_an_hour_of_a_large_catalog_is_as_cheap_as_any() {
    let world = large(100_000, 1_500);
    let isolate = world.isolate(1);
    isolate.warm(false);
    let views = WARM.map(Into::into);
    isolate.busy(&views, 500, 60);
    let meter = Meter::new(&world);
    isolate.busy(&views, 1_000, 3_600);
    let spent = meter.read();
    assert!(spent.redis.commands <= 250 && spent.loads <= 2, "{spent:?}");
    // The listings that fit expire once a TTL, and are sent again.
    let listings = WARM.map(|view| world.redis.get(&world.keys.listing(&view.into())));
    let bodies: usize = spent.loads * listings.iter().flatten().map(String::len).sum::<usize>();
    assert!(spent.redis.bytes_up <= bodies + 200_000, "{bodies} {spent:?}");
    assert!(spent.redis.bytes_down <= 200_000, "{spent:?}");
    assert!(spent.kv_reads <= 60 && spent.kv_writes <= 14, "{spent:?}");
}

#[test]
fn c9_kvs_copy_lives_on_with_its_version() {
    let mut world = large(100_000, 1_500);
    world.policy.ttl = Duration::from_secs(300);
    let cron = world.isolate(1);
    for group in 2..=12 {
        cron.warm(false);
        let isolate = world.isolate(group);
        let answer = isolate.get(WARM[0]).0.unwrap();
        assert_eq!(answer.served, Served::Hit, "{group}");
        assert!(answer.age <= Duration::from_secs(10), "{group}: {:?}", answer.age);
        world.secs(240);
    }
}

#[test]
fn o3_what_a_request_may_hold_is_learned_and_values_go_one_by_one() {
    for (limit, models) in [(1_000_000, 300), (300_000, 90), (100_000, 28)] {
        let world = large(limit, models);
        let isolate = world.isolate(1);
        let meter = Meter::new(&world);
        assert_eq!(error(&isolate.warm(false)), None, "{limit}");
        let first = meter.read();
        assert_eq!(published(&world).place, Place::Redis, "{limit}");
        for view in WARM {
            let key = world.keys.listing(&view.into());
            assert!(world.redis.get(&key).is_some(), "{limit}: {key}");
        }
        assert!(first.kv_writes <= 8, "{limit}: {first:?}");
        world.origin.change();
        world.secs(1);
        meter.read();
        assert_eq!(error(&isolate.warm(false)), None, "{limit}");
        let second = meter.read();
        let sent: usize = WARM
            .map(|view| world.keys.listing(&view.into()))
            .into_iter()
            .chain([world.keys.resource(&Resource::Snapshot(ACTIVE))])
            .map(|key| world.redis.get(&key).unwrap().len())
            .sum();
        assert!(
            second.redis.bytes_up <= sent + 40_000,
            "nothing is sent twice: {limit}: {second:?}"
        );
    }
}

#[test]
fn c9_the_copy_in_kv_is_written_once_while_the_limit_is_learned() {
    let world = large(20_000, 1_500);
    let meter = Meter::new(&world);
    assert_eq!(error(&world.isolate(1).warm(false)), None);
    let spent = meter.read();
    let snapshot = world.keys.resource(&Resource::Snapshot(ACTIVE));
    assert_eq!(world.kv.versions.borrow()[&snapshot].len(), 1, "{spent:?}");
    assert!(spent.kv_writes <= 8, "{spent:?}");
}

#[test]
fn c9_nothing_is_told_of_a_snapshot_that_kv_did_not_take() {
    let world = large(100_000, 1_500);
    world.kv.fault.set(Fault::Error);
    assert!(error(&world.isolate(1).warm(false)).is_some());
    assert_eq!(world.redis.get(&world.keys.version(ACTIVE)), None);
}

#[test]
fn o4_kv_is_named_where_it_does_not_take_what_redis_cannot_hold() {
    let world = large(100_000, 1_500);
    world.kv.fault.set(Fault::Error);
    let report = world.isolate(1).warm(false);
    let failure = report.error.expect("nobody can read it");
    assert_eq!(failure.tier, Some(Tier::Kv), "{failure:?}");
}

#[test]
fn s12_a_cold_isolate_measures_what_it_loads_against_what_all_know() {
    for (in_redis, in_kv) in [(true, true), (true, false), (false, true)] {
        let world = World::new(12);
        world.origin.models.set(40);
        world.isolate(1).warm(false);
        world.secs(1_900);
        if !in_redis {
            world.redis.flush();
        }
        if !in_kv {
            world.kv.versions.borrow_mut().clear();
        }
        world.origin.models.set(15);
        world.origin.change();
        let isolate = world.isolate(2);
        let answer = isolate.get(WARM[0]).0;
        isolate.settle();
        let shown = answer.as_ref().map(|answer| answer.listing.len());
        assert_ne!(shown.ok(), Some(15), "{in_redis} {in_kv}");
        assert_eq!(isolate.logged("quarantined"), 1, "{in_redis} {in_kv}");
    }
}
