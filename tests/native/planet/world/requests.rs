//! What requests come to: what must be run is run through the cache's own code, what can only be a hit is counted.

use std::{rc::Rc, time::Duration};

use futures_util::future::join_all;
use model_catalog_edge::{
    cache::{Answer, FLUSH_EVERY, Outcome, Served, TierReport, Trace},
    ports::Tier,
};

use crate::planet::{
    plan::demand::SOURCES,
    plan::ms,
    report::floor::Periodic,
    report::meter::Who,
    world::front::Stored,
    world::isolate::{Living, Made},
    world::{Event, Planet},
};
use crate::support::sim::BEGIN;

/// How long the origin is left alone at the longest.
const PROBE_MS: f64 = 60_000.0;
/// A page whose answer got lost with its isolate is asked for again after this.
const LOST_MS: f64 = 30_000.0;

/// Whom an answer is for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    slot: usize,
    view: usize,
    /// The page of a cache in front.
    place: Option<usize>,
    /// Whether a client waits for it.
    is_awaited: bool,
}

/// What happened while time passed.
pub enum Happened {
    Answered {
        asked: Asked,
        at: u64,
        took: u64,
        answer: Option<Answer>,
        tier: Tier,
    },
    /// Everything behind an answer is done.
    Settled {
        slot: usize,
        group: u64,
        at: u64,
    },
}

impl Planet {
    /// Plans the next request that must be run: one that comes when something is due, or for a view that is not ready.
    pub(super) fn plan_arrival(&mut self, slot: usize, now: f64) {
        let rate = self.slots[slot].rate;
        let mut first = (f64::INFINITY, 0);
        for source in 0..SOURCES.len() {
            let ready = self.slots[slot].living.as_ref().map(|living| living.ready[source]);
            let ready = ready.unwrap_or_default();
            let share = self.share_of(source);
            let due = ready.due.unwrap_or(now).max(now);
            let unready = (share - ready.share).max(0.0);
            let is_any_ready = ready.due.is_some() && ready.views != 0;
            let early = now + self.chance.wait(if unready > 1e-9 { rate * unready } else { 0.0 });
            let (at, except) = if is_any_ready && early < due {
                (early, ready.views)
            } else {
                (due + self.chance.wait(rate * share), 0)
            };
            if at < first.0 {
                first = (at, self.demand.pick(&mut self.chance, source, except));
            }
        }
        let planned = self.unique();
        self.slots[slot].planned = planned;
        self.push(first.0, Event::Arrival { slot, planned, view: first.1 });
    }

    /// A request comes to an isolate.
    pub(super) fn ask(
        &mut self,
        slot: usize,
        view: usize,
        at: f64,
        place: Option<usize>,
        is_awaited: bool,
    ) {
        self.totals.reached += 1.0;
        self.totals.run += 1.0;
        self.be_alive(slot, at);
        self.note_asked(slot, at);
        let wanted = self.demand.views[view];
        self.count_hits(slot, wanted.source, at);
        let Some(living) = self.slots[slot].living.as_mut() else { return };
        living.checks.saw(at);
        living.flushes.saw(at);
        living.looks[wanted.source].saw(at);
        let asked = Asked { slot, view, place, is_awaited };
        if let Some((answer, _)) = living.cache.hit(wanted.view.into()) {
            self.note_answer(asked, at, 0, Some(&answer), Tier::Memory);
            self.note_ready(asked, &answer, at);
            return;
        }
        let (group, cache) = (living.group, living.cache.clone());
        self.disturb(slot, at);
        let (sim, happened) = (self.shared.sim.clone(), Rc::clone(&self.happened));
        self.shared.sim.spawn(group, async move {
            let begun = sim.now();
            let Outcome { answer, trace, follow_ups } = cache.lookup(wanted.view.into()).await;
            let (now, took) = (sim.now().0, sim.now().since(begun));
            let took = u64::try_from(took.as_millis()).unwrap();
            let (answer, tier) = (answer.ok(), tier_of(&trace));
            happened.borrow_mut().push(Happened::Answered { asked, at: now, took, answer, tier });
            join_all(follow_ups.into_iter().map(|next| cache.run(next))).await;
            happened.borrow_mut().push(Happened::Settled { slot, group, at: sim.now().0 });
        });
    }

    /// Takes what happened while time passed.
    pub(super) fn take_happened(&mut self) {
        let happened = std::mem::take(&mut *self.happened.borrow_mut());
        for happened in happened {
            match happened {
                Happened::Answered { asked, at, took, answer, tier } => {
                    self.note_answer(asked, since_begin(at), took, answer.as_ref(), tier);
                }
                Happened::Settled { slot, group, at } => {
                    let living = self.slots[slot].living.as_ref();
                    if living.is_some_and(|living| living.group == group) && !self.plan.is_fronted {
                        self.disturb(slot, since_begin(at));
                        self.plan_arrival(slot, since_begin(at));
                    }
                }
            }
        }
    }

    /// What memory answers may have become something else: the next requests are run.
    fn disturb(&mut self, slot: usize, at: f64) {
        for source in 0..SOURCES.len() {
            self.count_hits(slot, source, at);
            if let Some(living) = self.slots[slot].living.as_mut() {
                living.ready[source].due = None;
            }
        }
    }

    /// How many checks were necessary so far.
    pub(super) fn floor_checks_until(&mut self, at: f64) -> f64 {
        for slot in 0..self.slots.len() {
            (0..SOURCES.len()).for_each(|source| self.count_hits(slot, source, at));
        }
        let living = self.slots.iter().filter_map(|slot| slot.living.as_ref());
        self.totals.floor_checks + living.map(|living| living.checks.count).sum::<f64>()
    }

    /// A view was a hit with nothing behind it: until something is due, so are all that were it of the same snapshot.
    fn note_ready(&mut self, asked: Asked, answer: &Answer, at: f64) {
        let (wanted, made) = (self.demand.views[asked.view], Made::of(answer));
        let Some(living) = self.slots[asked.slot].living.as_mut() else { return };
        if !self.plan.in_bulk || self.plan.is_fronted {
            return;
        }
        let horizon = u64::try_from(self.plan.memory_ttl.as_millis()).unwrap() + 1_000;
        let mut ready = living.ready[wanted.source];
        if ready.made != made {
            (ready.views, ready.share, ready.made) = (0, 0.0, made);
        }
        if ready.views & (1 << asked.view) == 0 {
            ready.views |= 1 << asked.view;
            ready.share += wanted.share;
        }
        if ready.due.is_none_or(|due| due <= at) {
            let left = living.hits_for(wanted.view, horizon);
            ready.due = Some(at + ms(Duration::from_millis(left)));
        }
        ready.since = at;
        living.ready[wanted.source] = ready;
    }

    /// Counts the hits that need not be run.
    fn count_hits(&mut self, slot: usize, source: usize, to: f64) {
        let Slotted { rate, ready } = self.slotted(slot, source);
        let (from, until) = (ready.since, ready.due.unwrap_or(ready.since).min(to));
        if until <= from {
            return;
        }
        let rate = rate * ready.share;
        let hits = self.chance.count(rate * (until - from));
        let Some(living) = self.slots[slot].living.as_mut() else { return };
        living.ready[source].since = until;
        living.checks.saw_many(from, until, rate, &mut self.chance);
        living.flushes.saw_many(from, until, rate, &mut self.chance);
        living.looks[source].saw_many(from, until, rate, &mut self.chance);
        let totals = &mut self.totals;
        for count in [&mut totals.requests, &mut totals.reached, &mut totals.memory] {
            *count += hits;
        }
        totals.latency.note(0.0, hits);
        if let Some(replaced) = ready.made.and_then(|made| self.replaced(made)) {
            self.totals.staleness.note_many(from - replaced, until - replaced, hits);
        } else {
            self.totals.staleness.note(0.0, hits);
        }
        if let Some(made) = ready.made.filter(|_| hits > 0.0) {
            self.note_current(made.at, until);
        }
        if self.plan.log_hits_one_in > 0 {
            let one_in = f64::from(u32::try_from(self.plan.log_hits_one_in).unwrap());
            self.shared.meter.note_lines(hits / one_in);
        }
    }

    fn slotted(&self, slot: usize, source: usize) -> Slotted {
        let slot = &self.slots[slot];
        let ready = slot.living.as_ref().map(|living| living.ready[source]);
        Slotted { rate: slot.rate, ready: ready.unwrap_or_default() }
    }

    /// When the content that something was made of was replaced, in ms from the begin.
    fn replaced(&self, made: Made) -> Option<f64> {
        self.shared.history.borrow().replaced(made.hash).map(since_begin)
    }

    fn note_answer(
        &mut self,
        asked: Asked,
        at: f64,
        took: u64,
        answer: Option<&Answer>,
        tier: Tier,
    ) {
        let made = answer.and_then(Made::of);
        let source = self.demand.views[asked.view].source;
        self.note_served(asked.slot, source, made);
        if let Some(answer) = answer.filter(|answer| answer.served != Served::Stale) {
            self.note_current(answer.at.0, at);
        }
        if let Some(living) = self.slots[asked.slot].living.as_mut() {
            living.note_served(source, made);
            let is_stale = |answer: &&Answer| answer.served == Served::Stale;
            if let Some(answer) = answer.filter(is_stale)
                && self.shared.meter.is_origin_out.get()
            {
                living.probes[source].saw(at);
                if answer.age >= self.policy.ttl + self.policy.revalidate {
                    living.own_keys[source].saw(at);
                }
            }
        }
        let behind =
            made.and_then(|made| self.replaced(made)).map_or(0.0, |replaced| at - replaced);
        if asked.is_awaited {
            let totals = &mut self.totals;
            match answer {
                None => totals.unavailable += 1.0,
                Some(answer) => {
                    totals.staleness.note(behind, 1.0);
                    if answer.served == Served::Stale {
                        totals.stale += 1.0;
                    }
                    *match tier {
                        Tier::Memory => &mut totals.memory,
                        Tier::Colo => &mut totals.colo,
                        Tier::Upstash => &mut totals.redis,
                        Tier::Kv => &mut totals.kv,
                        Tier::Origin => &mut totals.origin,
                    } += 1.0;
                    if tier != Tier::Origin {
                        totals.latency.note(ms(Duration::from_millis(took)), 1.0);
                    }
                }
            }
        }
        if let Some(place) = asked.place {
            self.places[place].stored = answer.map(|answer| Stored::of(answer, &self.policy, at));
            self.plan_page(place, at);
        }
    }

    /// The first request for a page after its time comes.
    pub(super) fn page(&mut self, place: usize, at: f64) {
        let known = self.places[place];
        self.places[place].stored = None;
        let mut is_awaited = true;
        if let Some(stored) = known.stored {
            let until = stored.fresh_until.min(at);
            let hits = self.chance.count(known.rate * (until - stored.at));
            let is_usable = at < stored.usable_until;
            is_awaited = !is_usable;
            let behind = stored.made.and_then(|made| self.replaced(made));
            let totals = &mut self.totals;
            totals.requests += hits;
            totals.front += hits;
            totals.latency.note(0.0, hits);
            let of = |moment: f64| behind.map_or(0.0, |replaced| moment - replaced);
            totals.staleness.note_many(of(stored.at), of(until), hits);
            if is_usable {
                totals.front += 1.0;
                totals.latency.note(0.0, 1.0);
                totals.staleness.note(of(at), 1.0);
            }
        }
        self.totals.requests += 1.0;
        let slot = known.colo * self.plan.isolates_per_colo
            + self.chance.below(self.plan.isolates_per_colo);
        let planned = self.unique();
        self.places[place].planned = planned;
        self.push(at + LOST_MS, Event::Page { place, planned });
        self.ask(slot, known.view, at, Some(place), is_awaited);
    }

    /// Plans the next request for a page that its cache cannot answer by itself.
    pub(super) fn plan_page(&mut self, place: usize, now: f64) {
        let known = self.places[place];
        let from = known.stored.map_or(now, |stored| stored.fresh_until);
        let at = from + self.chance.wait(known.rate);
        let planned = self.unique();
        self.places[place].planned = planned;
        self.push(at, Event::Page { place, planned });
    }

    /// An isolate is born with its first request.
    fn be_alive(&mut self, slot: usize, at: f64) {
        if self.slots[slot].living.is_some() {
            return;
        }
        self.totals.births += 1.0;
        let (cache, ahead) = self.cache(Who::Colo, self.slots[slot].colo);
        let group = self.unique();
        let checks = Periodic::new(ms(self.plan.memory_ttl), at);
        let flushes = Periodic::new(ms(FLUSH_EVERY), at);
        let looks = Periodic::new(ms(self.plan.ttl), at);
        let probes = Periodic::new(PROBE_MS, at);
        let periods = [checks, flushes, looks, probes, checks];
        self.slots[slot].living = Some(Living::new(cache, group, ahead, periods));
        let end = at + self.slots[slot].fate.wait(1.0 / ms(self.plan.lifetime));
        self.push(end, Event::Death { slot, group });
    }

    /// An isolate ends, with all that runs in it.
    pub(super) fn end_life(&mut self, slot: usize, at: f64) {
        self.disturb(slot, at);
        let Some(living) = self.slots[slot].living.take() else { return };
        self.shared.sim.kill(living.group);
        self.totals.floor_checks += living.checks.count;
        self.totals.floor_flushes += living.flushes.count;
        self.totals.floor_snapshots += living.contents;
        let count = |periods: [Periodic; 2]| periods.iter().map(|period| period.count).sum::<f64>();
        self.totals.floor_looks += living.contents + count(living.looks);
        self.totals.floor_waits += living.looks[1].count;
        self.totals.floor_probes += count(living.probes);
        self.totals.floor_own_keys += count(living.own_keys);
        if !self.plan.is_fronted {
            self.plan_arrival(slot, at);
        }
    }
}

/// What a count of hits needs.
struct Slotted {
    rate: f64,
    ready: super::isolate::Ready,
}

pub(super) fn since_begin(at: u64) -> f64 {
    ms(Duration::from_millis(at.saturating_sub(BEGIN)))
}

fn tier_of(trace: &Trace) -> Tier {
    let hit = trace.iter().find_map(|(tier, report)| match report {
        TierReport::Hit { .. } => Some(*tier),
        TierReport::Forward { .. } => None,
    });
    hit.unwrap_or(Tier::Origin)
}
