//! Deployments with other settings, and settings that were changed (S1, S2).

use std::time::Duration;

use model_catalog_edge::{
    cache::{InvalidationMode, Served, protocol::Version},
    catalog::{Resource, View, WARM},
};

use super::{Meter, error};
use crate::support::{
    catalog::{decoded, version, version_of},
    isolate::{ACTIVE, World},
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
