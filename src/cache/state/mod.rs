//! What an isolate knows: plain data, lost with the isolate. Nothing here awaits.

mod backoff;
mod breaker;
mod handover;
mod hedge_budget;
mod knowledge;
mod leases;
mod memory;
mod pause;
mod publishing;

use std::{collections::HashMap, rc::Rc, time::Duration};

pub(super) use breaker::Permit;
pub use breaker::{Breaker, BreakerState};
pub(super) use handover::ReadOutcome;
pub(super) use leases::{Hold, Work};
pub(super) use memory::Resident;

use super::{
    entry::{Content, Entry},
    protocol::{Freshness, Version},
    telemetry::{Counters, Reason},
};
use crate::{
    catalog::{Extent, Resource, Snapshot, Source, View},
    config::Policy,
    ports::{Tier, TierError, Timestamp},
};
use backoff::Backoff;
use handover::Handover;
use hedge_budget::HedgeBudget;
use knowledge::Knowledge;
use leases::Leases;
use memory::Memory;
use publishing::Publishing;

/// The same failure of a tier is logged at most this often.
const SAME_ERROR: Duration = Duration::from_secs(60);
/// Those that pass through share one answer of the origin for so long.
const PASSED: Duration = Duration::from_secs(1);

/// A tier that is called over the network, and has a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CacheTier {
    Upstash,
    Kv,
}

impl From<CacheTier> for Tier {
    fn from(tier: CacheTier) -> Self {
        match tier {
            CacheTier::Upstash => Self::Upstash,
            CacheTier::Kv => Self::Kv,
        }
    }
}

/// Everything that an isolate knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) memory: Memory,
    pub(super) upstash: Breaker,
    pub(super) kv: Breaker,
    pub(super) leases: Leases,
    pub(super) hedge_budget: HedgeBudget,
    pub(super) counters: Counters,
    pub(super) knowledge: Knowledge,
    pub(super) handover: Handover,
    pub(super) publishing: Publishing,
    pub(super) flushed_at: Timestamp,
    pub(super) check_ended_at: Timestamp,
    backoff: HashMap<Source, Backoff>,
    /// The last failure of each tier that was logged.
    logged: Vec<(CacheTier, TierError, Timestamp)>,
    /// Whose version was found published last, where that was another configuration's.
    other_configuration: HashMap<Source, u64>,
    /// What passed through lately.
    passed: HashMap<Source, Passed>,
}

/// What the origin gave to those that pass through, and when.
type Passed = (Timestamp, Result<Rc<Snapshot>, Reason>);

impl State {
    /// What an isolate knows that begins at `now`: nothing.
    pub(super) fn new(memory_max_bytes: usize, now: Timestamp) -> Self {
        Self {
            memory: Memory::new(memory_max_bytes),
            upstash: Breaker::default(),
            kv: Breaker::default(),
            leases: Leases::default(),
            hedge_budget: HedgeBudget::default(),
            counters: Counters::default(),
            knowledge: Knowledge::default(),
            handover: Handover::default(),
            publishing: Publishing::default(),
            // A cold isolate's first request has better things to ask of Redis.
            flushed_at: now,
            check_ended_at: Timestamp::default(),
            backoff: HashMap::new(),
            logged: Vec::new(),
            other_configuration: HashMap::new(),
            passed: HashMap::new(),
        }
    }

    /// What is resident and how it may be served.
    pub(super) fn resident(
        &mut self,
        resource: &Resource,
        now: Timestamp,
        policy: &Policy,
    ) -> Option<(Resident, Freshness)> {
        let known = self.knowledge.known(resource.source());
        let resident = self.memory.get(resource)?;
        Some((resident.clone(), resident.entry.freshness(&known, now, policy)))
    }

    /// How an entry may be served.
    pub(super) fn freshness(
        &self,
        source: Source,
        entry: &Entry,
        now: Timestamp,
        policy: &Policy,
    ) -> Freshness {
        entry.freshness(&self.knowledge.known(source), now, policy)
    }

    /// Keeps an entry in memory if it has room and nothing newer is there.
    pub(super) fn keep(&mut self, resource: Resource, entry: Entry, now: Timestamp) {
        if let Some(epoch) = entry.dated.epoch() {
            self.knowledge.learn_epoch(epoch);
        }
        self.memory.put(resource, Resident::new(entry, now));
    }

    /// Learns a source's version, and lets what memory holds of it move on. Where control was lost and the version was not, the
    /// version's epoch is what control is lifted to: it would refuse every publication else.
    pub(super) fn learn_version(&mut self, source: Source, version: Version) {
        self.knowledge.learn_epoch(version.epoch);
        self.knowledge.learn_version(source, version);
        self.memory.move_on(source, &version);
    }

    /// How large a source was when it was last seen, by a version or by memory.
    pub(super) fn extent(&self, source: Source) -> Option<Extent> {
        let version = self.knowledge.version(source);
        let known = version.map(|version| (version.order(), version.extent()));
        let held = self.memory.snapshot(source).and_then(|entry| match &entry.content {
            Content::Snapshot(snapshot) => {
                Some(((entry.dated.epoch().unwrap_or(0), entry.at()), snapshot.extent()))
            }
            Content::Listing(_) => None,
        });
        known.into_iter().chain(held).max_by_key(|(order, _)| *order).map(|(_, extent)| extent)
    }

    /// Whether a view has a key; none when that depends on an extent that is not known here.
    pub(super) fn has_key(&self, view: &View) -> Option<bool> {
        view.has_key(self.extent(view.source()))
    }

    /// Whether a view has a key, guessing by whether it is kept warm where that is not known.
    pub(super) fn probably_has_key(&self, view: &View) -> bool {
        self.has_key(view).unwrap_or_else(|| view.is_warm())
    }

    pub(super) fn breaker(&mut self, tier: CacheTier) -> &mut Breaker {
        match tier {
            CacheTier::Upstash => &mut self.upstash,
            CacheTier::Kv => &mut self.kv,
        }
    }

    /// Notes a tier's failure; says whether it is news: another one than the last, or that one still after a while.
    pub(super) fn note_error(
        &mut self,
        tier: CacheTier,
        error: &TierError,
        now: Timestamp,
    ) -> bool {
        let known = self.logged.iter_mut().find(|(of, ..)| *of == tier);
        match known {
            Some((_, last, at)) if last == error && now.since(*at) < SAME_ERROR => false,
            Some(last) => {
                *last = (tier, error.clone(), now);
                true
            }
            None => {
                self.logged.push((tier, error.clone(), now));
                true
            }
        }
    }

    /// Notes that another configuration's version is published; says whether that is news.
    pub(super) fn note_other_configuration(&mut self, source: Source, config: u64) -> bool {
        self.other_configuration.insert(source, config) != Some(config)
    }

    /// What the origin gave to those that pass through, if that is not over.
    pub(super) fn passed(
        &self,
        source: Source,
        now: Timestamp,
    ) -> Option<Result<Rc<Snapshot>, Reason>> {
        let (at, result) = self.passed.get(&source)?;
        (now.since(*at) < PASSED).then(|| result.clone())
    }

    /// Notes what the origin gave to those that pass through.
    pub(super) fn note_passed(
        &mut self,
        source: Source,
        result: Result<Rc<Snapshot>, Reason>,
        now: Timestamp,
    ) {
        self.passed.insert(source, (now, result));
    }

    /// The back-off of a source's loads.
    pub(super) fn backoff(&mut self, source: Source) -> &mut Backoff {
        self.backoff.entry(source).or_default()
    }
}
