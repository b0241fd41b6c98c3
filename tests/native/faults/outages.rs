//! Tiers that are out for long: what it costs meanwhile, and what is served (C1, C12, S3, S5, S7).

use std::time::Duration;

use model_catalog_edge::{
    cache::{InvalidationMode, Served},
    catalog::{Scope, View, WARM},
};

use super::{Meter, combinations};
use crate::support::{
    catalog::{snapshot, version},
    isolate::World,
    redis::Fault,
};

const FAULTS: [Fault; 3] = [Fault::Error, Fault::Hung, Fault::Quota];

fn warm_views() -> Vec<View> {
    WARM.map(View::from).to_vec()
}

#[test]
fn c1_without_redis_an_isolate_loads_once_a_ttl() {
    for (fault, in_kv) in FAULTS.into_iter().flat_map(|fault| [(fault, true), (fault, false)]) {
        let world = World::new(1);
        if in_kv {
            world.put_in_kv(&snapshot(1, 10), Duration::from_secs(1_000), 0);
        }
        // From its birth on.
        world.redis.fault.set(fault);
        let isolate = world.isolate(1);
        isolate.get(WARM[0]).0.unwrap();
        let meter = Meter::new(&world);
        let served = isolate.busy(&warm_views(), 1_000, 4 * 1_800);
        let spent = meter.read();
        assert!(spent.loads <= 4, "{fault:?}, KV {in_kv}: {spent:?}");
        assert!(served.iter().all(Option::is_some), "{fault:?}, KV {in_kv}");
    }
}

#[test]
fn c1_redis_goes_while_a_source_expires() {
    for fault in FAULTS {
        let world = World::new(1);
        let isolate = world.isolate(1);
        isolate.warm(false);
        isolate.busy(&warm_views(), 1_000, 1_700);
        world.redis.fault.set(fault);
        let meter = Meter::new(&world);
        isolate.busy(&warm_views(), 1_000, 3_600);
        let spent = meter.read();
        assert!((1..=2).contains(&spent.loads), "{fault:?}: {spent:?}");
    }
}

#[test]
fn c1_all_tiers_but_the_origin_are_gone_and_nothing_can_be_kept() {
    let mut world = World::new(1);
    world.policy.memory_max_bytes = 0;
    world.redis.fault.set(Fault::Error);
    world.kv.fault.set(Fault::Error);
    let isolate = world.isolate(1);
    let meter = Meter::new(&world);
    for (answer, _) in isolate.together(&warm_views(), 50) {
        answer.unwrap();
    }
    assert_eq!(meter.read().loads, 1);
}

#[test]
fn c1_an_origin_that_is_out_while_everything_expired_costs_little() {
    for held in [true, false] {
        let world = World::new(1);
        if held {
            world.isolate(9).warm(false);
        }
        world.sim.run_for(Duration::from_secs(3_000));
        world.origin.fault.set(Fault::Error);
        let isolate = world.isolate(1);
        let meter = Meter::new(&world);
        isolate.busy(&warm_views(), 200, 600);
        let spent = meter.read();
        // Ten minutes: one look a view and half minute, and the probes of the origin.
        assert!(spent.redis.requests <= 400, "held {held}: {spent:?}");
        assert!(spent.kv_reads <= 400, "held {held}: {spent:?}");
        assert!(spent.loads <= 20, "held {held}: {spent:?}");
    }
}

/// Busy views of both scopes, those that are kept warm first.
fn busy_views() -> Vec<View> {
    let all = combinations(Scope::All);
    warm_views().into_iter().chain(all.into_iter().take(4)).collect()
}

#[test]
fn an_origin_that_is_out_costs_a_busy_isolate_its_checks() {
    let world = World::new(2);
    world.origin.latency_ms.set(700);
    world.redis.fault.set(Fault::Slow(30));
    let isolate = world.isolate(1);
    isolate.warm(false);
    isolate.flooded(&busy_views(), 50, 60);
    world.origin.fault.set(Fault::Error);
    // Until its TTL is over, and the window in which it is served with a refresh behind.
    isolate.flooded(&busy_views(), 1_000, 2_100);
    let meter = Meter::new(&world);
    world.redis.calls.borrow_mut().clear();
    let minutes = 45;
    let served = isolate.flooded(&busy_views(), 20, minutes * 60);
    let spent = meter.read();
    let asked = world.redis.calls.borrow().concat();
    let of = |what: &str| asked.iter().filter(|call| call.contains(what)).count();
    assert!(served.iter().all(|served| *served == Some(Served::Stale)));
    let minutes = usize::try_from(minutes).unwrap();
    let (checks, own_keys) = (of("MGET"), of("EVAL_RO"));
    let kinds = format!("{checks} checks, {own_keys} own keys, {spent:?}");
    assert!(checks <= 2 * minutes + 2, "one each half minute: {kinds}");
    assert!(
        own_keys <= 4 * minutes,
        "with each, one of each source that the backend may have put: {kinds}"
    );
    assert!(spent.loads <= 2 * minutes + 10, "{kinds}");
    // Each minute the counters, and for both sources the lease, back and forth.
    assert!(spent.redis.commands <= checks + own_keys + 6 * minutes, "{kinds}");
    assert!(spent.redis.bytes_down <= 100_000, "{kinds}");
    assert_eq!(spent.kv_reads, 0, "Redis answers: {kinds}");
}

#[test]
fn an_origin_that_is_out_is_tried_by_one_isolate_and_waited_for_by_none() {
    let world = World::new(3);
    world.origin.latency_ms.set(700);
    let isolates: Vec<_> = (1..=5).map(|group| world.isolate(group)).collect();
    isolates[0].warm(false);
    let flood = |every_ms: u64, secs: u64| {
        let end = world.sim.now() + Duration::from_secs(secs);
        while world.sim.now() < end {
            for isolate in &isolates {
                let isolate = isolate.clone();
                let view = warm_views()[0];
                world.sim.spawn(isolate.group, async move { drop(isolate.ask(view).await) });
            }
            world.sim.run_for(Duration::from_millis(every_ms));
        }
    };
    flood(100, 60);
    flood(1_000, 1_700);
    world.origin.fault.set(Fault::Error);
    flood(1_000, 600);
    let meter = Meter::new(&world);
    world.redis.calls.borrow_mut().clear();
    let minutes = 20;
    flood(100, minutes * 60);
    let spent = meter.read();
    let asked = world.redis.calls.borrow().concat();
    let scripts = asked.iter().filter(|call| *call == "EVAL").count();
    let isolate_minutes = 5 * usize::try_from(minutes).unwrap();
    assert!(spent.loads <= 30, "{spent:?}");
    // The counters, and twice what it takes to learn that the origin is left alone still.
    assert!(scripts <= isolate_minutes * 5, "{scripts} scripts, {spent:?}");
}

#[test]
fn a_redis_that_is_out_costs_a_busy_isolate_a_marker_an_interval() {
    for fault in FAULTS {
        let world = World::new(2);
        let isolate = world.isolate(1);
        isolate.warm(false);
        isolate.flooded(&busy_views(), 50, 60);
        world.redis.fault.set(fault);
        let meter = Meter::new(&world);
        let served = isolate.flooded(&busy_views(), 20, 600);
        let spent = meter.read();
        assert!(served.iter().all(|served| *served == Some(Served::Hit)), "{fault:?}");
        assert!((10..=21).contains(&spent.kv_reads), "{fault:?}: {spent:?}");
        assert_eq!(spent.loads, 0, "{fault:?}");
        // Whether it is back is tried each five seconds, or as its breaker allows.
        assert!(spent.redis.requests <= 140, "{fault:?}: {spent:?}");
    }
}

#[test]
fn c12_while_the_backend_writes_loads_are_a_minute_apart() {
    let world = World::new(12);
    let isolates: Vec<_> = (1..=3).map(|group| world.isolate(group)).collect();
    for isolate in &isolates {
        isolate.get(WARM[0]).0.unwrap();
        isolate.settle();
    }
    // It raises its epoch first, so that all there is counts as changed.
    world.redis.run(&["INCR", &world.keys.backend_epoch()]);
    world.redis.set(&world.keys.sync_marker(), "1", Some(Duration::from_secs(900)));
    let meter = Meter::new(&world);
    for _ in 0..200 {
        for isolate in &isolates {
            let served = isolate.busy(&warm_views(), 500, 1);
            assert!(served.iter().all(Option::is_some));
        }
    }
    let spent = meter.read();
    assert!(spent.loads <= 11, "ten minutes: {spent:?}");
    assert!(spent.loads >= 5, "and it goes on: {spent:?}");
    assert!(spent.redis.bytes_up <= 400_000, "nothing is published: {spent:?}");
}

#[test]
fn c12_cold_isolates_take_what_is_stale_while_the_backend_writes() {
    // Served while it is loaded anew, or only for want of anything better.
    for age in [1_900, 20_000] {
        let world = World::new(12);
        world.put_in_kv(&snapshot(1, 10), Duration::from_secs(age), 0);
        world.redis.set(&world.keys.sync_marker(), "1", Some(Duration::from_secs(900)));
        let meter = Meter::new(&world);
        for group in 1..=10 {
            let isolate = world.isolate(group);
            assert!(isolate.get(WARM[0]).0.is_ok());
            isolate.settle();
        }
        assert!(meter.read().loads <= 1, "{age} s");
    }
}

#[test]
fn who_waited_for_a_read_that_failed_tries_for_itself() {
    let world = World::new(12);
    let isolate = world.isolate(1);
    world.redis.fault.set(Fault::Hung);
    world.kv.fault.set(Fault::Error);
    let meter = Meter::new(&world);
    for (answer, _) in isolate.together(&[View::from(WARM[0])], 2) {
        assert_eq!(answer.unwrap().served, Served::Miss);
    }
    // The value and the marker by each of them, and the value once more to measure the load against.
    assert_eq!(meter.read().kv_reads, 5);
}

#[test]
fn who_has_nothing_does_not_wait_for_the_backend_to_end_writing() {
    let world = World::new(12);
    world.redis.set(&world.keys.sync_marker(), "1", Some(Duration::from_secs(900)));
    for group in 1..=3 {
        let isolate = world.isolate(group);
        assert_eq!(isolate.get(WARM[0]).0.unwrap().served, Served::Miss);
        isolate.settle();
    }
}

#[test]
fn s3_what_kv_has_from_before_a_clear_is_no_hit_whatever_redis_does() {
    for fault in [Fault::Error, Fault::Hung, Fault::Slow(400), Fault::Quota] {
        let world = World::new(3);
        let operator = world.isolate(1);
        operator.warm(false);
        world.secs(100);
        world.origin.change();
        assert!(operator.clear(InvalidationMode::Hard).unwrap().marked);
        world.redis.fault.set(fault);
        let (answer, _) = world.isolate(2).get(WARM[0]);
        let answer = answer.unwrap();
        assert_eq!((answer.served, version(&answer.listing)), (Served::Miss, Some(2)), "{fault:?}");
        if let Fault::Slow(_) = fault {
            continue;
        }
        // Nor is it when the origin can say nothing either: then it is stale, and says so.
        world.origin.fault.set(Fault::Error);
        let answer = world.isolate(3).get(WARM[0]).0.unwrap();
        assert_eq!(
            (answer.served, version(&answer.listing)),
            (Served::Stale, Some(1)),
            "{fault:?}"
        );
    }
}

#[test]
fn s3_what_nobody_can_verify_is_a_hit_for_a_minute_only() {
    let world = World::new(3);
    let isolate = world.isolate(1);
    isolate.warm(false);
    isolate.get(WARM[0]).0.unwrap();
    world.redis.fault.set(Fault::Error);
    world.kv.fault.set(Fault::Error);
    world.secs(100);
    isolate.get(WARM[0]).0.unwrap();
    isolate.settle();
    let (answer, status, _) = isolate.get_traced(WARM[0]);
    assert_eq!(answer.unwrap().served, Served::Stale);
    assert!(status.contains("detail=unverified"), "{status}");
    world.redis.fault.set(Fault::None);
    world.secs(60);
    isolate.get(WARM[0]).0.unwrap();
    isolate.settle();
    assert_eq!(isolate.get(WARM[0]).0.unwrap().served, Served::Hit);
}

#[test]
fn s5_a_clear_that_failed_has_lost_nothing() {
    for mode in [InvalidationMode::Hard, InvalidationMode::Soft] {
        let world = World::new(5);
        let isolate = world.isolate(1);
        isolate.warm(false);
        isolate.get(WARM[0]).0.unwrap();
        for tier in [&world.redis.fault, &world.kv.fault, &world.origin.fault] {
            tier.set(Fault::Error);
        }
        assert!(isolate.clear(mode).is_err());
        for view in combinations(Scope::Active) {
            let (answer, took) = isolate.get(view);
            assert_eq!(answer.unwrap().served, Served::Hit, "{view:?}");
            assert!(took <= Duration::from_millis(5));
        }
        assert_eq!(isolate.logged("invalidated"), 0);
    }
}

#[test]
fn s7_after_an_outage_copies_by_time_are_stale_at_once() {
    let world = World::new(7);
    let operator = world.isolate(1);
    operator.clear(InvalidationMode::Hard).unwrap();
    world.secs(20_000);
    world.redis.fault.set(Fault::Error);
    world.kv.fault.set(Fault::Error);
    let isolate = world.isolate(2);
    isolate.get(WARM[0]).0.unwrap();
    world.secs(1_790);
    world.redis.fault.set(Fault::None);
    world.kv.fault.set(Fault::None);
    isolate.get(WARM[0]).0.unwrap();
    world.secs(11);
    // It has expired by now, and Redis has nothing.
    world.redis.data.borrow_mut().retain(|key, _| key.ends_with("control"));
    world.origin.latency_ms.set(5_000);
    let (answer, took) = isolate.get(WARM[0]);
    assert_eq!(answer.unwrap().served, Served::Stale);
    assert!(took <= Duration::from_millis(200), "{took:?}");
}

#[test]
fn s7_what_the_backend_wrote_since_a_clear_is_served() {
    let world = World::new(7);
    world.isolate(1).clear(InvalidationMode::Hard).unwrap();
    world.secs(300);
    let text = crate::support::catalog::listing(2, 10, WARM[0]);
    world.redis.set(&world.keys.listing(&WARM[0].into()), &text, Some(Duration::from_secs(1_790)));
    let answer = world.isolate(2).get(WARM[0]).0.unwrap();
    assert_eq!((answer.served, answer.age.as_secs()), (Served::Hit, 10));
}
