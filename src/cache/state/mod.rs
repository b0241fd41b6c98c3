//! What an isolate knows: plain data, lost with the isolate. Nothing here awaits.

mod backoff;
mod breaker;
mod hedge_budget;
mod last_good;
mod leases;
mod memory;
mod observed;
mod reads;

use std::collections::HashMap;

pub(super) use breaker::Permit;
pub use breaker::{Breaker, BreakerState};
pub(super) use leases::{Hold, Work};
pub(super) use memory::Resident;
pub(super) use reads::ReadOutcome;

use super::{
    entry::{Content, Epochs, Freshness},
    telemetry::Counters,
};
use crate::{
    catalog::{Resource, Source, View},
    config::Policy,
    ports::{Tier, Timestamp},
};
use backoff::Backoff;
use hedge_budget::HedgeBudget;
use last_good::LastGood;
use leases::Leases;
use memory::Memory;
use observed::Observed;
use reads::Reads;

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
    pub(super) observed: Observed,
    pub(super) reads: Reads,
    pub(super) last_good: LastGood,
    pub(super) flushed_at: Timestamp,
    pub(super) check_ended_at: Timestamp,
    backoff: HashMap<Source, Backoff>,
}

impl State {
    pub(super) fn new(memory_max_bytes: usize) -> Self {
        Self {
            memory: Memory::new(memory_max_bytes),
            upstash: Breaker::default(),
            kv: Breaker::default(),
            leases: Leases::default(),
            hedge_budget: HedgeBudget::default(),
            counters: Counters::default(),
            observed: Observed::default(),
            reads: Reads::default(),
            last_good: LastGood::default(),
            flushed_at: Timestamp::default(),
            check_ended_at: Timestamp::default(),
            backoff: HashMap::new(),
        }
    }

    /// The last epochs seen; none if Redis never answered.
    pub(super) fn epochs(&self) -> Option<Epochs> {
        self.observed.epochs()
    }

    /// What is resident and how it may be served; what differs from Redis is to be refreshed, however young.
    pub(super) fn resident(
        &mut self,
        resource: &Resource,
        now: Timestamp,
        policy: &Policy,
    ) -> Option<(Resident, Freshness)> {
        let epochs = self.epochs();
        let resident = self.memory.get(resource)?;
        let freshness = match resident.entry.freshness(now, epochs.as_ref(), policy) {
            Freshness::Fresh if resident.differs_from_redis => Freshness::Revalidate,
            freshness => freshness,
        };
        Some((resident.clone(), freshness))
    }

    /// Keeps an entry in memory if it has room and nothing newer is there, and what a snapshot tells of its source in
    /// any case.
    pub(super) fn keep(&mut self, resource: Resource, resident: Resident) {
        if let Content::Snapshot(snapshot) = &resident.entry.content {
            self.last_good.note(resource.source(), resident.entry.at, snapshot.extent());
        }
        self.memory.put(resource, resident);
    }

    /// Whether a view has a key; none when that depends on an extent that is not known here.
    pub(super) fn has_key(&self, view: &View) -> Option<bool> {
        view.has_key(self.last_good.extent(view.source()))
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

    /// The back-off of a source's loads.
    pub(super) fn backoff(&mut self, source: Source) -> &mut Backoff {
        self.backoff.entry(source).or_default()
    }
}
