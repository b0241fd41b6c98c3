//! What somebody else left under keys of ours: nonsense, other types, keys that never expire (C7, S11).

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use model_catalog_edge::{
    cache::{
        InvalidationMode, Served,
        protocol::{Control, Version},
    },
    catalog::{Resource, WARM},
};

use super::{Meter, error};
use crate::support::{
    isolate::{ACTIVE, World},
    redis::Value,
};

fn values() -> Vec<Value> {
    let hash = BTreeMap::from([(Rc::from("a"), Rc::from("1"))]);
    vec![
        Value::Text("\"7\"".into()),
        Value::Text("{\"epoch\":-1,\"barrier\":0,\"barrier_at\":0}".into()),
        Value::Text("{\"epoch\":99999999999999999999,\"barrier\":0,\"barrier_at\":0}".into()),
        Value::Text("[{}]".into()),
        Value::Text("".into()),
        Value::Hash(Rc::new(hash)),
        Value::List(Rc::from(["x".to_owned()])),
    ]
}

#[test]
fn s11_nonsense_under_any_control_key_heals_and_is_logged_once() {
    for value in values() {
        let world = World::new(11);
        let keys = &world.keys;
        let broken =
            [keys.control(), keys.version(ACTIVE), keys.lease(ACTIVE), keys.backoff(ACTIVE)];
        for key in &broken {
            world.redis.put(key, value.clone(), Some(Duration::from_secs(60)));
        }
        world.redis.put(&keys.backend_epoch(), value.clone(), None);
        world.redis.put(&keys.derived(ACTIVE), value.clone(), None);
        world.redis.put(&keys.statistics(), value.clone(), None);
        let isolate = world.isolate(1);
        let (answer, took) = isolate.get(WARM[0]);
        assert_eq!(answer.unwrap().served, Served::Miss, "{value:?}");
        assert!(took <= Duration::from_millis(3_500), "{value:?}: {took:?}");
        isolate.settle();
        isolate.clear(InvalidationMode::Hard).unwrap();
        assert_eq!(error(&isolate.warm(false)), None, "{value:?}");
        assert_eq!(error(&world.isolate(2).warm(false)), None, "{value:?}");
        let control = Control::read(&world.redis.get(&keys.control()).unwrap());
        assert!(control.unwrap().barrier > 0, "{value:?}");
        assert!(Version::read(&world.redis.get(&keys.version(ACTIVE)).unwrap()).is_some());
        let statistics = isolate.statistics();
        assert_eq!(statistics["redis_available"], true, "{value:?}: {statistics}");
        assert_eq!(statistics["isolate"]["breakers"]["upstash"], "closed", "{value:?}");
        let healed = isolate.logged("healed") + isolate.logged("tier_error");
        assert!(healed <= 1, "{value:?}: {:?}", isolate.log.0.borrow());
    }
}

#[test]
fn s11_an_isolate_that_is_served_from_memory_survives_a_broken_control() {
    for value in values() {
        let world = World::new(11);
        let isolate = world.isolate(1);
        isolate.warm(false);
        world.redis.put(&world.keys.control(), value.clone(), None);
        world.redis.put(&world.keys.version(ACTIVE), value.clone(), None);
        let served = isolate.busy(&[WARM[0].into()], 1_000, 100);
        assert!(served.iter().all(|served| *served == Some(Served::Hit)), "{value:?}");
        assert_eq!(isolate.logged("breaker"), 0, "{value:?}");
        assert!(Version::read(&world.redis.get(&world.keys.version(ACTIVE)).unwrap()).is_some());
    }
}

#[test]
fn s11_nonsense_under_values_is_a_miss() {
    for value in values() {
        let world = World::new(11);
        for key in
            [world.keys.resource(&Resource::Snapshot(ACTIVE)), world.keys.listing(&WARM[0].into())]
        {
            world.redis.put(&key, value.clone(), Some(Duration::from_secs(1_000)));
        }
        let isolate = world.isolate(1);
        let answer = isolate.get(WARM[0]).0.unwrap();
        assert_eq!((answer.served, answer.listing.len()), (Served::Miss, 10), "{value:?}");
        isolate.settle();
        assert_eq!(world.isolate(2).get(WARM[0]).0.unwrap().served, Served::Hit, "{value:?}");
    }
}

#[test]
fn c7_a_lease_without_expiry_is_taken_over_and_named() {
    let world = World::new(7);
    let key = world.keys.lease(ACTIVE);
    world.redis.set(&key, "left by hand", None);
    let statistics = world.isolate(1).statistics();
    assert_eq!(statistics["overdue"][0], key.as_str(), "{statistics}");
    let isolate = world.isolate(1);
    let (answer, took) = isolate.get(WARM[0]);
    assert_eq!(answer.unwrap().served, Served::Miss);
    assert!(took <= Duration::from_millis(300), "{took:?}");
    isolate.settle();
    assert_eq!(world.redis.get(&key), None);
    assert_eq!(isolate.logged("overdue"), 1);
    world.redis.set(&key, "left by hand", None);
    assert_eq!(error(&isolate.warm(false)), None);
}

#[test]
fn c7_a_sync_marker_without_expiry_is_obeyed_for_a_quarter_of_an_hour() {
    let world = World::new(7);
    let key = world.keys.sync_marker();
    world.redis.set(&key, "1", None);
    let isolate = world.isolate(1);
    assert_eq!(isolate.statistics()["overdue"][0], key.as_str());
    assert_eq!(error(&isolate.warm(false)).as_deref(), Some("backend-syncing"));
    assert_eq!(isolate.logged("overdue"), 1);
    let meter = Meter::new(&world);
    isolate.busy(&[WARM[0].into()], 1_000, 880);
    assert!(meter.read().loads <= 16);
    assert_eq!(world.redis.get(&world.keys.version(ACTIVE)), None, "obeyed");
    world.secs(40);
    assert_eq!(error(&isolate.warm(false)), None, "and then no more");
    assert_eq!(isolate.logged("overdue"), 1);
}

#[test]
fn c7_a_back_off_without_expiry_is_none() {
    let world = World::new(7);
    world.redis.set(&world.keys.backoff(ACTIVE), "5", None);
    assert_eq!(world.isolate(1).get(WARM[0]).0.unwrap().served, Served::Miss);
    // And one that was set for a day is obeyed for no longer than one of ours.
    let world = World::new(7);
    world.redis.set(&world.keys.backoff(ACTIVE), "5", Some(Duration::from_secs(86_400)));
    let isolate = world.isolate(1);
    assert!(isolate.get(WARM[0]).0.unwrap_err().retry_after <= Duration::from_secs(75));
}
