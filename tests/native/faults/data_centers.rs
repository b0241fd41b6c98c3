//! What the isolates of one data center do once for all of them, and how long what one was told counts.

use std::time::Duration;

use model_catalog_edge::{
    cache::{InvalidationMode, Served},
    catalog::{Scope, Selection, View},
};

use crate::support::{
    colo::FakeColo,
    isolate::{Isolate, World},
};

fn shared() -> World {
    let mut world = World::new(5);
    world.policy.colo = Some(0);
    world
}

/// How many commands named a key of this kind.
fn commands(world: &World, kind: &str) -> usize {
    let calls = world.redis.calls.borrow();
    calls.iter().filter(|words| words.iter().any(|word| word.contains(kind))).count()
}

#[test]
fn one_isolate_of_a_data_center_asks_for_the_lease_of_what_is_over_its_ttl() {
    let world = shared();
    let view = View::from(Selection { scope: Scope::All, ..Selection::default() });
    let isolates: Vec<Isolate> = (1..=8).map(|group| world.isolate(group)).collect();
    let ask = || {
        for isolate in &isolates {
            isolate.get(view).0.unwrap();
        }
        world.secs(1);
    };
    let length = world.policy.ttl.as_secs() - 20;
    (0..length).for_each(|_| ask());
    let before = (commands(&world, ":lease:"), world.origin.loads.borrow().len());
    (0..60).for_each(|_| ask());
    let loads = world.origin.loads.borrow().len() - before.1;
    assert_eq!(loads, 1, "the TTL was over");
    let leases = commands(&world, ":lease:") - before.0;
    assert!(leases <= 4, "claimed, extended at most once, given back: {leases}");
}

#[test]
fn what_a_new_isolate_was_told_is_as_old_as_it_was_when_it_was_told() {
    let world = shared();
    let view = View::from(Selection::default());
    let (first, second) = (world.isolate(1), world.isolate(2));
    first.get(view).0.unwrap();
    world.secs(24);
    world.origin.change();
    let elsewhere = World { colo: FakeColo::new(&world.sim), ..world.clone() }.isolate(3);
    let cleared_at = world.sim.now();
    let clearing = elsewhere.cache.clone();
    let cleared =
        world.sim.block_on(async move { clearing.invalidate(InvalidationMode::Hard).await });
    cleared.unwrap();
    let told = second.get(view).0.unwrap();
    assert!(told.at < cleared_at, "nobody here has heard of it");
    world.sim.run_for(Duration::from_secs(33));
    let answer = second.get(view).0.unwrap();
    assert!(answer.at >= cleared_at && answer.served != Served::Stale, "{:?}", answer.served);
}

#[test]
fn what_a_data_center_forgets_comes_from_redis_again() {
    let world = shared();
    let view = View::from(Selection::default());
    let tier_of = |group| {
        let isolate = world.isolate(group);
        let (answer, status, _) = isolate.get_traced(view);
        answer.unwrap();
        isolate.settle();
        status
    };
    tier_of(1);
    // The first loaded by itself; Redis told the second, which left it.
    tier_of(2);
    let names: Vec<String> = world.colo.found().into_iter().map(|(name, _)| name).collect();
    assert!(names.iter().any(|name| name.ends_with("/told")), "{names:?}");
    assert!(names.iter().any(|name| name.contains("/snapshot/")), "{names:?}");
    let reads = || commands(&world, ":snapshot:");
    let before = reads();
    tier_of(3);
    assert_eq!(reads(), before);
    world.colo.forget();
    tier_of(4);
    assert_eq!(reads(), before + 1);
}
