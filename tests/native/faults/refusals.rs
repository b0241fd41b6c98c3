//! A Redis that answers, and takes no writes (C3, O1, O2, O5, O6).

use std::time::Duration;

use model_catalog_edge::{
    cache::{InvalidationMode, Served},
    catalog::{Scope, WARM},
    config::Mode,
    ports::TierError,
};

use super::{Meter, combinations, error};
use crate::support::{
    isolate::{ACTIVE, World},
    redis::{Fault, Refusal},
};

const REFUSALS: [(Refusal, &str); 4] = [
    (Refusal::NotPermitted, "not-permitted"),
    (Refusal::ReadOnlyToken, "not-permitted"),
    (Refusal::OutOfMemory, "full"),
    (Refusal::ReadOnlyReplica, "read-only-replica"),
];

#[test]
fn c3_a_refusal_ends_uploads_and_is_logged_once() {
    for (refusal, word) in REFUSALS {
        let world = World::new(3);
        world.redis.refusal.set(refusal);
        let isolate = world.isolate(1);
        let views = combinations(Scope::Active);
        let meter = Meter::new(&world);
        let served = isolate.busy(&views, 500, 3_600);
        let spent = meter.read();
        assert!(served.iter().all(Option::is_some), "{word}");
        // Five tries of a claim in an hour, and checks; the catalog is never sent.
        assert!(spent.redis.bytes_up <= 60_000, "{word}: {spent:?}");
        assert!(spent.redis.commands <= 250, "{word}: {spent:?}");
        assert_eq!(spent.loads, 2, "{word}");
        let lines = isolate.log.0.borrow();
        let told = lines.iter().filter(|line| line.contains(word));
        let told: Vec<&String> = told.filter(|line| !line.contains("\"cache_")).collect();
        assert!(told.len() <= 1, "{word}: {told:?}");
        drop(lines);
        assert_eq!(isolate.logged("publish_paused"), 1, "{word}");
        assert_eq!(isolate.statistics()["isolate"]["publishing_paused"]["reason"], word);
        world.redis.refusal.set(Refusal::None);
        isolate.busy(&views, 1_000, 3_700);
        assert_eq!(isolate.logged("publish_resumed"), 1, "{word}");
        assert!(world.redis.get(&world.keys.version(ACTIVE)).is_some(), "{word}");
    }
}

#[test]
fn c3_a_refusal_that_comes_later_ends_uploads_too() {
    for (refusal, word) in REFUSALS {
        let world = World::new(3);
        let isolate = world.isolate(1);
        isolate.warm(false);
        world.redis.refusal.set(refusal);
        let meter = Meter::new(&world);
        for view in combinations(Scope::Active) {
            isolate.get(view).0.unwrap();
            isolate.settle();
        }
        let spent = meter.read();
        assert!(spent.redis.bytes_up <= 30_000, "one upload, then none: {word}: {spent:?}");
        assert_eq!(isolate.logged("publish_paused"), 1, "{word}");
    }
}

#[test]
fn c3_what_redis_refuses_is_shared_through_kv() {
    for (refusal, word) in REFUSALS {
        let world = World::new(3);
        world.redis.refusal.set(refusal);
        let isolates: Vec<_> = (1..=5).map(|group| world.isolate(group)).collect();
        let meter = Meter::new(&world);
        for _ in 0..360 {
            for isolate in &isolates {
                isolate.busy(&[WARM[0].into()], 1_000, 2);
            }
        }
        let spent = meter.read();
        assert!(spent.loads <= 3, "{word}: {spent:?}");
    }
}

#[test]
fn c3_who_may_only_read_derives_and_uploads_nothing() {
    let mut world = World::new(3);
    world.isolate(1).warm(false);
    world.policy.mode = Mode::ReadOnly;
    let isolate = world.isolate(2);
    let views = combinations(Scope::Active);
    isolate.busy(&views, 100, 10);
    let meter = Meter::new(&world);
    isolate.busy(&views, 1_000, 1_200);
    let spent = meter.read();
    assert!(spent.redis.commands <= 45 && spent.kv_writes == 0, "{spent:?}");
    assert!(spent.redis.bytes_down <= 40_000, "{spent:?}");
}

#[test]
fn o1_a_token_that_may_not_write_is_named() {
    for (refusal, word) in REFUSALS {
        let world = World::new(1);
        world.redis.refusal.set(refusal);
        let isolate = world.isolate(1);
        for _ in 0..2 {
            let report = isolate.warm(false);
            assert_eq!(error(&report), Some(format!("upstash: {word}")));
            assert_eq!((report.successful, report.failed), (0, 6));
            assert_eq!(report.published.redis, Some(word));
        }
        if refusal != Refusal::OutOfMemory {
            let refused = isolate.clear(InvalidationMode::Hard).unwrap_err();
            let wanted = [TierError::NotPermitted, TierError::ReadOnlyReplica];
            assert!(wanted.contains(&refused), "{refused:?}");
        }
    }
}

#[test]
fn o2_a_full_redis_is_cleared() {
    let world = World::new(2);
    let isolate = world.isolate(1);
    isolate.warm(false);
    isolate.get(combinations(Scope::Active)[20]).0.unwrap();
    world.redis.refusal.set(Refusal::OutOfMemory);
    let done = isolate.clear(InvalidationMode::Hard).unwrap();
    assert!(done.keys_deleted >= 7 && done.marked && done.swept, "{done:?}");
    let left = world.redis.keys();
    assert!(
        !left.iter().any(|key| key.contains("filtered") || key.contains("snapshot")),
        "{left:?}"
    );
    world.origin.fault.set(Fault::Error);
    let answer = isolate.get(WARM[0]).0.unwrap();
    assert_eq!(answer.served, Served::Stale, "what was cleared is no hit");
}

#[test]
fn o5_a_report_says_what_was_verified() {
    // Another one's invalidation comes while the run loads.
    let world = World::new(5);
    world.origin.latency_ms.set(1_000);
    let (cron, operator) = (world.isolate(1), world.isolate(2));
    let cache = cron.cache.clone();
    world.sim.spawn(1, async move {
        let report = cache.warm(false).await;
        assert_eq!(error(&report).as_deref(), Some("epoch-moved"));
        assert_eq!((report.successful, report.failed), (0, 6));
    });
    world.sim.run_for(Duration::from_millis(500));
    operator.clear(InvalidationMode::Soft).unwrap();
    world.secs(10);
    assert_eq!(cron.logged("warm"), 1);
    // A run that finds another's at work takes what that publishes.
    let world = World::new(5);
    world.origin.latency_ms.set(1_000);
    for group in 1..=2 {
        let cron = world.isolate(group);
        world.sim.spawn(group, async move {
            let report = cron.cache.warm(false).await;
            assert_eq!((error(&report), report.successful), (None, 6));
            let told = report.published.redis.unwrap();
            assert!(["published", "elsewhere", "renewed"].contains(&told), "{told}");
        });
    }
    world.secs(20);
}

#[test]
fn o6_cron_asks_an_origin_that_requests_leave_alone() {
    let world = World::new(6);
    let isolate = world.isolate(1);
    world.origin.fault.set(Fault::Error);
    for _ in 0..20 {
        assert!(isolate.get(WARM[0]).0.is_err());
        world.secs(5);
    }
    world.origin.fault.set(Fault::None);
    let meter = Meter::new(&world);
    assert_eq!(error(&isolate.warm(false)), None);
    assert_eq!(meter.read().loads, 1);
    assert_eq!(isolate.get(WARM[0]).0.unwrap().served, Served::Hit, "and all are served again");
    assert_eq!(world.isolate(2).get(WARM[0]).0.unwrap().served, Served::Hit);
}
