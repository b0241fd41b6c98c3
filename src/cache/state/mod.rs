//! What an isolate knows: plain data, lost with the isolate.

use std::{collections::HashMap, time::Duration};

use super::{
    backoff::Backoff,
    breaker::Breaker,
    counters::Counters,
    entry::{Content, Entry, Epochs, Freshness},
    hedge::Hedge,
    lease::Leases,
    memory::{Memory, Slot},
};
use crate::{
    catalog::{Resource, Scope, Selection, WARM},
    config::Policy,
    ports::{Tier, Timestamp},
};

/// How a read of Upstash and KV ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadEnd {
    /// With something, fresh or stale.
    Found,
    /// With nothing, from tiers that answered.
    Missed,
    /// With nothing, from tiers of which one did not answer.
    Failed,
}

/// A tier that is called, and has a breaker.
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

/// The last epochs that Redis gave, and when that request had ended.
#[derive(Clone, Copy, Debug)]
struct Observed {
    epochs: Epochs,
    ended: Timestamp,
}

/// The last snapshot that was good: what a new one is measured against.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastGood {
    pub(super) at: Timestamp,
    pub(super) models: usize,
    pub(super) offers_max: u32,
}

const READS_KEPT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct State {
    pub(super) memory: Memory,
    pub(super) upstash: Breaker,
    pub(super) kv: Breaker,
    pub(super) backoff: HashMap<Scope, Backoff>,
    pub(super) leases: Leases,
    pub(super) hedge: Hedge,
    pub(super) counters: Counters,
    pub(super) flushed_at: Timestamp,
    pub(super) check_ended_at: Timestamp,
    /// When the last read of a thing ended, and how.
    reads: HashMap<Resource, (Timestamp, ReadEnd)>,
    last_good: HashMap<Scope, LastGood>,
    observed: Option<Observed>,
}

impl State {
    pub(super) fn new(memory_max_bytes: usize) -> Self {
        Self {
            memory: Memory::new(memory_max_bytes),
            upstash: Breaker::default(),
            kv: Breaker::default(),
            backoff: HashMap::new(),
            leases: Leases::default(),
            hedge: Hedge::default(),
            counters: Counters::default(),
            flushed_at: Timestamp::default(),
            check_ended_at: Timestamp::default(),
            reads: HashMap::new(),
            last_good: HashMap::new(),
            observed: None,
        }
    }

    /// The last epochs seen; none if Redis never answered.
    pub(super) fn epochs(&self) -> Option<Epochs> {
        self.observed.map(|observed| observed.epochs)
    }

    /// Learns epochs from a request that was under way from `begun` to `ended`. Of two that overlap nobody knows which
    /// came to Redis first, so only a higher epoch counts then: a lagging read can not lower it, nor lose it.
    pub(super) fn observe(&mut self, epochs: Epochs, begun: Timestamp, ended: Timestamp) {
        let later = self
            .observed
            .is_none_or(|seen| begun > seen.ended || epochs.current > seen.epochs.current);
        if later {
            self.observed = Some(Observed { epochs, ended });
        }
    }

    /// What is resident and how it may be served; what differs from Redis is to be refreshed, however young.
    pub(super) fn resident(
        &mut self,
        resource: &Resource,
        now: Timestamp,
        policy: &Policy,
    ) -> Option<(Slot, Freshness)> {
        let epochs = self.epochs();
        let slot = self.memory.get(resource)?;
        let freshness = match slot.entry.freshness(now, epochs.as_ref(), policy) {
            Freshness::Fresh if slot.changed => Freshness::Revalidate,
            freshness => freshness,
        };
        Some((slot.clone(), freshness))
    }

    /// Keeps an entry in memory, and what a snapshot tells of its scope even if memory is too small for it.
    pub(super) fn keep(&mut self, resource: Resource, slot: Slot) -> bool {
        if let Content::Snapshot(snapshot) = &slot.entry.content {
            let good = LastGood {
                at: slot.entry.at,
                models: snapshot.len(),
                offers_max: snapshot.offers_max(),
            };
            let known = self.last_good.entry(resource.scope()).or_insert(good);
            if good.at >= known.at {
                *known = good;
            }
        }
        self.memory.put(resource, slot)
    }

    /// Notes how a read of Upstash and KV ended.
    pub(super) fn note_read(&mut self, resource: Resource, end: ReadEnd, now: Timestamp) {
        // Nobody waits for a read this long, and what clients can ask for is not bounded.
        self.reads.retain(|_, (at, _)| now.since(*at) < READS_KEPT);
        self.reads.insert(resource, (now, end));
    }

    /// How the last read ended, if that was since then.
    pub(super) fn read_end(&self, resource: &Resource, since: Timestamp) -> Option<ReadEnd> {
        self.reads.get(resource).filter(|(at, _)| *at >= since).map(|(_, end)| *end)
    }

    /// The last good snapshot of a scope, if this isolate saw one.
    pub(super) fn last_good(&self, scope: Scope) -> Option<LastGood> {
        self.last_good.get(&scope).copied()
    }

    /// Whether a selection has a key: `min_providers` beyond the largest provider count has none (DESIGN.md §4).
    /// None when that count is not known.
    pub(super) fn is_keyed(&self, selection: &Selection) -> Option<bool> {
        let Some(minimum) = selection.min_providers else { return Some(true) };
        self.last_good(selection.scope).map(|good| minimum <= good.offers_max)
    }

    /// The same, guessing for the variants that are kept warm.
    pub(super) fn is_probably_keyed(&self, selection: &Selection) -> bool {
        self.is_keyed(selection).unwrap_or_else(|| WARM.contains(selection))
    }

    pub(super) fn breaker(&mut self, tier: CacheTier) -> &mut Breaker {
        match tier {
            CacheTier::Upstash => &mut self.upstash,
            CacheTier::Kv => &mut self.kv,
        }
    }

    pub(super) fn entry_of(&self, resource: &Resource) -> Option<&Entry> {
        self.memory.peek(resource).map(|slot| &slot.entry)
    }
}
