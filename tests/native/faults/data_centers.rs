//! What the isolates of one data center leave each other, and how long what one was told counts.

use std::time::Duration;

use model_catalog_edge::{
    cache::{InvalidationMode, Served},
    catalog::{Selection, View},
};

use super::Meter;
use crate::support::{colo::FakeColo, isolate::World};

fn shared() -> World {
    let mut world = World::new(5);
    world.policy.colo = Some(0);
    world
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
    let meter = Meter::new(&world);
    tier_of(3);
    assert_eq!(meter.read().redis.commands, 0);
    world.colo.forget();
    tier_of(4);
    assert_eq!(meter.read().redis.commands, 1);
}
