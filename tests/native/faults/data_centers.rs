//! What the isolates of a data center leave each other: what it saves, and that nothing but the cost depends on it.

use std::time::Duration;

use model_catalog_edge::{
    cache::{InvalidationMode, Served},
    catalog::{Scope, View, WARM},
    config::Mode,
};

use super::{Meter, combinations};
use crate::support::{
    catalog::version,
    colo::FakeColo,
    isolate::{Isolate, World},
    redis::Fault,
};

fn view() -> View {
    WARM[0].into()
}

/// A world whose isolates share a data center.
fn near(seed: u64) -> World {
    let mut world = World::new(seed);
    world.policy.colo = Some(7);
    world.origin.models.set(400);
    world
}

/// The same world from another data center.
fn elsewhere(world: &World) -> World {
    World { colo: FakeColo::new(&world.sim), ..world.clone() }
}

/// So many requests of one isolate after the other, for so many seconds.
fn busy(isolates: &[Isolate], every_ms: u64, secs: u64) -> Vec<Option<Served>> {
    let end = isolates[0].sim.now() + Duration::from_secs(secs);
    let mut served = Vec::new();
    while isolates[0].sim.now() < end {
        let (answer, took) = isolates[served.len() % isolates.len()].get(view());
        served.push(answer.ok().map(|answer| answer.served));
        let took = u64::try_from(took.as_millis()).unwrap();
        isolates[0].sim.run_for(Duration::from_millis(every_ms.saturating_sub(took)));
    }
    served
}

fn seen(isolate: &Isolate) -> (u64, Served) {
    let answer = isolate.get(view()).0.unwrap();
    (version(&answer.listing).unwrap(), answer.served)
}

#[test]
fn isolates_born_one_after_another_read_the_snapshot_from_redis_once() {
    let world = near(1);
    for pause in [1, 20, 60, 400] {
        world.isolate(9).warm(false);
        let world = elsewhere(&world);
        let meter = Meter::new(&world);
        let mut bytes = Vec::new();
        for group in 1..=4 {
            let (answer, status, _) = world.isolate(group).get_traced(view());
            assert_eq!(answer.unwrap().served, Served::Hit);
            if pause == 1 {
                assert_eq!(status.contains("colo; hit"), group > 1, "{status}");
            }
            world.secs(pause);
            bytes.push(meter.read().redis);
        }
        assert!(bytes[0].bytes_down > 5_000 && bytes[0].commands == 1, "{pause}: {bytes:?}");
        assert!(bytes[1..].iter().all(|counts| counts.bytes_down < 1_000), "{pause}: {bytes:?}");
        assert!(bytes[1..].iter().all(|counts| counts.commands <= 1), "{pause}: {bytes:?}");
    }
}

#[test]
fn a_busy_minute_of_four_isolates_is_four_commands() {
    let world = near(2);
    let isolates: Vec<_> = (1..=4).map(|group| world.isolate(group)).collect();
    isolates[0].warm(false);
    busy(&isolates, 50, 40);
    let meter = Meter::new(&world);
    let served = busy(&isolates, 50, 60);
    let spent = meter.read();
    assert!(spent.redis.commands <= 4 && spent.redis.bytes_down < 4_000, "{spent:?}");
    assert!(served.iter().all(|served| *served == Some(Served::Hit)));
}

#[test]
fn what_an_isolate_counts_is_six_commands_an_hour() {
    let mut world = near(3);
    world.policy.ttl = Duration::from_secs(7_200);
    let isolates: Vec<_> = (1..=4).map(|group| world.isolate(group)).collect();
    isolates[0].warm(false);
    busy(&isolates, 500, 60);
    world.redis.calls.borrow_mut().clear();
    busy(&isolates, 500, 3_600);
    let calls = world.redis.calls.take();
    let checks = calls.iter().flatten().filter(|word| word.starts_with("MGET")).count();
    let others = calls.iter().flatten().filter(|word| word.starts_with("EVAL")).count();
    assert!((120..=3_600 / 25 + 2).contains(&checks), "{checks}");
    assert!((4 * 5..=4 * 6).contains(&others), "{others}");
}

#[test]
fn new_content_is_fetched_once_for_a_data_center() {
    let world = near(4);
    let cron = world.isolate(9);
    cron.warm(false);
    let there = elsewhere(&world);
    let isolates: Vec<_> = (1..=8).map(|group| there.isolate(group)).collect();
    busy(&isolates, 40, 60);
    for _ in 0..4 {
        world.origin.change();
        cron.warm(false);
        let size = world.redis.get("t:models:edge:snapshot:active").unwrap().len();
        let meter = Meter::new(&there);
        busy(&isolates, 40, 60);
        let spent = meter.read();
        assert!(spent.redis.bytes_down < size + size / 2, "{size}: {spent:?}");
        assert!(spent.redis.commands <= 6, "{spent:?}");
        for isolate in &isolates {
            assert_eq!(seen(isolate), (world.origin.version.get(), Served::Hit));
        }
    }
}

#[test]
fn an_invalidation_is_seen_everywhere_within_35_seconds() {
    for phase in [0, 3, 7, 11, 17, 24, 26, 29] {
        let world = near(5);
        let there = elsewhere(&world);
        let (operator, beside) = (world.isolate(8), world.isolate(9));
        operator.warm(false);
        let isolates: Vec<_> = (1..=3).map(|group| there.isolate(group)).collect();
        busy(&isolates, 100, 30 + phase);
        busy(std::slice::from_ref(&beside), 100, 1);
        let before = world.origin.version.get();
        world.origin.change();
        operator.clear(InvalidationMode::Hard).unwrap();
        let cleared = world.sim.now();
        busy(std::slice::from_ref(&beside), 100, 6);
        assert_ne!(seen(&beside).0, before, "{phase}: its own data center is told at once");
        let mut last = world.sim.now();
        while world.sim.now().since(cleared) < Duration::from_secs(60) {
            for isolate in &isolates {
                if seen(isolate) == (before, Served::Hit) {
                    last = world.sim.now();
                }
            }
            world.sim.run_for(Duration::from_millis(100));
        }
        let lag = last.since(cleared);
        assert!(lag <= Duration::from_secs(35), "{phase}: {lag:?}");
    }
}

#[test]
fn a_cache_that_gives_what_was_replaced_brings_nothing_back() {
    let world = near(6);
    let isolates: Vec<_> = (1..=3).map(|group| world.isolate(group)).collect();
    isolates[0].warm(false);
    busy(&isolates, 100, 40);
    let before = world.origin.version.get();
    world.colo.lag_ms.set(45_000);
    world.origin.change();
    isolates[0].clear(InvalidationMode::Hard).unwrap();
    busy(&isolates, 100, 36);
    let born = world.isolate(7);
    for isolate in isolates.iter().chain([&born]) {
        let (version, served) = seen(isolate);
        assert!(version != before || served != Served::Hit, "{version} {served:?}");
    }
}

#[test]
fn where_there_is_no_cache_nothing_but_the_cost_is_another() {
    let spent = |fault: Option<Fault>, keeps: bool, is_on: bool| {
        let mut world = near(7);
        world.policy.colo = is_on.then_some(7);
        world.colo.fault.set(fault.unwrap_or(Fault::None));
        world.colo.keeps.set(keeps);
        let isolates: Vec<_> = (1..=3).map(|group| world.isolate(group)).collect();
        isolates[0].warm(false);
        world.secs(5);
        let meter = Meter::new(&world);
        let served = busy(&isolates, 100, 500);
        assert!(served.iter().all(|served| *served == Some(Served::Hit)), "{fault:?}");
        let state = isolates[1].statistics()["isolate"]["colo"]["state"].clone();
        (meter.read(), world.colo.calls.take().len(), state)
    };
    let (off, calls, state) = spent(None, true, false);
    assert_eq!((calls, state), (0, "off".into()));
    for (fault, keeps) in [
        (Fault::None, false),
        (Fault::Error, true),
        (Fault::Hung, true),
        (Fault::Slow(2_000), true),
    ] {
        let (without, calls, state) = spent(Some(fault), keeps, true);
        assert_eq!(state, "missing", "{fault:?}");
        assert!(calls <= 3 * 5, "{fault:?}: {calls} calls");
        assert!(without.redis.commands <= off.redis.commands + 3, "{fault:?}: {without:?} {off:?}");
    }
    let (with, _, state) = spent(None, true, true);
    assert_eq!(state, "present");
    assert!(with.redis.commands * 2 < off.redis.commands, "{with:?} {off:?}");
}

#[test]
fn what_is_cut_or_foreign_is_a_miss_and_is_replaced() {
    let world = near(8);
    world.isolate(1).warm(false);
    world.secs(1);
    let names: Vec<String> = world.colo.found().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for (round, broken) in ["", "{}", "{\"v\":2}\n[]", "\u{1f980}"].into_iter().enumerate() {
        for name in &names {
            for (_, value) in world.colo.found().iter().filter(|(of, _)| of == name) {
                let cut = value.get(..value.len() / 2).unwrap();
                for text in [broken, cut] {
                    world.colo.set(name, text, Duration::from_secs(600));
                    let isolate = world.isolate(10 + u64::try_from(round).unwrap());
                    assert_eq!(seen(&isolate), (world.origin.version.get(), Served::Hit), "{text}");
                    isolate.settle();
                    let found = world.colo.found();
                    assert!(found.iter().all(|(_, value)| value.len() > 200), "it was left anew");
                }
            }
        }
    }
}

#[test]
fn a_deployment_that_only_reads_leaves_nothing() {
    let mut world = near(9);
    world.isolate(1).warm(false);
    world.secs(1);
    world.colo.calls.borrow_mut().clear();
    world.policy.mode = Mode::ReadOnly;
    let isolates: Vec<_> = (2..=4).map(|group| world.isolate(group)).collect();
    let meter = Meter::new(&world);
    busy(&isolates, 100, 300);
    let spent = meter.read();
    assert!(world.colo.calls.borrow().iter().all(|call| call.starts_with("get ")));
    assert!(spent.redis.commands <= 3 * 12, "{spent:?}");
}

#[test]
fn a_cache_that_forgets_costs_a_check_and_a_snapshot() {
    let world = near(10);
    let isolates: Vec<_> = (1..=4).map(|group| world.isolate(group)).collect();
    isolates[0].warm(false);
    busy(&isolates, 100, 60);
    world.colo.forget();
    let meter = Meter::new(&world);
    let served = busy(&isolates, 100, 20);
    let spent = meter.read();
    assert!(spent.redis.commands <= 2 && spent.redis.bytes_down < 2_000, "{spent:?}");
    assert!(served.iter().all(|served| *served == Some(Served::Hit)));
    let born = world.isolate(9);
    assert_eq!(seen(&born).1, Served::Hit);
    assert!(meter.read().redis.commands <= 1);
}

#[test]
fn while_redis_is_out_a_new_isolate_is_served_by_its_data_center() {
    let world = near(11);
    let isolate = world.isolate(1);
    isolate.warm(false);
    world.secs(5);
    world.redis.fault.set(Fault::Error);
    let (answer, status, _) = world.isolate(2).get_traced(view());
    assert_eq!(answer.unwrap().served, Served::Hit);
    assert!(status.contains("colo; hit"), "{status}");
}

#[test]
fn what_a_new_isolate_was_told_is_as_old_as_it_was_when_it_was_told() {
    let world = near(12);
    let (first, second) = (world.isolate(1), world.isolate(2));
    seen(&first);
    world.secs(24);
    world.origin.change();
    let elsewhere = elsewhere(&world).isolate(3);
    let cleared_at = world.sim.now();
    elsewhere.clear(InvalidationMode::Hard).unwrap();
    let told = second.get(view()).0.unwrap();
    assert!(told.at < cleared_at, "nobody here has heard of it");
    world.secs(33);
    let answer = second.get(view()).0.unwrap();
    assert!(answer.at >= cleared_at && answer.served != Served::Stale, "{:?}", answer.served);
}

/// Eight isolates, warmed by one of them, in a data center with a cache or without.
fn eight(seed: u64, has_cache: bool) -> (World, Vec<Isolate>) {
    let mut world = near(seed);
    world.policy.colo = has_cache.then_some(7);
    let isolates: Vec<_> = (1..=8).map(|group| world.isolate(group)).collect();
    isolates[0].warm(false);
    for isolate in &isolates {
        seen(isolate);
        isolate.settle();
    }
    (world, isolates)
}

#[test]
fn one_isolate_of_a_data_center_looks_which_derived_listings_are_there() {
    let looks = |has_cache| {
        let (world, isolates) = eight(13, has_cache);
        world.redis.calls.borrow_mut().clear();
        let derived: Vec<View> = combinations(Scope::Active)
            .into_iter()
            .filter(|view| !WARM.map(View::from).contains(view))
            .take(3)
            .collect();
        for isolate in &isolates {
            for view in &derived {
                isolate.get(*view).0.unwrap();
                isolate.settle();
            }
        }
        let calls = world.redis.calls.take();
        calls.iter().flatten().filter(|word| word.starts_with("EVAL_RO")).count()
    };
    assert!(looks(false) >= 8, "{}", looks(false));
    assert!(looks(true) <= 2, "{}", looks(true));
}

#[test]
fn one_isolate_of_a_data_center_refreshes_what_expired() {
    let spent = |has_cache| {
        let (world, isolates) = eight(14, has_cache);
        world.sim.run_for(world.policy.ttl);
        let meter = Meter::new(&world);
        for isolate in &isolates {
            isolate.get(view()).0.unwrap();
            world.sim.run_for(Duration::from_millis(20));
        }
        isolates[0].settle();
        meter.read()
    };
    let (without, with) = (spent(false), spent(true));
    assert_eq!((without.loads, with.loads), (1, 1));
    assert!(with.redis.commands * 2 <= without.redis.commands, "{with:?} {without:?}");
}
