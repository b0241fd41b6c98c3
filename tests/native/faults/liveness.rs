//! Nobody waits for the dead, and those who wait together cost what one costs (C6, C8, C11).

use std::time::Duration;

use model_catalog_edge::{
    cache::{Served, protocol::Control},
    catalog::{Resource, Scope, View, WARM},
};

use super::{Meter, combinations};
use crate::support::{
    catalog::{snapshot, version},
    isolate::{ACTIVE, World},
    redis::Fault,
};

const MS: fn(u64) -> Duration = Duration::from_millis;

/// KV's marker stands, as it does from the first publication on.
fn tell_kv(world: &World) {
    let marker = Control::default().to_text();
    world.kv.set(&world.keys.marker(), &marker, Some(&marker));
}

#[test]
fn c6_a_request_that_dies_does_not_stop_its_isolate() {
    // Wherever it stands: before the claim, while it reads the origin, while it publishes.
    for dies_after_ms in (0..1_500).step_by(20) {
        let world = World::new(dies_after_ms);
        world.origin.latency_ms.set(1_000);
        let isolate = world.isolate(1);
        let leader = isolate.clone();
        world.sim.spawn(77, async move { drop(leader.ask(WARM[0]).await) });
        world.sim.run_for(MS(dies_after_ms));
        world.sim.kill(77);
        let (answer, took) = isolate.get(WARM[0]);
        assert!(answer.is_ok(), "died after {dies_after_ms} ms: {answer:?}");
        let patience = MS(1_000 + 3_300);
        assert!(took <= patience, "died after {dies_after_ms} ms: {took:?}");
    }
}

#[test]
fn c6_a_dead_isolates_lease_costs_three_seconds_at_most() {
    for (latency_ms, left_secs) in [(100, 3), (2_000, 3), (2_000, 60), (400, 3_600)] {
        let world = World::new(latency_ms);
        world.origin.latency_ms.set(latency_ms);
        world.redis.set(&world.keys.lease(ACTIVE), "dead", Some(Duration::from_secs(left_secs)));
        tell_kv(&world);
        let meter = Meter::new(&world);
        let (answer, took) = world.isolate(1).get(WARM[0]);
        assert_eq!(answer.unwrap().served, Served::Miss);
        assert!(took <= MS(latency_ms + 3_000), "{took:?} where the origin takes {latency_ms} ms");
        world.sim.run_for(Duration::from_secs(3));
        let spent = meter.read();
        assert!(spent.redis.requests <= 12, "{latency_ms} ms, {left_secs} s: {spent:?}");
    }
}

#[test]
fn c6_five_isolates_behind_a_dead_lease_are_all_served() {
    let world = World::new(6);
    world.origin.latency_ms.set(2_000);
    world.redis.set(&world.keys.lease(ACTIVE), "dead", Some(Duration::from_secs(90)));
    tell_kv(&world);
    let meter = Meter::new(&world);
    for group in 1..=5 {
        let isolate = world.isolate(group);
        world.sim.spawn(group, async move {
            let begun = isolate.sim.now();
            assert!(isolate.ask(WARM[0]).await.is_ok());
            assert!(isolate.sim.now().since(begun) <= MS(5_000));
        });
    }
    world.sim.run_for(Duration::from_secs(10));
    let spent = meter.read();
    assert!(spent.redis.requests <= 60 && spent.loads <= 5, "{spent:?}");
}

#[test]
fn c8_what_is_too_old_for_memory_is_read_once_for_all_who_ask_together() {
    let world = World::new(8);
    let isolate = world.isolate(1);
    isolate.warm(false);
    // Past what is served at once, with an origin that has nothing newer to give.
    world.sim.run_for(Duration::from_secs(2_300));
    world.origin.models.set(0);
    let meter = Meter::new(&world);
    for (answer, took) in isolate.together(&[WARM[0].into()], 200) {
        assert_eq!(answer.unwrap().served, Served::Stale);
        assert!(took <= MS(1_500), "{took:?}");
    }
    let spent = meter.read();
    assert!(spent.redis.requests <= 8 && spent.kv_reads <= 4, "{spent:?}");
    assert_eq!(spent.loads, 1);
}

#[test]
fn c8_without_room_in_memory_twenty_cold_requests_are_one_load() {
    for (latency_ms, room) in [(0, 0), (20, 0), (400, 0), (5_000, 0), (400, 20_000)] {
        let mut world = World::new(latency_ms);
        world.policy.memory_max_bytes = room;
        world.origin.latency_ms.set(latency_ms);
        let isolate = world.isolate(1);
        let meter = Meter::new(&world);
        for (answer, took) in isolate.together(&combinations(Scope::Active), 20) {
            assert_eq!(version(&answer.unwrap().listing).unwrap_or(1), 1);
            assert!(took <= MS(latency_ms + 1_000), "{took:?}");
        }
        let spent = meter.read();
        assert_eq!(spent.loads, 1, "{latency_ms} ms, {room} bytes: {spent:?}");
    }
}

#[test]
fn c8_without_room_in_memory_requests_share_what_redis_has() {
    let mut world = World::new(9);
    world.policy.memory_max_bytes = 0;
    world.put_in_redis(&snapshot(1, 10), Duration::from_secs(60), 0);
    let isolate = world.isolate(1);
    let meter = Meter::new(&world);
    for (answer, _) in isolate.together(&[WARM[0].into()], 100) {
        assert_eq!(answer.unwrap().served, Served::Hit);
    }
    let spent = meter.read();
    assert!(spent.redis.requests <= 3 && spent.loads == 0, "{spent:?}");
}

#[test]
fn c11_those_who_wait_for_a_long_load_use_few_timers() {
    let world = World::new(11);
    world.origin.latency_ms.set(7_000);
    let isolate = world.isolate(1);
    let before = world.sim.sleeps();
    isolate.together(&[WARM[0].into()], 11);
    let timers = world.sim.sleeps() - before;
    assert!(timers <= 11 * 60, "{timers} timers for one leader and ten who wait");
}

#[test]
fn c11_those_who_wait_for_a_short_load_lose_little_time() {
    for latency_ms in [30, 100, 250, 700] {
        let world = World::new(latency_ms);
        world.origin.latency_ms.set(latency_ms);
        let answers = world.isolate(1).together(&[WARM[0].into()], 10);
        let slowest = answers.iter().map(|(_, took)| *took).max().unwrap();
        let fastest = answers.iter().map(|(_, took)| *took).min().unwrap();
        assert!(slowest <= fastest + MS(latency_ms / 2 + 20), "{fastest:?} {slowest:?}");
    }
}

#[test]
fn a_clock_that_is_behind_costs_no_load_for_each_request() {
    let world = World::new(17);
    let (ahead, behind) = (world.skewed_isolate(1, 5_000), world.skewed_isolate(2, -5_000));
    ahead.get(WARM[0]).0.unwrap();
    ahead.settle();
    // The version stays, its snapshot does not, and KV is of no help.
    let snapshot = world.keys.resource(&Resource::Snapshot(ACTIVE));
    world.redis.data.borrow_mut().remove(&snapshot);
    world.kv.fault.set(Fault::Error);
    world.secs(1);
    world.origin.change();
    let meter = Meter::new(&world);
    let mut views = combinations(Scope::Active);
    views.retain(|view| !WARM.map(View::from).contains(view));
    for (answer, _) in behind.together(&views, 6) {
        answer.unwrap();
    }
    assert_eq!(meter.read().loads, 1);
    world.secs(40);
    let (answer, _) = ahead.get(WARM[0]);
    ahead.settle();
    assert!(answer.is_ok());
    let (answer, _) = ahead.get(WARM[0]);
    assert_eq!(version(&answer.unwrap().listing), Some(world.origin.version.get()));
}

/// How often Redis was asked for records, or for a snapshot with them.
fn reads(world: &World) -> usize {
    let calls = world.redis.calls.borrow();
    calls.iter().flatten().filter(|command| command.starts_with("MGET")).count()
}

/// A view that nobody keeps warm.
fn unwarmed() -> View {
    let views = combinations(Scope::Active);
    views.into_iter().find(|view| !WARM.map(View::from).contains(view)).unwrap()
}

#[test]
fn who_waits_for_a_lease_looks_once_for_a_snapshot_that_is_not_there() {
    let world = World::new(18);
    let other = world.isolate(1);
    other.get(WARM[0]).0.unwrap();
    other.settle();
    world.redis.data.borrow_mut().remove(&world.keys.resource(&Resource::Snapshot(ACTIVE)));
    world.kv.fault.set(Fault::Error);
    world.redis.set(&world.keys.lease(ACTIVE), "dead", Some(Duration::from_secs(60)));
    let before = reads(&world);
    let (answer, took) = world.isolate(2).get(unwarmed());
    assert_eq!(answer.unwrap().served, Served::Miss);
    assert!(took >= Duration::from_secs(2), "it waited: {took:?}");
    assert_eq!(reads(&world) - before, 2, "before the claim and after it");
}

#[test]
fn requests_that_come_during_a_load_read_no_tier_again() {
    let world = World::new(19);
    world.origin.latency_ms.set(3_000);
    let isolate = world.isolate(1);
    let meter = Meter::new(&world);
    for view in [View::from(WARM[0]), unwarmed(), View::from(WARM[1])] {
        let asking = isolate.clone();
        world.sim.spawn(1, async move { drop(asking.ask(view).await) });
        world.sim.run_for(MS(700));
    }
    let spent = meter.read();
    assert_eq!((reads(&world), spent.kv_reads, spent.loads), (1, 2, 1), "{spent:?}");
}
