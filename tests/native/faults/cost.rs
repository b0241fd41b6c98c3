//! What an hour, a run and a stranger may cost (C2, C4, C5, C13, C14, C15, C16, O8).

use std::time::Duration;

use model_catalog_edge::{
    cache::{InvalidationMode, Served, protocol::Version},
    catalog::{Resource, Scope, View, WARM},
    config::Mode,
};

use super::{Meter, combinations, error};
use crate::support::{
    isolate::{ACTIVE, World},
    redis::Fault,
};

const HOUR: u64 = 3_600;

fn warm_views() -> Vec<View> {
    WARM.map(View::from).to_vec()
}

/// Both scopes, every combination: 132 views.
fn everything() -> Vec<View> {
    Scope::BOTH.into_iter().flat_map(combinations).collect()
}

#[test]
fn c4_a_busy_hour_without_cron_is_250_commands_and_no_bodies() {
    for (name, views) in [
        ("one", vec![View::from(WARM[0])]),
        ("six", warm_views()),
        ("sixty-six", combinations(Scope::Active)),
        ("all", everything()),
    ] {
        let world = World::new(4);
        // A body of any view but the smallest is larger than all else that an hour sends.
        world.origin.models.set(400);
        world.origin.offers_max.set(10);
        let isolate = world.isolate(1);
        isolate.busy(&views, 200, 120);
        let meter = Meter::new(&world);
        let served = isolate.busy(&views, 1_000, HOUR);
        let spent = meter.read();
        assert!(spent.redis.commands <= 250, "{name}: {spent:?}");
        // Without cron what is published expires before it is found again, and is sent once a TTL.
        let bodies = spent.loads * published_bytes(&world);
        assert!(spent.redis.bytes_up <= bodies + 250 * 1_000, "{name}: {bodies} {spent:?}");
        assert!(spent.redis.bytes_down <= 250 * 500, "{name}: {spent:?}");
        let scopes = if name == "all" { 2 } else { 1 };
        assert!(spent.loads <= 2 * scopes, "{name}: {spent:?}");
        let misses = served.iter().filter(|served| **served == Some(Served::Miss)).count();
        assert_eq!(misses, 0, "{name}");
    }
}

/// The snapshot and the warm views, as a request holds them.
fn published_bytes(world: &World) -> usize {
    let listings = WARM.map(|view| world.keys.listing(&view.into()));
    let snapshot = world.keys.resource(&Resource::Snapshot(ACTIVE));
    let keys = listings.into_iter().chain([snapshot]);
    keys.map(|key| world.redis.get(&key).map_or(0, |text| text.len())).sum()
}

#[test]
fn c4_sixty_five_seconds_of_six_views_are_eight_commands() {
    let world = World::new(4);
    let isolate = world.isolate(1);
    isolate.busy(&warm_views(), 200, 40);
    let meter = Meter::new(&world);
    isolate.busy(&warm_views(), 200, 65);
    let spent = meter.read();
    assert!(spent.redis.commands <= 8, "{spent:?}");
}

#[test]
fn c4_an_hour_is_cheap_without_room_in_memory_too() {
    for room in [0, 20_000] {
        let mut world = World::new(4);
        world.policy.memory_max_bytes = room;
        let isolate = world.isolate(1);
        isolate.warm(false);
        let meter = Meter::new(&world);
        isolate.busy(&warm_views(), 10_000, HOUR);
        let spent = meter.read();
        // Every request reads Redis once where nothing can be kept.
        assert!(spent.redis.requests <= 360 + 250 && spent.loads <= 2, "{room}: {spent:?}");
    }
}

#[test]
fn c5_what_is_renewed_elsewhere_is_not_downloaded_again() {
    let world = World::new(5);
    let (cron, reader) = (world.isolate(1), world.isolate(2));
    cron.warm(false);
    reader.busy(&warm_views(), 500, 30);
    for round in 0..6 {
        world.sim.run_for(Duration::from_secs(1));
        let meter = Meter::new(&world);
        assert_eq!(error(&cron.warm(false)), None);
        let run = meter.read();
        assert!(run.redis.requests <= 3 && run.redis.bytes_up <= 10_000, "{round}: {run:?}");
        assert!(run.redis.bytes_down <= 5_000, "{round}: {run:?}");
        let served = reader.busy(&warm_views(), 1_000, 599);
        let hour = meter.read();
        assert!(hour.redis.bytes_down <= 25_000 && hour.redis.bytes_up <= 40_000, "{hour:?}");
        assert!(served.iter().all(|served| *served == Some(Served::Hit)), "{round}");
        assert_eq!(hour.loads, 0);
    }
}

#[test]
fn c5_an_isolate_that_did_not_load_moves_on_without_a_download() {
    let world = World::new(5);
    world.origin.models.set(400);
    let isolates: Vec<_> = (1..=4).map(|group| world.isolate(group)).collect();
    for isolate in &isolates {
        isolate.busy(&warm_views(), 500, 30);
    }
    let meter = Meter::new(&world);
    for _ in 0..240 {
        for isolate in &isolates {
            isolate.busy(&warm_views(), 1_000, 4);
        }
    }
    let spent = meter.read();
    assert!(spent.loads <= 2, "{spent:?}");
    // A snapshot is four hundred kilobytes: not one of them was fetched.
    assert!(spent.redis.bytes_down <= 300_000, "{spent:?}");
}

#[test]
fn c5_every_key_expires_exactly_with_its_version() {
    let world = World::new(5);
    let isolate = world.isolate(1);
    for round in 0..4 {
        if round == 2 {
            world.origin.change();
        }
        assert_eq!(error(&isolate.warm(false)), None);
        let record = world.redis.get(&world.keys.version(ACTIVE)).unwrap();
        let version = Version::read(&record).unwrap();
        let at = version.expires_at().0;
        assert_eq!(at, version.at.0 + 1_800_000);
        let listings = WARM.map(|view| world.keys.listing(&view.into()));
        let snapshot = world.keys.resource(&Resource::Snapshot(ACTIVE));
        for key in listings.into_iter().chain([snapshot]) {
            assert_eq!(world.redis.stored(&key).unwrap().expires, Some(at), "{round}: {key}");
        }
        world.sim.run_for(Duration::from_secs(777));
    }
}

#[test]
fn c2_a_derived_listing_lives_on_with_what_it_was_derived_of() {
    let world = World::new(2);
    world.origin.models.set(400);
    let (cron, first) = (world.isolate(1), world.isolate(2));
    cron.warm(false);
    let few = &combinations(Scope::Active)[12..15];
    first.busy(few, 500, 20);
    let keys: Vec<String> = few.iter().map(|view| world.keys.listing(view)).collect();
    let derived = world.keys.derived(ACTIVE);
    for round in 0..8 {
        world.sim.run_for(Duration::from_secs(600));
        let meter = Meter::new(&world);
        assert_eq!(error(&cron.warm(false)), None);
        let run = meter.read();
        assert!(run.redis.requests <= 3 && run.redis.bytes_up <= 10_000, "{round}: {run:?}");
        let record = world.redis.get(&world.keys.version(ACTIVE)).unwrap();
        let until = Version::read(&record).unwrap().expires_at().0;
        for key in keys.iter().chain([&derived]) {
            assert_eq!(world.redis.stored(key).unwrap().expires, Some(until), "{round}: {key}");
        }
        // Who is new finds it there, and so does who published it long ago.
        let new = world.isolate(10 + round);
        for isolate in [&new, &first] {
            isolate.busy(few, 500, 35);
        }
        let spent = meter.read();
        assert!(spent.redis.bytes_up <= 15_000, "{round}: {spent:?}");
    }
}

#[test]
fn c2_a_renewal_names_derived_listings_where_there_are_some() {
    let world = World::new(2);
    let (cron, other) = (world.isolate(1), world.isolate(2));
    let unchanged = || {
        world.sim.run_for(Duration::from_secs(600));
        let meter = Meter::new(&world);
        assert_eq!(error(&cron.warm(false)), None);
        meter.read().redis.bytes_up
    };
    cron.warm(false);
    let none = unchanged();
    other.busy(&combinations(Scope::Active)[12..13], 500, 20);
    let some = unchanged();
    assert!(some > none + 1_000, "{some} and {none} bytes");
}

#[test]
fn c2_what_is_not_the_versions_is_not_renewed_with_it() {
    let world = World::new(2);
    let cron = world.isolate(1);
    cron.warm(false);
    let view = combinations(Scope::Active)[12];
    let key = world.keys.listing(&view);
    world.redis.set(&key, "[]", Some(Duration::from_secs(1_799)));
    let expires = world.redis.stored(&key).unwrap().expires;
    world.sim.run_for(Duration::from_secs(600));
    assert_eq!(error(&cron.warm(false)), None);
    assert_eq!(world.redis.stored(&key).unwrap().expires, expires);
}

#[test]
fn c2_a_listing_is_published_once_though_memory_forgets_it() {
    let mut world = World::new(2);
    world.policy.memory_max_bytes = 25_000;
    let isolate = world.isolate(1);
    isolate.warm(false);
    let few = &combinations(Scope::Active)[12..18];
    isolate.busy(few, 500, 20);
    let meter = Meter::new(&world);
    isolate.busy(few, 500, 300);
    let spent = meter.read();
    assert!(spent.redis.bytes_up <= 20_000, "{spent:?}");
}

#[test]
fn c13_content_that_changes_in_every_run_costs_700_writes_of_kv_a_day() {
    let world = World::new(13);
    let isolate = world.isolate(1);
    let meter = Meter::new(&world);
    for _ in 0..144 {
        world.origin.change();
        isolate.warm(false);
        world.sim.run_for(Duration::from_secs(600));
    }
    let spent = meter.read();
    assert!(spent.kv_writes <= 700, "{spent:?}");
    world.origin.change();
    world.origin.fault.set(Fault::None);
    isolate.clear(InvalidationMode::Hard).unwrap();
    isolate.warm(false);
    assert_eq!(meter.read().kv_writes, 1 + 7, "an invalidation came between");
}

#[test]
fn c14_a_clear_of_a_large_redis_is_bounded_and_says_so() {
    let world = World::new(14);
    let isolate = world.isolate(1);
    isolate.warm(false);
    for n in 0..60_000 {
        world.redis.set(&format!("foreign:{n}"), "x", None);
    }
    let begun = world.sim.now();
    let meter = Meter::new(&world);
    let done = isolate.clear(InvalidationMode::Hard).unwrap();
    let spent = meter.read();
    assert!(spent.redis.requests <= 30, "{spent:?}");
    assert!(done.keys_deleted >= 7 && done.marked, "{done:?}");
    assert!(spent.kv_writes <= 2, "{spent:?}");
    assert!(world.sim.now().since(begun) <= Duration::from_secs(15));
    assert_eq!(world.redis.get(&world.keys.listing(&WARM[0].into())), None);
}

#[test]
fn c15_strangers_fill_redis_up_to_a_bound_only() {
    let world = World::new(15);
    world.origin.models.set(1_500);
    let isolates = [world.isolate(1), world.isolate(2)];
    isolates[0].warm(false);
    let warm: usize = stored_bytes(&world);
    for (view, isolate) in combinations(Scope::Active).iter().zip(isolates.iter().cycle()) {
        isolate.get(*view).0.unwrap();
        isolate.settle();
    }
    let text = world.redis.get(&world.keys.resource(&Resource::Snapshot(ACTIVE))).unwrap().len();
    let added = stored_bytes(&world) - warm;
    let bound = (4 * text).max(16_000_000);
    assert!(added <= bound + 1_000, "{added} bytes beside a snapshot of {text}");
    assert!(added > text, "some are published: {added}");
}

fn stored_bytes(world: &World) -> usize {
    world.redis.keys().iter().filter_map(|key| world.redis.get(key)).map(|text| text.len()).sum()
}

#[test]
fn c16_those_who_pass_through_together_are_one_load_a_second() {
    let mut world = World::new(16);
    world.policy.mode = Mode::Passthrough;
    let isolate = world.isolate(1);
    let meter = Meter::new(&world);
    for (answer, _) in isolate.together(&warm_views(), 50) {
        assert_eq!(answer.unwrap().served, Served::Miss);
    }
    let spent = meter.read();
    assert_eq!((spent.loads, spent.redis.requests, spent.kv_reads), (1, 0, 0), "{spent:?}");
}

#[test]
fn o8_a_hit_is_logged_once_in_so_many_and_any_other_request_once() {
    let mut world = World::new(8);
    world.policy.log_hits_one_in = 50;
    let isolate = world.isolate(1);
    isolate.get(WARM[0]).0.unwrap();
    isolate.settle();
    assert_eq!(isolate.logged("cache_miss"), 1, "{:?}", isolate.log.0.borrow());
    // The request, what it fetched, and what was published of it to Redis and KV.
    let lines = isolate.log.0.borrow().len();
    assert!(lines <= 10, "{:?}", isolate.log.0.borrow());
    let requests = isolate.busy(&warm_views(), 100, 600).len();
    let added = isolate.log.0.borrow().len() - lines;
    assert!(added <= requests / 25, "{added} lines for {requests} hits");
}
