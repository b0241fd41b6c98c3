//! What is fetched and sent once is not fetched and sent again: the waste that the planet showed (docs/simulation.md).

use std::time::Duration;

use model_catalog_edge::catalog::{Scope, Selection};

use crate::support::isolate::{Isolate, World};

/// What no cron run keeps warm.
const UNWARMED: Selection = Selection { scope: Scope::All, ..WARMED };
const WARMED: Selection = model_catalog_edge::catalog::WARM[0];

/// Some isolates that hold everything of what nobody keeps warm.
fn isolates(world: &World, count: u64) -> Vec<Isolate> {
    let isolates: Vec<Isolate> = (1..=count).map(|group| world.isolate(group)).collect();
    for isolate in &isolates {
        isolate.get(UNWARMED).0.unwrap();
        isolate.settle();
    }
    isolates
}

#[test]
fn the_same_content_is_not_downloaded_again_when_its_time_is_over() {
    let world = World::new(1);
    let isolates = isolates(&world, 5);
    world.sim.run_for(world.policy.ttl);
    world.redis.calls.borrow_mut().clear();
    let before = world.redis.counts.get();
    for isolate in &isolates {
        isolate.get(UNWARMED).0.unwrap();
    }
    for isolate in &isolates {
        isolate.settle();
        isolate.get(UNWARMED).0.unwrap();
        isolate.settle();
    }
    eprintln!("{:#?}", world.redis.calls.borrow().iter().map(|call| call.join("|").chars().take(60).collect::<String>()).collect::<Vec<_>>());
    eprintln!("{:#?}", world.origin.loads.borrow());
    for isolate in &isolates { eprintln!("{:#?}", isolate.log.0.borrow()); }
    assert_eq!(world.origin.loads.borrow().len(), 2, "one load each time");
    let down = world.redis.counts.get().bytes_down - before.bytes_down;
    let text = crate::support::catalog::snapshot(1, 10).text().len();
    assert!(down < 5 * 2_000 && down < text, "{down} bytes came down, a snapshot is {text}");
}

#[test]
fn a_derived_listing_that_is_there_is_not_sent_again() {
    let world = World::new(1);
    let view = Selection { min_providers: Some(4), ..WARMED };
    let first = world.isolate(1);
    for _ in 0..2 {
        first.get(view).0.unwrap();
        first.settle();
    }
    assert!(world.redis.get(&world.keys.listing(&view.into())).is_some());
    let before = world.redis.counts.get();
    for group in 2..12 {
        let isolate = world.isolate(group);
        isolate.get(view).0.unwrap();
        isolate.settle();
    }
    let after = world.redis.counts.get();
    let up = (after.bytes_up - before.bytes_up) / 10;
    let listing = crate::support::catalog::listing(1, 10, view).len();
    assert!(up < listing, "{up} bytes went up for each isolate, the listing is {listing}");
    assert_eq!(
        after.commands - before.commands,
        20,
        "a snapshot, and whether the listing is there"
    );
    world.sim.run_for(Duration::from_secs(1));
}
