//! How long after a clear the cache in front gives anybody what was cleared: isolates that have not heard of it fill two tiers again
//! and again, at random.

use std::{cell::Cell, time::Duration};

use super::{LISTING, ON, Service, TOKEN, shared_cache::SharedCache};
use crate::support::isolate::World;
use model_catalog_edge::http::{Limiter, RequestHeaders, Response};

/// docs/design.md, "The cache in front": the default of `MEMORY_TTL_SECONDS`, and ten seconds.
const BOUND: Duration = Duration::from_secs(30 + 10);
const SEEDS: u64 = 200;
/// How many isolates fill it; the last one is the operator's alone.
const ISOLATES: usize = 4;

/// A planet of few isolates behind one upper and two lower tiers.
struct Planet {
    world: World,
    isolates: Vec<Service>,
    upper: SharedCache,
    lower: [SharedCache; 2],
    told: Cell<usize>,
    filled: Cell<u64>,
}

impl Planet {
    fn new(seed: u64, more: &[(&'static str, &'static str)], tells_age: bool) -> Self {
        let world = World::new(seed);
        let isolate = |_| Service::of(world.clone(), more, Limiter::default());
        let tier = || SharedCache::new(tells_age);
        Self {
            isolates: (0..ISOLATES).map(isolate).collect(),
            world,
            upper: tier(),
            lower: [tier(), tier()],
            told: Cell::new(0),
            filled: Cell::new(0),
        }
    }

    /// A client's request somewhere.
    fn get(&self) -> Response {
        self.hear();
        let sim = &self.world.sim;
        let lower = usize::try_from(sim.below(2)).unwrap();
        self.lower[lower].get(LISTING, sim.now(), |held| {
            let asked = sim.now();
            (
                self.upper
                    .get(LISTING, asked, |of_upper| (self.fill(of_upper.or(held)), sim.now())),
                asked,
            )
        })
    }

    fn fill(&self, held: Option<&str>) -> Response {
        self.filled.set(self.filled.get() + 1);
        let filling = usize::try_from(self.world.sim.below(3)).unwrap();
        let headers =
            RequestHeaders { if_none_match: held.map(str::to_owned), ..RequestHeaders::default() };
        self.isolates[filling].send("GET", LISTING, headers, "")
    }

    /// The tiers hear what the cache in front was told.
    fn hear(&self) {
        let calls = self.world.front.calls.borrow();
        for (_, tags) in calls.iter().skip(self.told.get()) {
            let [first, second] = &self.lower;
            for tier in [&self.upper, first, second] {
                tier.invalidate(tags);
            }
        }
        self.told.set(calls.len());
    }

    fn pass(&self, millis: u64) {
        self.world.sim.run_for(Duration::from_millis(self.world.sim.below(millis)));
    }
}

/// How long after a clear the last old answer came, if one did; and of how many requests how many reached an isolate.
fn last_old(planet: &Planet) -> (Option<Duration>, u64, u64) {
    let sim = &planet.world.sim;
    let tag = |answer: &Response| answer.header("etag").map(str::to_owned);
    let mut asked = 0;
    let busy = 200 + sim.below(6_000);
    let begun = sim.now();
    while sim.now().since(begun) < Duration::from_secs(90) {
        planet.get();
        asked += 1;
        planet.pass(busy);
    }
    let old = tag(&planet.get());
    planet.world.origin.change();
    planet.isolates[ISOLATES - 1].clear();
    let (cleared, mut last) = (sim.now(), None);
    while sim.now().since(cleared) < Duration::from_secs(600) {
        let (at, answer) = (sim.now(), planet.get());
        asked += 1;
        assert_eq!(answer.status, 200);
        if tag(&answer) == old {
            last = Some(at.since(cleared));
        }
        planet.pass(busy);
    }
    (last, asked, planet.filled.get())
}

#[test]
fn what_was_cleared_is_gone_from_the_cache_in_front_in_time() {
    for colo in ["on", "off"] {
        let (mut all_asked, mut all_filled, mut worst) = (0, 0, Duration::ZERO);
        for seed in 0..SEEDS {
            let planet = Planet::new(seed, &[("COLO_CACHE", colo), ON[0], ON[1]], true);
            let (last, asked, filled) = last_old(&planet);
            planet.world.sim.end();
            (all_asked, all_filled) = (all_asked + asked, all_filled + filled);
            worst = worst.max(last.unwrap_or_default());
        }
        assert!(worst <= BOUND, "{worst:?}, data center's cache {colo}");
        assert!(worst > Duration::from_secs(1), "{worst:?}: fills after a clear were none");
        assert!(all_filled * 3 < all_asked, "{all_filled} of {all_asked} requests were filled");
    }
}

#[test]
fn tiers_that_do_not_tell_ages_take_as_long_again() {
    let mut worst = Duration::ZERO;
    for seed in 0..SEEDS {
        let planet = Planet::new(seed, &ON, false);
        worst = worst.max(last_old(&planet).0.unwrap_or_default());
        planet.world.sim.end();
    }
    assert!(worst <= BOUND * 2, "{worst:?}");
}

#[test]
fn what_others_downstream_are_told_would_not_do_in_front() {
    let off = [("ADMIN_TOKEN", TOKEN)];
    let late = (0..20).filter(|seed| {
        let planet = Planet::new(*seed, &off, true);
        let (last, ..) = last_old(&planet);
        planet.world.sim.end();
        last.is_some_and(|last| last > BOUND)
    });
    assert!(late.count() > 0, "then there is no need for any of this");
}
