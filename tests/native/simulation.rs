//! Seeded simulation: several isolates, each with memory and a clock of its own, over one Redis, KV and origin;
//! requests, invalidations, cron runs, backend writes, faults, deaths, disconnects and changes in random order; and
//! after every step the promises that must hold.
//!
//! `SIMULATION_SCHEDULES=100000 cargo test simulation` runs as many as wanted, `SIMULATION_SEED=42` replays one.

use std::{cell::RefCell, collections::BTreeMap, env, rc::Rc, time::Duration};

use model_catalog_edge::{
    cache::{Answer, InvalidationMode, Served},
    catalog::{Order, Resource, Scope, Selection, SortBy, WARM},
};

use crate::support::{
    catalog,
    isolate::{Isolate, World},
    redis::Fault,
    sim::Sim,
};

const SCHEDULES: u64 = 10_000;
/// Clocks of machines differ by up to this.
const SKEW_MS: u64 = 1_500;
/// Skews of two machines, and what a call takes while its answer is on the way.
const SLACK: Duration = Duration::from_secs(15);

/// After this no breaker is open any more for a fault that ended.
const BREAKER_MS: u64 = 700_000;

/// What a request may take: each tier's deadline, and one more look for what the backend wrote.
const BUDGET_MS: u64 = 12_500;

/// What the world has seen, for the promises to be judged by.
#[derive(Default)]
struct History {
    /// When each version of the catalog was replaced by the next, in milliseconds.
    replaced: BTreeMap<u64, u64>,
    /// Hard invalidations: when each had ended, and which version was current when it began.
    invalidated: Vec<(u64, u64)>,
    /// Since when Redis is reachable, holds what it held, and the origin answers.
    calm_since: u64,
    redis_always_well: bool,
}

struct Schedule {
    seed: u64,
    sim: Sim,
    world: World,
    isolates: Vec<Isolate>,
    next_group: u64,
    history: Rc<RefCell<History>>,
    /// What was found whole before, by key: texts seldom change between steps.
    found_whole: RefCell<BTreeMap<String, String>>,
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        let sim = world.sim.clone();
        // Some isolates have room for one snapshot only, some for none.
        world.policy.memory_max_bytes = sim.pick(&[33_554_432, 20_000, 1_000]);
        world.kv.lag_ms.set(sim.pick(&[0, 60_000]));
        world.origin.latency_ms.set(sim.pick(&[20, 400, 5_000]));
        let history =
            History { calm_since: sim.now().0, redis_always_well: true, ..History::default() };
        let mut schedule = Self {
            seed,
            sim,
            world,
            isolates: Vec::new(),
            next_group: 1,
            history: Rc::new(RefCell::new(history)),
            found_whole: RefCell::default(),
        };
        for _ in 0..=schedule.sim.below(3) {
            schedule.birth();
        }
        schedule
    }

    fn birth(&mut self) {
        let skew =
            i64::try_from(self.sim.below(2 * SKEW_MS)).unwrap() - i64::try_from(SKEW_MS).unwrap();
        self.isolates.push(self.world.skewed_isolate(self.next_group, skew));
        self.next_group += 1;
    }

    fn some_isolate(&self) -> Isolate {
        self.sim.pick(&self.isolates)
    }

    fn some_selection(&self) -> Selection {
        if self.sim.below(2) == 0 {
            return self.sim.pick(&WARM);
        }
        Selection {
            scope: if self.sim.below(4) == 0 { Scope::All } else { Scope::Active },
            min_providers: self.sim.pick(&[None, Some(1), Some(4), Some(9)]),
            sort: self.sim.pick(&SortBy::ALL),
            order: self.sim.pick(&[Order::Asc, Order::Desc]),
        }
    }

    fn step(&mut self) {
        match self.sim.below(100) {
            0..45 => self.request(),
            45..65 => self.pass_time(),
            65..70 => self.change_catalog(),
            70..74 => self.invalidate(InvalidationMode::Hard),
            74..76 => self.invalidate(InvalidationMode::Soft),
            76..80 => {
                let isolate = self.some_isolate();
                let cache = isolate.cache.clone();
                self.sim.spawn(isolate.group, async move { drop(cache.warm(false).await) });
            }
            80..84 => self.backend_write(),
            84..91 => self.fault(),
            91..94 => self.heal(),
            94..96 => self.death(),
            96..98 => {
                self.sim.kill_one();
                self.disturbed();
            }
            _ => self.lose_redis_data(),
        }
        self.check_step();
    }

    fn request(&self) {
        let (isolate, selection) = (self.some_isolate(), self.some_selection());
        let (sim, history) = (self.sim.clone(), Rc::clone(&self.history));
        let (world, seed) = (self.world.clone(), self.seed);
        self.sim.spawn(isolate.group, async move {
            let begun = sim.now().0;
            let answer = isolate.ask(selection).await;
            let took = sim.now().0 - begun;
            assert!(took <= BUDGET_MS, "seed {seed}: {took} ms for {selection:?}");
            match answer {
                Ok(answer) => judge(seed, &world, &history.borrow(), selection, &answer, begun),
                Err(unavailable) => {
                    let calm = history.borrow().calm_since + BREAKER_MS < begun;
                    // A slow origin, and a publication that was refused meanwhile, are two loads one after the other.
                    let well = calm && world.is_well() && world.origin.latency_ms.get() <= 400;
                    assert!(!well, "seed {seed}: {unavailable:?} when all is well");
                }
            }
        });
    }

    fn pass_time(&mut self) {
        let longest = [50, 1_000, 20_000, 120_000, 1_900_000, 20_000_000];
        let longest = self.sim.pick(&longest);
        self.sim.run_for(Duration::from_millis(self.sim.below(longest)));
    }

    fn change_catalog(&mut self) {
        self.history
            .borrow_mut()
            .replaced
            .insert(self.world.origin.version.get(), self.sim.now().0);
        self.world.origin.change();
    }

    fn invalidate(&mut self, mode: InvalidationMode) {
        let isolate = self.some_isolate();
        let (cache, history) = (isolate.cache.clone(), Rc::clone(&self.history));
        let (sim, version) = (self.sim.clone(), self.world.origin.version.get());
        self.sim.spawn(isolate.group, async move {
            let done = cache.invalidate(mode).await.is_ok();
            if done && mode == InvalidationMode::Hard {
                history.borrow_mut().invalidated.push((sim.now().0, version));
            }
        });
    }

    /// The backend writes a listing of what the catalog is now, or begins or ends a synchronization.
    fn backend_write(&self) {
        let marker = self.world.keys.sync_marker();
        match self.sim.below(4) {
            0 => self.world.redis.set(&marker, "1", Some(Duration::from_secs(900))),
            1 => drop(self.world.redis.data.borrow_mut().remove(&marker)),
            _ => {
                let selection = self.some_selection();
                let version = self.world.origin.version.get();
                let listing = catalog::listing(version, 10, selection);
                let key = self.world.keys.listing(&selection.into());
                self.world.redis.set(&key, &listing, Some(self.world.policy.ttl));
                // It does not ask what an edge invalidated meanwhile.
                self.disturbed();
            }
        }
    }

    fn fault(&mut self) {
        let faults = [
            Fault::Slow(300),
            Fault::Hung,
            Fault::Error,
            Fault::LostAnswer,
            Fault::Corrupt,
            Fault::Limited,
            Fault::Quota,
        ];
        let fault = self.sim.pick(&faults);
        match self.sim.below(3) {
            0 => {
                self.world.redis.fault.set(fault);
                self.history.borrow_mut().redis_always_well = false;
            }
            1 => self.world.kv.fault.set(fault),
            _ if self.sim.below(3) == 0 => self.world.origin.models.set(0),
            _ => self.world.origin.fault.set(fault),
        }
        self.disturbed();
    }

    fn heal(&mut self) {
        self.world.redis.fault.set(Fault::None);
        self.world.kv.fault.set(Fault::None);
        self.world.origin.fault.set(Fault::None);
        self.world.origin.models.set(10);
        self.disturbed();
    }

    fn disturbed(&self) {
        self.history.borrow_mut().calm_since = self.sim.now().0;
    }

    fn death(&mut self) {
        let index = usize::try_from(self.sim.below(self.isolates.len() as u64)).unwrap();
        let dead = self.isolates.remove(index);
        self.sim.kill(dead.group);
        self.birth();
        self.disturbed();
    }

    fn lose_redis_data(&mut self) {
        self.world.redis.flush();
        self.history.borrow_mut().redis_always_well = false;
        self.disturbed();
    }

    fn check_step(&self) {
        for isolate in &self.isolates {
            let bytes = isolate.cache.memory_bytes();
            assert!(
                bytes <= self.world.policy.memory_max_bytes,
                "seed {}: memory {bytes}",
                self.seed
            );
        }
        self.check_published();
        self.check_loads();
    }

    /// Nothing empty or truncated is ever published.
    fn check_published(&self) {
        for resource in [
            Resource::Snapshot(Scope::Active.into()),
            Resource::Snapshot(Scope::All.into()),
            Resource::Listing(WARM[0].into()),
        ] {
            let key = self.world.keys.resource(&resource);
            let in_kv = self.world.kv.newest(&key).map(|value| value.text);
            for (tier, text) in [("redis", self.world.redis.get(&key)), ("kv", in_kv)] {
                let Some(text) = text else { continue };
                let name = format!("{tier} {key}");
                if self.found_whole.borrow().get(&name) == Some(&text) {
                    continue;
                }
                let listing = catalog::stored(&text);
                catalog::version_of(&listing);
                assert_eq!(listing.len(), 10, "seed {}: {name} is not whole", self.seed);
                self.found_whole.borrow_mut().insert(name, text);
            }
        }
    }

    /// One load at a time for a scope: in an isolate always, among all of them while Redis was always well.
    fn check_loads(&self) {
        let everywhere = self.history.borrow().redis_always_well;
        let loads = self.world.origin.loads.borrow();
        for (index, load) in loads.iter().enumerate() {
            let overlap = loads[index + 1..].iter().find(|later| {
                later.source == load.source
                    && (everywhere || later.group == load.group)
                    && load.ended.is_none_or(|ended| later.begun < ended)
            });
            assert!(overlap.is_none(), "seed {}: {load:?} and {overlap:?}", self.seed);
        }
    }

    /// When all is well again, everybody gets the newest catalog.
    fn check_recovery(&mut self) {
        self.heal();
        drop(self.world.redis.data.borrow_mut().remove(&self.world.keys.sync_marker()));
        self.sim.run_for(Duration::from_secs(700));
        let operator = self.some_isolate();
        let cache = operator.cache.clone();
        self.sim.block_on(async move {
            cache.invalidate(InvalidationMode::Hard).await.unwrap();
            let report = cache.warm(false).await;
            assert_eq!(report.error, None);
        });
        self.sim.run_for(self.world.policy.memory_ttl + Duration::from_secs(10));
        for isolate in &self.isolates {
            let (answer, took) = isolate.get(WARM[0]);
            let answer = answer.expect("an answer when all is well");
            let newest = self.world.origin.version.get();
            assert_eq!(catalog::version(&answer.listing), Some(newest), "seed {}", self.seed);
            assert_eq!(answer.served, Served::Hit, "seed {}", self.seed);
            assert!(took <= Duration::from_secs(2), "seed {}: {took:?}", self.seed);
        }
    }
}

fn judge(
    seed: u64,
    world: &World,
    history: &History,
    selection: Selection,
    answer: &Answer,
    begun: u64,
) {
    let now = world.sim.now();
    let Some(version) = catalog::version(&answer.listing) else {
        let expected = catalog::snapshot(1, 10).count(&selection.into());
        assert_eq!(expected, 0, "seed {seed}: {selection:?} is empty");
        return;
    };
    let expected = catalog::snapshot(version, 10).count(&selection.into());
    assert_eq!(answer.listing.len(), expected, "seed {seed}: {selection:?} is not whole");

    let policy = &world.policy;
    let outdated = history.replaced.get(&version).map_or(Duration::ZERO, |replaced| {
        now.since(model_catalog_edge::ports::Timestamp(*replaced))
    });
    let bound = match answer.served {
        // A fresh listing was read within its TTL, from what was current then.
        Served::Hit | Served::Miss => policy.ttl,
        Served::Stale => policy.ttl + policy.stale,
    };
    assert!(
        outdated <= bound + SLACK,
        "seed {seed}: {:?}, outdated by {outdated:?}",
        answer.served
    );

    // After a hard invalidation, with Redis reachable throughout.
    let patience = policy.memory_ttl + Duration::from_secs(5) + SLACK;
    let patience = u64::try_from(patience.as_millis()).unwrap();
    for (ended, current) in &history.invalidated {
        let reachable = world.redis.fault.get() == Fault::None
            && (history.redis_always_well || history.calm_since + BREAKER_MS < *ended);
        let calm = reachable && history.calm_since < *ended;
        let missed = version < *current;
        assert!(
            !(calm && missed && begun > ended + patience && answer.served != Served::Stale),
            "seed {seed}: version {version} after {current} was invalidated {} ms ago",
            now.0 - ended
        );
    }
}

fn run(seed: u64) {
    let mut schedule = Schedule::new(seed);
    for _ in 0..60 {
        schedule.step();
    }
    schedule.check_recovery();
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a whole number"))
}

#[test]
fn promises_hold_in_every_schedule() {
    if let Some(seed) = number("SIMULATION_SEED") {
        return run(seed);
    }
    for seed in 0..number("SIMULATION_SCHEDULES").unwrap_or(SCHEDULES) {
        let outcome = std::panic::catch_unwind(|| run(seed));
        assert!(outcome.is_ok(), "replay with: SIMULATION_SEED={seed} cargo test simulation");
    }
}
