//! A schedule: what it begins with, and what happens in it, step by step.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

use model_catalog_edge::{
    cache::InvalidationMode,
    catalog::{Order, Scope, Selection, SortBy, WARM},
};

use super::{
    catalogs::{Walking, judge_filters},
    cost::Kind,
    history::{Cleared, History, Trouble},
    liveness, safety,
};
use crate::support::{
    colo::FakeColo,
    isolate::{Isolate, World},
    redis::Dump,
    sim::Sim,
    spent::Spent,
};

/// Clocks of machines differ by up to this.
const SKEW_MS: u64 = 1_500;
/// What the settings of another deployment enable.
pub const OTHER_MODELS: u64 = 8;
pub const MODELS: u64 = 10;

pub struct Schedule {
    pub seed: u64,
    pub sim: Sim,
    pub world: World,
    /// The same tiers, as a deployment with other settings sees them, where there is one.
    pub other: Option<World>,
    pub isolates: Vec<Isolate>,
    /// Which groups are of the other deployment.
    pub strangers: Vec<u64>,
    /// The caches of two data centers, where isolates share what theirs has.
    pub places: Vec<FakeColo>,
    next_group: u64,
    pub history: Rc<RefCell<History>>,
    /// What each invocation was.
    pub invocations: BTreeMap<u64, Kind>,
    pub dump: Option<Dump>,
    /// What was found whole before, by key: texts seldom change between steps.
    pub found_whole: RefCell<BTreeMap<String, String>>,
    /// Whether anybody asked for what a provider offers.
    pub has_asked_providers: bool,
    /// The walks that clients are on.
    pub walks: Rc<RefCell<Vec<Walking>>>,
}

impl Schedule {
    pub fn new(seed: u64, is_near: bool) -> Self {
        let mut world = World::new(seed);
        let sim = world.sim.clone();
        world.policy.colo = is_near.then_some(1);
        // What cron warms of providers is counted in tests/native/catalogs/.
        world.policy.warm_subrequests = 0;
        // Some isolates have room for one snapshot only, some for none.
        world.policy.memory_max_bytes = sim.pick(&[33_554_432, 33_554_432, 20_000, 1_000, 0]);
        world.kv.lag_ms.set(sim.pick(&[0, 60_000]));
        world.origin.latency_ms.set(sim.pick(&[20, 400, 5_000]));
        world.redis.clock_offset_ms.set(sim.pick(&[0, -1_000, 1_000]));
        world.redis.request_bytes_max.set(sim.pick(&[usize::MAX, usize::MAX, 56_000]));
        let other = (sim.below(5) == 0).then(|| {
            let mut other = world.clone();
            other.policy.fingerprint = 2;
            other.policy.colo = is_near.then_some(2);
            other.origin.models = Rc::new(Cell::new(OTHER_MODELS));
            other
        });
        let places =
            if is_near { vec![FakeColo::new(&sim), FakeColo::new(&sim)] } else { Vec::new() };
        let mut schedule = Self {
            seed,
            sim,
            world,
            other,
            isolates: Vec::new(),
            strangers: Vec::new(),
            places,
            next_group: 1,
            history: Rc::default(),
            invocations: BTreeMap::new(),
            dump: None,
            found_whole: RefCell::default(),
            has_asked_providers: false,
            walks: Rc::default(),
        };
        for _ in 0..=schedule.sim.below(3) {
            schedule.birth();
        }
        schedule
    }

    pub fn now(&self) -> u64 {
        self.sim.now().0
    }

    /// Another isolate, of our deployment or of the other one.
    pub fn birth(&mut self) {
        let skew =
            i64::try_from(self.sim.below(2 * SKEW_MS)).unwrap() - i64::try_from(SKEW_MS).unwrap();
        let is_first = self.isolates.is_empty();
        let world = match &self.other {
            Some(other) if !is_first && self.sim.below(3) == 0 => {
                self.strangers.push(self.next_group);
                other
            }
            _ => &self.world,
        };
        let mut world = world.clone();
        if !self.places.is_empty() {
            world.colo = self.sim.pick(&self.places);
        }
        self.isolates.push(world.skewed_isolate(self.next_group, skew));
        self.next_group += 1;
    }

    pub fn some_isolate(&self) -> Isolate {
        self.sim.pick(&self.isolates)
    }

    pub fn is_ours(&self, group: u64) -> bool {
        !self.strangers.contains(&group)
    }

    pub fn some_selection(&self) -> Selection {
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

    pub fn step(&mut self) {
        if !self.places.is_empty() && self.sim.below(8) == 0 {
            self.break_data_center();
        }
        match self.sim.below(100) {
            0..32 => {
                let (isolate, selection) = (self.some_isolate(), self.some_selection());
                self.request(&isolate, selection);
            }
            32..40 => self.other_request(),
            40..42 => self.busy(),
            42..60 => self.pass_time(),
            60..65 => self.change_catalog(),
            65..69 => self.invalidate(InvalidationMode::Hard),
            69..71 => self.invalidate(InvalidationMode::Soft),
            71..75 => self.warm(),
            75..78 => self.backend_writes(),
            _ => self.break_something(),
        }
        self.check_step();
    }

    /// A request, judged when it is answered; returns its invocation.
    fn request(&mut self, isolate: &Isolate, selection: Selection) -> u64 {
        let (sim, history) = (self.sim.clone(), Rc::clone(&self.history));
        let ours = self.is_ours(isolate.group);
        let (world, seed) = (self.world.clone(), self.seed);
        let models = if ours { MODELS } else { OTHER_MODELS };
        let deployments = 1 + u64::from(self.other.is_some());
        let asking = isolate.clone();
        let id = self.sim.spawn(isolate.group, async move {
            let begun = sim.now().0;
            let answer = asking.ask(selection).await;
            let history = history.borrow();
            liveness::judge(seed, &world, &history, deployments, &answer, begun);
            if let Ok(answer) = &answer {
                safety::judge(seed, &world, &history, selection, models, answer, begun);
                judge_filters(seed, &answer.listing, begun);
            }
        });
        self.invocations.insert(id, Kind::Request);
        id
    }

    /// An isolate that is asked each five seconds for five minutes, of which the last four are counted.
    fn busy(&mut self) {
        let isolate = self.some_isolate();
        let selection = self.sim.pick(&WARM);
        let begun = self.now();
        let mut spent = Spent::default();
        for n in 0..60 {
            let id = self.request(&isolate, selection);
            self.sim.run_for(Duration::from_secs(5));
            if n >= 12 {
                spent.add(&self.sim.spent(id));
            }
        }
        self.check_busy(&isolate, begun, &spent);
    }

    fn pass_time(&mut self) {
        let longest = [50, 1_000, 20_000, 120_000, 1_900_000, 20_000_000];
        let longest = self.sim.pick(&longest);
        self.sim.run_for(Duration::from_millis(self.sim.below(longest)));
    }

    pub fn change_catalog(&mut self) {
        let version = self.world.origin.version.get();
        self.history.borrow_mut().replaced.insert(version, self.now());
        self.world.origin.change();
    }

    fn invalidate(&mut self, mode: InvalidationMode) {
        let isolate = self.some_isolate();
        let (cache, history) = (isolate.cache.clone(), Rc::clone(&self.history));
        let (sim, current) = (self.sim.clone(), self.world.origin.version.get());
        let begun = self.now();
        let work = history.borrow_mut().begin_work(begun);
        let id = self.sim.spawn(isolate.group, async move {
            let done = cache.invalidate(mode).await;
            let mut history = history.borrow_mut();
            history.end_work(work, sim.now().0);
            if let Ok(done) = done
                && mode == InvalidationMode::Hard
                && !history.has_forgotten(begun)
            {
                let cleared = Cleared { ended: sim.now().0, current, marked: done.marked };
                history.cleared.push(cleared);
            }
        });
        self.invocations.insert(id, Kind::Clear);
    }

    pub fn warm(&mut self) {
        let isolate = self.some_isolate();
        let (cache, history) = (isolate.cache.clone(), Rc::clone(&self.history));
        let sim = self.sim.clone();
        let work = history.borrow_mut().begin_work(self.now());
        let id = self.sim.spawn(isolate.group, async move {
            drop(cache.warm(false).await);
            history.borrow_mut().end_work(work, sim.now().0);
        });
        self.invocations.insert(id, Kind::Warm);
    }

    /// The backend writes a listing of what the catalog is now, raises its epoch, or begins or ends a synchronization.
    fn backend_writes(&mut self) {
        let (marker, now) = (self.world.keys.sync_marker(), self.now());
        let epoch = self.world.keys.backend_epoch();
        match self.sim.below(6) {
            0 => {
                self.world.redis.set(&marker, "1", Some(Duration::from_secs(900)));
                // The minute that loads are kept apart outlasts it.
                self.history.borrow_mut().begin_until(Trouble::Sync, now, now + 961_000);
            }
            1 => {
                drop(self.world.redis.data.borrow_mut().remove(&marker));
                self.history.borrow_mut().begin_until(Trouble::Sync, now, now + 61_000);
            }
            2 => {
                self.world.redis.run(&["INCR", &epoch]);
                self.history.borrow_mut().cause(now);
            }
            _ => self.backend_writes_a_listing(),
        }
    }

    fn backend_writes_a_listing(&self) {
        let selection = self.some_selection();
        let version = self.world.origin.version.get();
        let listing = crate::support::catalog::listing(version, MODELS, selection);
        let key = self.world.keys.listing(&selection.into());
        self.world.redis.set(&key, &listing, Some(Duration::from_secs(1_800)));
    }

    fn check_step(&self) {
        for isolate in &self.isolates {
            let (bytes, most) = (isolate.cache.memory_bytes(), self.world.policy.memory_max_bytes);
            assert!(bytes <= most, "seed {}: memory {bytes}", self.seed);
        }
        self.check_published();
        self.check_one_load_at_a_time();
    }
}
