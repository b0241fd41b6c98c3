//! Invalidations that meet lag, each other, and death (S4, S4b, S4c, S6), and KV's marker.

use std::time::Duration;

use model_catalog_edge::{
    cache::{InvalidationMode, Served, protocol::Control},
    catalog::{Resource, WARM},
};

use super::Meter;
use crate::support::{
    catalog::{decoded, listing, version, version_of},
    isolate::{ACTIVE, World},
    redis::{Fault, Lag},
};

fn marker(world: &World) -> Control {
    Control::read(&world.kv.newest(&world.keys.marker()).unwrap().text).unwrap()
}

fn control(world: &World) -> Control {
    Control::read(&world.redis.get(&world.keys.control()).unwrap()).unwrap()
}

#[test]
fn s4_a_replica_that_lags_never_makes_a_hit_of_what_was_cleared() {
    for lag in [Lag::Whole(40), Lag::PerKey(3), Lag::Torn(4)] {
        for seed in 0..40 {
            let world = World::new(seed);
            let (operator, reader) = (world.isolate(1), world.isolate(2));
            operator.warm(false);
            world.secs(5);
            reader.get(WARM[0]).0.unwrap();
            reader.settle();
            world.origin.change();
            operator.clear(InvalidationMode::Hard).unwrap();
            // It hears of it at a good moment, and asks copies from then on.
            world.secs(31);
            reader.get(WARM[0]).0.unwrap();
            reader.settle();
            world.redis.lag.set(lag);
            for _ in 0..6 {
                let answer = reader.get(WARM[0]).0.unwrap();
                let old = version(&answer.listing) == Some(1);
                assert!(!(old && answer.served != Served::Stale), "{lag:?}, seed {seed}");
                world.secs(20);
            }
        }
    }
}

#[test]
fn s4_a_claim_tells_more_than_the_copies() {
    for seed in 0..40 {
        let world = World::new(seed);
        let operator = world.isolate(1);
        operator.warm(false);
        world.origin.change();
        operator.clear(InvalidationMode::Hard).unwrap();
        world.redis.lag.set(Lag::Whole(1_000));
        world.kv.fault.set(Fault::Error);
        let isolate = world.isolate(2);
        isolate.get(WARM[0]).0.unwrap();
        // The copies of its first answer knew nothing of the clear; behind it, the claim does.
        world.secs(120);
        isolate.get(WARM[0]).0.unwrap();
        isolate.settle();
        world.redis.lag.set(Lag::None);
        world.secs(31);
        isolate.get(WARM[0]).0.unwrap();
        isolate.settle();
        let answer = isolate.get(WARM[0]).0.unwrap();
        assert_eq!(version(&answer.listing), Some(2), "seed {seed}");
    }
}

#[test]
fn s4b_a_load_that_began_before_a_clear_poisons_nothing_however_slow_it_is() {
    for took_secs in [1, 7, 8] {
        let world = World::new(took_secs);
        world.origin.latency_ms.set(took_secs * 1_000 - 100);
        let slow = world.isolate(1);
        world.sim.spawn(1, async move { drop(slow.ask(WARM[0]).await) });
        world.sim.run_for(Duration::from_millis(500));
        world.origin.change();
        world.isolate(2).clear(InvalidationMode::Hard).unwrap();
        world.secs(90);
        for key in
            [world.keys.resource(&Resource::Snapshot(ACTIVE)), world.keys.listing(&WARM[0].into())]
        {
            assert_eq!(world.redis.get(&key), None, "{took_secs} s: {key}");
            assert_eq!(world.kv.newest(&key), None, "{took_secs} s: {key}");
        }
    }
}

#[test]
fn s4c_what_the_backend_wrote_under_our_key_is_not_renewed_as_ours() {
    // The key expires with ours, or a moment before or after.
    for offset_ms in [-1_000, -1, 1, 1_000] {
        let world = World::new(4);
        let isolate = world.isolate(1);
        isolate.warm(false);
        let key = world.keys.listing(&WARM[0].into());
        let expires = world.redis.stored(&key).unwrap().expires.unwrap();
        let left = (expires - world.sim.now().0).saturating_add_signed(offset_ms);
        world.redis.set(&key, &listing(9, 10, WARM[0]), Some(Duration::from_millis(left)));
        world.secs(600);
        let report = isolate.warm(false);
        assert_eq!(report.published.redis, Some("published"), "{offset_ms}");
        let text = world.redis.get(&key).unwrap();
        assert_eq!(version_of(&decoded(&text)), Some(1), "{offset_ms}");
    }
}

#[test]
fn s6_a_clear_that_dies_anywhere_leaves_nothing_old_that_counts_as_new() {
    for dies_after_ms in 0..40 {
        let world = World::new(dies_after_ms);
        world.isolate(1).warm(false);
        world.secs(60);
        world.origin.change();
        let operator = world.isolate(2);
        let cache = operator.cache.clone();
        world.sim.spawn(77, async move { drop(cache.invalidate(InvalidationMode::Hard).await) });
        world.sim.run_for(Duration::from_millis(dies_after_ms));
        world.sim.kill(77);
        let raised = world
            .redis
            .get(&world.keys.control())
            .is_some_and(|text| Control::read(&text).unwrap().barrier > 0);
        let answer = world.isolate(3).get(WARM[0]).0.unwrap();
        if raised {
            let wanted = (Served::Miss, Some(2));
            assert_eq!((answer.served, version(&answer.listing)), wanted, "{dies_after_ms} ms");
        }
        // Said again, it is complete.
        world.isolate(4).clear(InvalidationMode::Hard).unwrap();
        let answer = world.isolate(5).get(WARM[0]).0.unwrap();
        assert_eq!(version(&answer.listing), Some(2), "{dies_after_ms} ms");
    }
}

#[test]
fn s6_what_was_cleared_while_an_isolate_slept_is_not_served_while_the_origin_is_slow() {
    let world = World::new(6);
    let (sleeper, operator) = (world.isolate(1), world.isolate(2));
    sleeper.get(WARM[0]).0.unwrap();
    sleeper.settle();
    world.secs(5_000);
    world.origin.change();
    operator.clear(InvalidationMode::Hard).unwrap();
    world.origin.latency_ms.set(3_000);
    let answer = sleeper.get(WARM[0]).0.unwrap();
    assert_eq!((answer.served, version(&answer.listing)), (Served::Miss, Some(2)));
}

#[test]
fn the_marker_of_two_clears_at_once_is_the_later_one() {
    for seed in 0..200 {
        let world = World::new(seed);
        world.kv.lag_ms.set(60_000);
        world.isolate(1).warm(false);
        for group in 2..=3 {
            let operator = world.isolate(group);
            world.sim.spawn(group, async move {
                operator.sim.sleep(Duration::from_millis(operator.sim.below(12))).await;
                operator.cache.invalidate(InvalidationMode::Hard).await.unwrap();
            });
        }
        world.secs(20);
        assert_eq!(marker(&world), control(&world), "seed {seed}");
    }
}

#[test]
fn a_publication_does_not_put_the_marker_back() {
    for (seed, offset_ms) in (0..30).flat_map(|seed| (0..25).map(move |offset| (seed, offset))) {
        let world = World::new(seed);
        world.kv.lag_ms.set(60_000);
        let cron = world.isolate(1);
        cron.clear(InvalidationMode::Soft).unwrap();
        world.secs(70);
        world.kv.versions.borrow_mut().remove(&world.keys.marker());
        world.origin.latency_ms.set(5);
        let cache = cron.cache.clone();
        world.sim.spawn(1, async move { drop(cache.warm(false).await) });
        world.sim.run_for(Duration::from_millis(offset_ms));
        let operator = world.isolate(2);
        world.sim.spawn(2, async move {
            operator.cache.invalidate(InvalidationMode::Hard).await.unwrap();
        });
        world.secs(20);
        assert_eq!(marker(&world), control(&world), "seed {seed}, {offset_ms} ms");
    }
}

#[test]
fn a_marker_that_is_behind_is_left_to_the_invalidator_for_a_minute() {
    let world = World::new(10);
    let isolate = world.isolate(1);
    isolate.warm(false);
    world.kv.fault.set(Fault::Error);
    assert!(!isolate.clear(InvalidationMode::Hard).unwrap().marked);
    world.kv.fault.set(Fault::None);
    let before = marker(&world);
    // Redis answers nothing now and then, so that checks read the marker.
    let meter = Meter::new(&world);
    let mut written_after = None;
    for second in 0..900 {
        world.redis.fault.set(if second % 40 < 20 { Fault::Error } else { Fault::None });
        world.origin.fault.set(Fault::Error);
        isolate.busy(&[WARM[0].into()], 1_000, 1);
        if marker(&world) != before {
            written_after = written_after.or(Some(second));
        }
    }
    let after = marker(&world);
    assert_eq!(after, control(&world), "{before:?}");
    assert!(written_after.is_some_and(|secs| secs >= 59), "{written_after:?}");
    let of_marker = world.kv.versions.borrow()[&world.keys.marker()].len();
    assert!(of_marker <= 3, "{of_marker}: {:?}", meter.read());
}

#[test]
fn an_isolate_that_was_cut_off_does_not_put_the_marker_back() {
    // It knows of one clear, and finds the marker behind that; another clear comes, of which KV's copy here does not tell yet.
    for seed in 0..100 {
        let world = World::new(seed);
        let (isolate, operator) = (world.isolate(1), world.isolate(2));
        isolate.warm(false);
        world.kv.fault.set(Fault::Error);
        isolate.clear(InvalidationMode::Hard).unwrap();
        world.kv.fault.set(Fault::None);
        world.kv.lag_ms.set(60_000);
        let mut cut_off = world.clone();
        cut_off.redis.fault = std::rc::Rc::default();
        world.redis.fault.set(Fault::Error);
        let clear_at = 20 + world.sim.below(70);
        for second in 0..150 {
            if second == clear_at {
                world.redis.fault.set(Fault::None);
                operator.clear(InvalidationMode::Hard).unwrap();
                world.redis.fault.set(Fault::Error);
            }
            isolate.busy(&[WARM[0].into()], 1_000, 1);
        }
        assert_eq!(marker(&world), control(&world), "seed {seed}, cleared at {clear_at} s");
    }
}
