//! One source that is declared wrong alone: others live on, and nothing of it comes back.

use std::time::Duration;

use model_catalog_edge::{
    cache::{
        InvalidationMode, Served,
        protocol::{Place, Version},
    },
    catalog::{Resource, Scope, Selection, Source, WARM},
};

use crate::support::{
    catalog::version,
    isolate::{ACTIVE, Isolate, World},
};

const ALL: Selection = Selection { scope: Scope::All, ..WARM[0] };

fn withdraw(isolate: &Isolate, source: Source, mode: InvalidationMode) -> u64 {
    let cache = isolate.cache.clone();
    let done = isolate.sim.block_on(async move { cache.withdraw(source, mode).await });
    done.unwrap().keys_deleted
}

fn there(world: &World) -> Version {
    Version::read(&world.redis.get(&world.keys.version(ACTIVE)).unwrap()).unwrap()
}

#[test]
fn one_source_is_withdrawn_everywhere_and_no_other() {
    for (mode, first) in
        [(InvalidationMode::Hard, Served::Miss), (InvalidationMode::Soft, Served::Stale)]
    {
        let world = World::new(3);
        let (operator, reader) = (world.isolate(1), world.isolate(2));
        for isolate in [&operator, &reader] {
            isolate.get(WARM[0]).0.unwrap();
            isolate.get(ALL).0.unwrap();
            isolate.settle();
        }
        let published = there(&world);
        let loads = world.origin.loads.borrow().len();
        world.origin.change();
        assert!(withdraw(&operator, ACTIVE, mode) >= 2, "the snapshot, and its listings");
        assert_eq!(world.redis.get(&world.keys.resource(&Resource::Snapshot(ACTIVE))), None);
        assert_eq!((there(&world).place, there(&world).n), (Place::Nowhere, published.n));
        // The reader hears of it with its next check, behind a response.
        world.secs(31);
        reader.get(WARM[0]).0.unwrap();
        reader.settle();
        let answer = reader.get(WARM[0]).0.unwrap();
        let is_current = version(&answer.listing) == Some(2);
        assert!(is_current || answer.served == first, "{mode:?}: {:?}", answer.served);
        reader.settle();
        let answer = reader.get(WARM[0]).0.unwrap();
        assert_eq!((answer.served, version(&answer.listing)), (Served::Hit, Some(2)), "{mode:?}");
        reader.get(ALL).0.unwrap();
        reader.settle();
        let loaded = world.origin.loads.borrow()[loads..].to_vec();
        assert_eq!(loaded.len(), 1, "{mode:?}: the other source lives on");
        assert_eq!(loaded[0].source, ACTIVE);
        assert_eq!(there(&world).barrier_at.is_some(), mode == InvalidationMode::Hard);
    }
}

#[test]
fn what_was_withdrawn_does_not_come_back_from_kv_or_from_a_load_that_began_before() {
    for took_secs in [0, 5] {
        let world = World::new(took_secs);
        let (operator, loader) = (world.isolate(1), world.isolate(2));
        operator.warm(false);
        world.secs(5);
        world.origin.latency_ms.set(took_secs * 1000);
        if took_secs > 0 {
            let slow = loader.clone();
            // It has read the tables when the operator speaks, and publishes afterwards.
            loader.sim.spawn(loader.group, async move {
                let _ = slow.cache.warm(false).await;
            });
            world.secs(1);
        }
        world.origin.change();
        withdraw(&operator, ACTIVE, InvalidationMode::Hard);
        let barrier_at = there(&world).at;
        world.secs(took_secs + 1);
        assert!(there(&world).at >= barrier_at, "{took_secs}");
        world.origin.latency_ms.set(10);
        // A new isolate finds KV's copy, and that it is wrong.
        let answer = world.isolate(3).get(WARM[0]).0.unwrap();
        let served = (version(&answer.listing), answer.served);
        assert!(served.0 == Some(2) || served.1 != Served::Hit, "{took_secs}: {served:?}");
        world.secs(5);
        let answer = world.isolate(4).get(WARM[0]).0.unwrap();
        assert_eq!((version(&answer.listing), answer.served), (Some(2), Served::Hit));
        let copy = world.kv.newest(&world.keys.resource(&Resource::Snapshot(ACTIVE))).unwrap();
        let copied = Version::read(copy.text.lines().next().unwrap()).unwrap();
        assert!(copied.at > barrier_at, "KV has what is right, though it was written a moment ago");
    }
}

#[test]
fn the_gate_measures_against_what_was_withdrawn() {
    let world = World::new(9);
    let operator = world.isolate(1);
    world.origin.models.set(100);
    operator.warm(false);
    withdraw(&operator, ACTIVE, InvalidationMode::Hard);
    world.origin.models.set(10);
    let (answer, _) = world.isolate(2).get(WARM[0]);
    let answer = answer.unwrap();
    assert_eq!(answer.served, Served::Stale, "wrong, but all there is");
    assert!(answer.age < Duration::from_secs(60));
}
