//! One request for all providers: what it costs, and what is missing.

use std::time::Duration;

use model_catalog_edge::{
    cache::{InvalidationMode, Parts, Reason, Served},
    catalog::View,
};

use super::{provider, publish, serves, text, views};
use crate::support::{
    catalog::{provided, slug},
    isolate::World,
    meter::Meter,
    redis::Fault,
};

const FULL: &str = "t:models:catalog:v2:full";

#[test]
fn a_cold_isolate_reads_thirty_catalogs_in_two_commands() {
    let world = World::new(1);
    publish(&world, 30);
    let isolate = world.isolate(1);
    let meter = Meter::new(&world);
    let joined = isolate.all(30);
    let spent = meter.read();
    assert_eq!(serves(&joined), vec![Some(Served::Hit); 30]);
    assert_eq!((spent.redis.commands, spent.kv_reads, spent.loads), (2, 0, 0), "{spent:?}");
    isolate.settle();
    let meter = Meter::new(&world);
    assert_eq!(serves(&isolate.all(30)), vec![Some(Served::Hit); 30]);
    assert_eq!(meter.read().redis.requests, 0, "memory has all");
}

#[test]
fn what_is_nowhere_is_loaded_some_with_each_request() {
    let world = World::new(2);
    world.origin.providers.set(7);
    let isolate = world.isolate(1);
    let mut missing = Vec::new();
    for _ in 0..4 {
        let meter = Meter::new(&world);
        let joined = isolate.all(7);
        let before = meter.read();
        // What is counted here are requests of any kind: subrequests.
        let subrequests = before.redis.requests + before.kv_reads + 2 * before.loads;
        assert!(subrequests <= 24, "{before:?}");
        isolate.settle();
        let served = serves(&joined);
        missing.push(served.iter().filter(|part| part.is_none()).count());
        if let Parts::Each(parts) = &joined.found {
            for part in parts.iter().filter_map(|part| part.as_ref().err()) {
                assert_eq!(part.reason, Reason::Busy);
            }
        }
    }
    assert_eq!(missing, [5, 3, 1, 0]);
    assert_eq!(world.origin.loads.borrow().len(), 7, "each once");
}

#[test]
fn what_is_stale_is_refreshed_some_with_each_request() {
    let world = World::new(8);
    publish(&world, 7);
    let (isolate, mut stale) = (world.isolate(1), Vec::new());
    isolate.all(7);
    world.secs(1_830);
    // One that cannot be read is in nobody's way.
    world.origin.failing.borrow_mut().push(provider(1));
    for _ in 0..6 {
        let meter = Meter::new(&world);
        let served = serves(&isolate.all(7));
        isolate.settle();
        let loads = meter.read().loads;
        assert!(loads <= 2, "{loads} behind one answer");
        stale.push(served.iter().filter(|part| **part == Some(Served::Stale)).count());
    }
    assert_eq!((stale[0], stale[5]), (7, 1), "{stale:?}");
}

#[test]
fn a_load_that_is_not_waited_for_keeps_its_lease_while_another_is() {
    let world = World::new(9);
    publish(&world, 1);
    world.secs(2_400);
    world.origin.latency_ms.set(5_000);
    world.origin.providers.set(2);
    let (isolate, before) = (world.isolate(1), world.origin.loads.borrow().len());
    // The first is stale, and its load goes on behind the answer, which waits for the second.
    let (all, one) = (isolate.clone(), isolate.clone());
    let (cache, asked) = (all.cache.clone(), views(2));
    world.sim.spawn(1, async move {
        let joined = cache.lookup_all(View::Full.into(), &asked).await;
        all.run_behind(joined.follow_ups);
    });
    world.sim.run_for(Duration::from_millis(3_700));
    world.sim.spawn(1, async move { drop(one.ask(views(1)[0]).await) });
    world.secs(20);
    let loads = world.origin.loads.borrow();
    let of_first = loads[before..].iter().filter(|load| load.source == provider(1));
    assert_eq!(of_first.count(), 1, "{loads:?}");
}

#[test]
fn one_that_fails_takes_nobody_with_it() {
    for after_secs in [0, 2_000] {
        let world = World::new(3);
        if after_secs > 0 {
            publish(&world, 3);
        }
        world.origin.failing.borrow_mut().push(provider(2));
        world.secs(after_secs);
        let isolate = world.isolate(1);
        let mut last = Vec::new();
        for _ in 0..4 {
            last = serves(&isolate.all(3));
            isolate.settle();
        }
        // Without a last known good there is nothing to serve of it, and of the others there is.
        let stale = (after_secs > 0).then_some(Served::Stale);
        assert_eq!(last, [Some(Served::Hit), stale, Some(Served::Hit)], "{after_secs}");
        // One by one as well.
        for n in [1, 3] {
            assert_eq!(isolate.get(views(3)[n - 1]).0.unwrap().served, Served::Hit);
        }
    }
}

#[test]
fn without_redis_kv_has_them_some_with_each_request() {
    let world = World::new(4);
    publish(&world, 9);
    world.redis.fault.set(Fault::Error);
    let isolate = world.isolate(1);
    let mut found = Vec::new();
    for _ in 0..2 {
        found.push(serves(&isolate.all(9)).iter().flatten().count());
        isolate.settle();
    }
    assert!(found[0] >= 6 && found[1] == 9, "{found:?}");
}

#[test]
fn the_backends_list_is_read_where_it_is_all_there_is_and_written_where_it_is_missing() {
    let world = World::new(5);
    world.origin.providers.set(4);
    let list = |n| provided(7, slug(n), 2).text().to_string();
    let inner: Vec<String> = (1..=4).map(|n| list(n).trim_matches(['[', ']']).to_owned()).collect();
    let full = format!("[{}]", inner.join(", "));
    world.redis.set(FULL, &full, Some(Duration::from_secs(900)));
    let isolate = world.isolate(1);
    let joined = isolate.all(4);
    assert!(matches!(joined.found, Parts::Full(_)), "what the backend wrote");
    assert_eq!(text(&joined), full);
    assert!(world.origin.loads.borrow().is_empty());
    for nonsense in ["{}", "[1]", "[{\"id\":\"a\"}]", "", "[{"] {
        let world = World::new(6);
        world.redis.set(FULL, nonsense, Some(Duration::from_secs(900)));
        let joined = world.isolate(1).all(4);
        assert!(matches!(joined.found, Parts::Each(_)), "{nonsense}");
    }
    // Ours, once all is there.
    let world = World::new(7);
    publish(&world, 3);
    assert_eq!(world.redis.get(FULL), None);
    let (isolate, other) = (world.isolate(1), world.isolate(2));
    let joined = isolate.all(3);
    isolate.settle();
    assert_eq!(world.redis.get(FULL), Some(text(&joined)));
    let meter = Meter::new(&world);
    other.all(3);
    other.settle();
    assert!(meter.read().redis.bytes_up < 2_000, "one is there, and nobody sends it again");
    // An invalidation takes it along, of one provider as well.
    isolate.withdraw(provider(2), InvalidationMode::Hard);
    assert_eq!(world.redis.get(FULL), None);
    assert!(world.redis.get("t:models:provider:p1").is_some());
    assert_eq!(world.redis.get("t:models:provider:p2"), None);
}
