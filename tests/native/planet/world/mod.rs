//! The planet's events in their order, and what requests come to.

pub mod catalog;
pub mod colo;
pub mod front;
pub mod isolate;
pub mod ports;
pub mod requests;

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::BinaryHeap,
    rc::Rc,
    time::Duration,
};

use model_catalog_edge::{
    cache::{Cache, InvalidationMode},
    catalog::{KeySpace, View},
    config::Policy,
};

use crate::planet::{
    plan::chance::{Chance, zipf},
    plan::demand::{Demand, SOURCES},
    plan::{Plan, ms},
    report::meter::{Who, number},
    report::spread::Spread,
    world::colo::{Colo, OTHERS_ASK},
    world::front::Place,
    world::isolate::Slot,
    world::ports::Shared,
    world::requests::Happened,
};
use crate::support::{redis::Fault, sim::BEGIN};

/// How far cron's and operators' isolates are from Redis.
const NEAR: Duration = Duration::from_millis(10);

/// Loading everything takes no longer.
const LOADED: Duration = Duration::from_secs(10);

/// What happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A request for a view comes to a slot, if that is still the plan.
    Arrival {
        slot: usize,
        planned: u64,
        view: usize,
    },
    /// A request for a page comes to a colo's cache.
    Page {
        place: usize,
        planned: u64,
    },
    Death {
        slot: usize,
        group: u64,
    },
    Change,
    Cron,
    Clear {
        is_soft: bool,
    },
    Deploy,
    /// The colos that are not simulated ask for views.
    Others,
    Redis {
        is_well: bool,
    },
    Origin {
        is_well: bool,
    },
    Tidy,
}

/// What clients got.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Requests of clients.
    pub requests: f64,
    /// Requests that reached an isolate.
    pub reached: f64,
    /// Those of them that ran through the cache's code.
    pub run: f64,
    pub front: f64,
    pub memory: f64,
    pub colo: f64,
    pub redis: f64,
    pub kv: f64,
    pub origin: f64,
    pub stale: f64,
    pub unavailable: f64,
    pub births: f64,
    pub staleness: Spread,
    /// How long after a hard clear something of before it was still served as current, in ms, at the worst.
    pub after_clear: f64,
    /// How long cached answers took, in ms.
    pub latency: Spread,
    pub floor_checks: f64,
    pub floor_flushes: f64,
    pub floor_snapshots: f64,
    /// Checks while Redis was out, which KV must answer.
    pub floor_apart: f64,
    /// Looks which derived listings are there: one for each content and TTL of a source in an isolate.
    pub floor_looks: f64,
    /// Each time that the source which cron does not warm is over its TTL in an isolate, which cannot know without asking that
    /// another one loads.
    pub floor_waits: f64,
    /// While the origin is out, each minute in which an isolate has something stale to serve, whether it is to be left alone still.
    pub floor_probes: f64,
    /// While it is out, each interval in which an isolate has nothing but what is far over its TTL, a look at a key of the
    /// backend's.
    pub floor_own_keys: f64,
    /// Where isolates share a data center's cache: checks, one for all of them.
    pub floor_colo_checks: f64,
    /// The same of snapshots: one for each content.
    pub floor_colo_snapshots: f64,
    pub crons: f64,
    pub clears: f64,
}

/// A planet.
pub struct Planet {
    pub plan: Plan,
    pub demand: Demand,
    pub shared: Shared,
    pub totals: Totals,
    pub policy: Policy,
    pub(super) chance: Chance,
    /// What changes of the catalog are drawn from.
    fate: Chance,
    pub(super) slots: Vec<Slot>,
    pub(super) places: Vec<Place>,
    /// Those that clients ask, and at last one for cron and operators.
    pub(super) colos: Vec<Colo>,
    /// An isolate of the colos that are not simulated.
    pub(super) other: Option<Cache>,
    /// When the last hard clear began.
    pub(super) cleared_at: Option<f64>,
    pub(super) happened: Rc<RefCell<Vec<Happened>>>,
    queue: BinaryHeap<Reverse<(u64, u64, Event)>>,
    next: u64,
}

impl Planet {
    pub fn new(plan: Plan) -> Self {
        let mut chance = Chance::new(plan.seed);
        let shared = Shared::new(plan.seed, plan.is_full_size, plan.sampled + 1);
        let policy = Policy {
            memory_ttl: plan.memory_ttl,
            ttl: plan.ttl,
            log_hits_one_in: plan.log_hits_one_in,
            colo: plan.has_colo_cache.then_some(0),
            ..Policy::default()
        };
        // From a few to over a hundred milliseconds, each factor as often.
        let far = |_| Duration::from_secs_f64(0.003 * 40_f64.powf(chance.share()));
        let distances: Vec<Duration> = (0..plan.sampled).map(far).chain([NEAR]).collect();
        let mut planet = Self {
            demand: Demand::new(plan.views, plan.pages, plan.view_skew),
            slots: Vec::new(),
            places: Vec::new(),
            colos: distances.into_iter().map(Colo::at).collect(),
            other: None,
            cleared_at: None,
            totals: Totals::default(),
            happened: Rc::default(),
            queue: BinaryHeap::new(),
            next: 1,
            policy,
            shared,
            chance,
            fate: Chance::new(plan.seed + 500),
            plan,
        };
        planet.populate();
        planet.plan_day();
        planet
    }

    /// The colos that are simulated: each stands for its neighbours in rank, and gets their mean.
    fn populate(&mut self) {
        let weights = zipf(self.plan.colos, self.plan.colo_skew);
        let neighbours = self.plan.colos.div_ceil(self.plan.sampled);
        for (colo, group) in weights.chunks(neighbours).enumerate() {
            let weight = group.iter().sum::<f64>() / number(group.len());
            let rate = self.plan.requests_per_s / 1_000.0 * weight;
            self.colos[colo].rate = rate;
            let slots = self.plan.isolates_per_colo;
            let of_slot = if self.plan.is_fronted { 0.0 } else { rate / number(slots) };
            for slot in 0..slots {
                let seed = self.plan.seed + u64::try_from(colo * slots + slot).unwrap() * 7 + 1_000;
                let fate = Chance::new(seed);
                self.slots.push(Slot { colo, rate: of_slot, fate, living: None, planned: 0 });
            }
            if self.plan.is_fronted {
                for (view, wanted) in self.demand.views.iter().enumerate() {
                    let rates = self.demand.pages.iter().map(|share| rate * wanted.share * share);
                    self.places.extend(rates.map(|rate| Place {
                        colo,
                        view,
                        rate,
                        stored: None,
                        planned: 0,
                    }));
                }
            }
        }
    }

    /// Everything that happens by the clock.
    fn plan_day(&mut self) {
        let begin = if self.plan.begins_warm { self.load_all() } else { 0.0 };
        for slot in 0..self.slots.len() {
            self.plan_arrival(slot, begin);
        }
        for place in 0..self.places.len() {
            self.plan_page(place, begin);
        }
        let (cron, hour, minute) = (ms(self.plan.cron_every), 3_600_000.0, 60_000.0);
        let plan = self.plan.clone();
        let first = self.fate.share() * cron;
        self.push(first, Event::Cron);
        self.push(minute, Event::Tidy);
        if plan.has_colo_cache && plan.sampled < plan.colos {
            self.push(begin, Event::Others);
        }
        // What cron loads is asked of the origin a moment later.
        let is_with_cron = plan.change_each_crons.is_some();
        let first = if is_with_cron { first } else { self.until_change() };
        self.push(first, Event::Change);
        for (at, is_soft) in plan.clears {
            self.push(at * hour, Event::Clear { is_soft });
        }
        for at in plan.deploys {
            self.push(at * hour, Event::Deploy);
        }
        for (is_redis, outage) in [(true, plan.redis_outage), (false, plan.origin_outage)] {
            let Some((begin, length)) = outage else { continue };
            for (at, is_well) in [(begin, false), (begin + length, true)] {
                let at = Duration::from_secs(at * 60);
                let event =
                    if is_redis { Event::Redis { is_well } } else { Event::Origin { is_well } };
                self.push(ms(at), event);
            }
        }
    }

    /// Plans something, at ms from the begin.
    pub(super) fn push(&mut self, at: f64, event: Event) {
        if at < self.plan.length_ms() {
            let at = Duration::from_secs_f64(at.max(0.0) / 1_000.0);
            self.next += 1;
            let micros = u64::try_from(at.as_micros()).unwrap();
            self.queue.push(Reverse((micros, self.next, event)));
        }
    }

    /// A number that nothing else has.
    pub(super) fn unique(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Lets all of its time pass.
    pub fn run(&mut self) {
        while let Some(Reverse((micros, _, event))) = self.queue.pop() {
            let passed = self.shared.sim.now().0 - BEGIN;
            self.shared.sim.run_for(Duration::from_millis((micros / 1_000).saturating_sub(passed)));
            self.take_happened();
            let at = Duration::from_micros(micros).as_secs_f64() * 1_000.0;
            self.happen(event, at);
        }
        let end = self.plan.length_ms();
        for slot in 0..self.slots.len() {
            self.end_life(slot, end);
        }
        self.count_colos(end);
    }

    fn happen(&mut self, event: Event, at: f64) {
        match event {
            Event::Arrival { slot, planned, view } if self.slots[slot].planned == planned => {
                self.totals.requests += 1.0;
                self.ask(slot, view, at, None, true);
                self.plan_arrival(slot, at);
            }
            Event::Page { place, planned } if self.places[place].planned == planned => {
                self.page(place, at);
            }
            Event::Arrival { .. } | Event::Page { .. } => {}
            Event::Death { slot, group } => {
                let living = self.slots[slot].living.as_ref();
                if living.is_some_and(|living| living.group == group) {
                    self.end_life(slot, at);
                }
            }
            Event::Change => {
                self.shared.history.borrow_mut().change(self.shared.sim.now().0);
                let next = at + self.until_change();
                self.push(next, Event::Change);
            }
            Event::Cron => {
                self.warm();
                self.push(at + ms(self.plan.cron_every), Event::Cron);
            }
            Event::Clear { is_soft } => self.clear(is_soft, at),
            Event::Deploy => {
                (0..self.slots.len()).for_each(|slot| self.end_life(slot, at));
                self.rename_colos();
            }
            Event::Others => {
                self.others_ask();
                self.push(at + ms(OTHERS_ASK), Event::Others);
            }
            Event::Redis { is_well } => {
                let checks = self.floor_checks_until(at);
                self.totals.floor_apart += if is_well { checks } else { -checks };
                let fault = if is_well { Fault::None } else { Fault::Error };
                self.shared.redis.fault.set(fault);
                self.shared.meter.is_apart.set(!is_well);
            }
            Event::Origin { is_well } => {
                let fault = if is_well { Fault::None } else { Fault::Error };
                self.shared.origin_fault.set(fault);
                self.shared.meter.is_origin_out.set(!is_well);
            }
            Event::Tidy => {
                self.shared.forget();
                self.push(at + 60_000.0, Event::Tidy);
            }
        }
    }

    /// An isolate's cache, and what sets its clock forward.
    pub(super) fn cache(&self, who: Who, colo: usize) -> (Cache, Rc<Cell<u64>>) {
        let ahead = Rc::default();
        let ports = self.shared.ports(who, colo, self.colos[colo].distance, &ahead);
        (Cache::new(ports, self.policy.clone(), KeySpace::new("t:")), ahead)
    }

    /// How long until the catalog changes again.
    fn until_change(&mut self) -> f64 {
        match self.plan.change_each_crons {
            Some(crons) => ms(self.plan.cron_every * crons),
            None => self.fate.wait(1.0 / ms(self.plan.change_every)),
        }
    }

    /// An isolate of nobody's asks for a view of each source; until when that takes, in ms.
    fn load_all(&mut self) -> f64 {
        let (cache, _) = self.cache(Who::Operator, self.plan.sampled);
        let views = (0..SOURCES.len()).filter_map(|source| self.demand.of(source).next());
        let views: Vec<View> = views.map(|(_, wanted)| wanted.view).collect();
        let group = self.unique();
        self.shared.sim.spawn(group, async move {
            for view in views {
                for next in cache.lookup(view.into()).await.follow_ups {
                    cache.run(next).await;
                }
            }
        });
        self.shared.sim.run_for(LOADED);
        ms(LOADED)
    }

    fn warm(&mut self) {
        self.totals.crons += 1.0;
        let (cache, _) = self.cache(Who::Cron, self.plan.sampled);
        let group = self.unique();
        self.shared.sim.spawn(group, async move { drop(cache.warm(false).await) });
    }

    fn clear(&mut self, is_soft: bool, at: f64) {
        self.totals.clears += 1.0;
        if !is_soft {
            self.cleared_at = Some(at);
        }
        let (cache, _) = self.cache(Who::Operator, self.plan.sampled);
        let mode = if is_soft { InvalidationMode::Soft } else { InvalidationMode::Hard };
        let group = self.unique();
        self.shared.sim.spawn(group, async move { drop(cache.invalidate(mode).await) });
    }

    /// What share of requests a source has whose views are these.
    pub(super) fn share_of(&self, source: usize) -> f64 {
        debug_assert!(source < SOURCES.len());
        self.demand.share(source)
    }
}
