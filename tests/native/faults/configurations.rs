//! Deployments with other settings, and settings that were changed (S1, S2).

use std::time::Duration;

use model_catalog_edge::{
    cache::{InvalidationMode, Served, protocol::Version},
    catalog::{Resource, View, WARM},
};

use super::{Meter, error};
use crate::support::{
    catalog::{decoded, version, version_of},
    isolate::{ACTIVE, Isolate, World},
    redis::Fault,
};

/// The same tiers, seen by a deployment whose settings shape other content.
fn configured(world: &World, fingerprint: u64) -> World {
    let mut other = world.clone();
    other.policy.fingerprint = fingerprint;
    other
}

#[test]
fn s1_what_other_settings_made_is_neither_served_nor_a_yardstick() {
    let world = World::new(1);
    world.origin.models.set(30);
    world.isolate(1).warm(false);
    // The new deployment enables fewer providers: less than half is left.
    let narrowed = configured(&world, 2);
    world.origin.change();
    world.origin.models.set(8);
    let isolate = narrowed.isolate(2);
    let answer = isolate.get(WARM[0]).0.unwrap();
    assert_eq!((answer.served, answer.listing.len()), (Served::Miss, 8));
    isolate.settle();
    assert_eq!(isolate.logged("other_configuration"), 1);
    assert_eq!(isolate.logged("quarantined"), 0);
    assert_eq!(error(&narrowed.isolate(3).warm(false)), None);
    let listing = world.redis.get(&world.keys.listing(&WARM[4].into())).unwrap();
    assert_eq!(version_of(&decoded(&listing)), Some(2), "no listing of the old one is left");
}

#[test]
fn s1_what_other_settings_made_is_not_even_a_fallback() {
    let world = World::new(1);
    world.isolate(1).warm(false);
    for fault in [Fault::None, Fault::Error] {
        world.redis.fault.set(fault);
        world.origin.fault.set(Fault::Error);
        for view in WARM {
            let answer = configured(&world, 2).isolate(2).get(view).0;
            assert!(answer.is_err(), "{fault:?}: {answer:?}");
        }
    }
}

#[test]
fn s1_two_configurations_on_one_redis_do_not_drive_each_other() {
    let one = World::new(1);
    let two = configured(&one, 2);
    let isolates = [one.isolate(1), two.isolate(2)];
    let views = WARM.map(View::from);
    for isolate in &isolates {
        isolate.busy(&views, 500, 10);
    }
    let meter = Meter::new(&one);
    for _ in 0..360 {
        for isolate in &isolates {
            let served = isolate.busy(&views, 1_000, 5);
            assert!(served.iter().all(|served| *served != Some(Served::Miss)));
        }
    }
    let spent = meter.read();
    // An hour: each loads for itself as often as its TTL says, and publishes it.
    assert!(spent.loads <= 4, "{spent:?}");
    assert!(spent.redis.commands <= 2 * 250, "{spent:?}");
    assert!(isolates.iter().all(|isolate| isolate.logged("other_configuration") <= 2));
}

#[test]
fn s2_a_shorter_ttl_tells_true_ages_and_publishes() {
    let world = World::new(2);
    world.isolate(1).warm(false);
    world.secs(200);
    let mut shorter = world.clone();
    shorter.policy.ttl = Duration::from_secs(300);
    let isolate = shorter.isolate(2);
    let answer = isolate.get(WARM[0]).0.unwrap();
    assert_eq!((answer.served, answer.age.as_secs()), (Served::Hit, 200));
    world.secs(101);
    world.origin.change();
    let answer = isolate.get(WARM[0]).0.unwrap();
    assert_eq!((answer.served, answer.age.as_secs()), (Served::Stale, 301));
    isolate.settle();
    let answer = isolate.get(WARM[0]).0.unwrap();
    assert_eq!((answer.served, version(&answer.listing)), (Served::Hit, Some(2)));
    assert_eq!(isolate.logged("publish_refused"), 0);
    let record = Version::read(&world.redis.get(&world.keys.version(ACTIVE)).unwrap()).unwrap();
    assert_eq!(record.ttl, 300_000);
    for key in
        [world.keys.resource(&Resource::Snapshot(ACTIVE)), world.keys.listing(&WARM[1].into())]
    {
        let expires = world.redis.stored(&key).unwrap().expires;
        assert_eq!(expires, Some(record.at.0 + 300_000), "{key}");
    }
    // The same without a change: what is renewed expires sooner than it did.
    assert_eq!(error(&shorter.isolate(3).warm(false)), None);
}

#[test]
fn s2_a_shorter_ttl_renews_what_a_longer_one_left() {
    let world = World::new(2);
    world.isolate(1).warm(false);
    world.secs(200);
    let mut shorter = world.clone();
    shorter.policy.ttl = Duration::from_secs(300);
    let report = shorter.isolate(2).warm(false);
    assert_eq!((error(&report), report.published.redis), (None, Some("renewed")));
    let key = world.keys.listing(&WARM[0].into());
    let left = world.redis.stored(&key).unwrap().expires.unwrap() - world.sim.now().0;
    assert!(left <= 300_000, "{left}");
}

#[test]
fn s2_a_longer_ttl_keeps_what_it_has_in_redis() {
    let mut shorter = World::new(2);
    shorter.policy.ttl = Duration::from_secs(300);
    shorter.isolate(1).warm(false);
    let mut longer = shorter.clone();
    longer.policy.ttl = Duration::from_secs(3_600);
    let isolate = longer.isolate(2);
    let meter = Meter::new(&longer);
    isolate.busy(&WARM.map(View::from), 1_000, 3_000);
    assert!(meter.read().loads <= 1);
    let answer = isolate.get(WARM[0]).0.unwrap();
    assert!(answer.age <= Duration::from_secs(3_600), "{:?}", answer.age);
}

#[test]
fn s2_the_backends_age_is_its_own_whatever_our_ttl() {
    for ttl_secs in [300, 1_800, 7_200] {
        let mut world = World::new(2);
        world.policy.ttl = Duration::from_secs(ttl_secs);
        let text = crate::support::catalog::listing(1, 10, WARM[0]);
        let key = world.keys.listing(&WARM[0].into());
        world.redis.set(&key, &text, Some(Duration::from_secs(1_700)));
        let answer = world.isolate(1).get(WARM[0]).0.unwrap();
        let longest = ttl_secs.max(1_800);
        assert_eq!(answer.age.as_secs(), longest - 1_700, "{ttl_secs}");
    }
}

#[test]
fn s1_a_clear_reaches_what_other_settings_made() {
    let world = World::new(1);
    world.isolate(1).warm(false);
    let narrowed = configured(&world, 2);
    narrowed.isolate(2).clear(InvalidationMode::Hard).unwrap();
    assert_eq!(world.redis.get(&world.keys.listing(&WARM[0].into())), None);
}

/// A world whose deployments leave the mode to KV; with a data center's cache, or without.
fn left_to_kv(is_near: bool) -> World {
    let mut world = World::new(1);
    world.policy.mode_in_kv = true;
    world.policy.colo = is_near.then_some(7);
    world
}

fn set_mode(world: &World, mode: &str) {
    world.kv.set(&world.keys.mode(), mode, None);
}

/// How an isolate that is asked each second answers from some time on, within a minute.
fn within_a_minute(world: &World, isolate: &Isolate, served: Served) {
    for _ in 0..60 {
        world.sim.run_for(Duration::from_secs(1));
        let answer = isolate.get(WARM[0]).0.unwrap();
        if answer.served == served {
            return;
        }
    }
    panic!("nothing is answered as {served:?}");
}

#[test]
fn a_rollback_by_kvs_key_and_its_end_are_noticed_within_a_minute() {
    for is_near in [false, true] {
        let world = left_to_kv(is_near);
        let isolate = world.isolate(1);
        isolate.get(WARM[0]).0.unwrap();
        isolate.settle();
        assert_eq!(isolate.get(WARM[0]).0.unwrap().served, Served::Hit);
        world.kv.lag_ms.set(30_000);
        set_mode(&world, "passthrough\n");
        within_a_minute(&world, &isolate, Served::Miss);
        assert_eq!(isolate.logged("mode"), 1);
        world.kv.lag_ms.set(0);
        let born = world.isolate(2);
        assert_eq!(born.get(WARM[0]).0.unwrap().served, Served::Miss, "who is born meanwhile");
        set_mode(&world, "active");
        within_a_minute(&world, &isolate, Served::Hit);
        assert_eq!(isolate.logged("mode"), 2);
    }
}

#[test]
fn a_mode_that_forbids_writing_holds_for_cron_and_operators_at_once() {
    let world = left_to_kv(false);
    set_mode(&world, "read_only");
    let refused = world.isolate(1).warm(false);
    assert_eq!(error(&refused).as_deref(), Some("read-only"));
    let cache = world.isolate(2).cache;
    let cleared = world.sim.block_on(async move { cache.invalidate(InvalidationMode::Hard).await });
    assert!(cleared.is_err());
    assert_eq!(world.redis.counts.get().requests, 0);
    set_mode(&world, "active");
    assert_eq!(error(&world.isolate(3).warm(false)), None);
}

#[test]
fn a_word_that_is_no_mode_ends_no_rollback_and_a_kv_that_fails_none_either() {
    let world = left_to_kv(false);
    set_mode(&world, "passthrough");
    let isolate = world.isolate(1);
    assert_eq!(isolate.get(WARM[0]).0.unwrap().served, Served::Miss);
    for word in ["off", "PASSTHROUGH", "{}"] {
        set_mode(&world, word);
        for _ in 0..3 {
            world.sim.run_for(Duration::from_secs(31));
            assert_eq!(isolate.get(WARM[0]).0.unwrap().served, Served::Miss, "{word}");
            isolate.settle();
        }
    }
    assert_eq!(isolate.logged("unknown_mode"), 1, "it is told once");
    world.kv.fault.set(Fault::Error);
    for _ in 0..3 {
        world.sim.run_for(Duration::from_secs(31));
        assert_eq!(isolate.get(WARM[0]).0.unwrap().served, Served::Miss);
        isolate.settle();
    }
    let lonely = world.isolate(2);
    assert!(lonely.get(WARM[0]).0.is_ok(), "a KV that fails keeps nobody from answering");
}

#[test]
fn kv_is_asked_for_the_mode_once_in_fifteen_seconds_by_a_whole_data_center_and_not_at_all_elsewhere()
 {
    let reads = |world: &World| {
        let isolates: Vec<Isolate> = (0..8).map(|group| world.isolate(group)).collect();
        for _ in 0..120 {
            world.sim.run_for(Duration::from_secs(1));
            for isolate in &isolates {
                isolate.get(WARM[0]).0.unwrap();
            }
        }
        let calls = world.kv.calls.borrow();
        calls.iter().filter(|call| call.ends_with(&world.keys.mode())).count()
    };
    assert_eq!(reads(&World::new(1)), 0, "EDGE_MODE does not say kv");
    let near = reads(&left_to_kv(true));
    assert!((4..=12).contains(&near), "{near}");
    let alone = reads(&left_to_kv(false));
    assert!((24..=48).contains(&alone), "{alone}");
}
