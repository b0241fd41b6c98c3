//! Counts of what happened, by name: for this isolate, and as what has not been flushed to Redis yet.

use std::collections::BTreeMap;

/// What is counted. Names are the statistics' and the Redis hash's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// Requests answered from a cache, fresh or stale.
    Hits,
    /// Requests that the origin had to answer.
    Misses,
    /// Keys published.
    Sets,
    /// Failures of any tier.
    Errors,
    /// Invalidations.
    Invalidations,
    /// Requests answered with something stale.
    Stale,
    /// Requests that could not be answered.
    Unavailable,
    /// Values that were no listing.
    Corrupt,
    /// Snapshots refused by the integrity gate.
    Quarantined,
    /// Publications refused by the guard.
    PublishRefused,
    /// Listings derived from a snapshot.
    Derived,
    /// Snapshot loads.
    OriginLoads,
    /// Hits of a tier.
    MemoryHits,
    /// Hits of a tier.
    UpstashHits,
    /// Hits of a tier.
    KvHits,
    /// Failures of a tier.
    UpstashErrors,
    /// Failures of a tier.
    KvErrors,
    /// Failures of the origin.
    OriginErrors,
    /// KV reads begun because Upstash was silent.
    Hedges,
}

impl Counter {
    /// Every counter, in the order in which statistics list them.
    pub const ALL: [Self; 19] = [
        Self::Hits,
        Self::Misses,
        Self::Sets,
        Self::Errors,
        Self::Invalidations,
        Self::Stale,
        Self::Unavailable,
        Self::Corrupt,
        Self::Quarantined,
        Self::PublishRefused,
        Self::Derived,
        Self::OriginLoads,
        Self::MemoryHits,
        Self::UpstashHits,
        Self::KvHits,
        Self::UpstashErrors,
        Self::KvErrors,
        Self::OriginErrors,
        Self::Hedges,
    ];

    /// The name in statistics and in Redis.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hits => "hits",
            Self::Misses => "misses",
            Self::Sets => "sets",
            Self::Errors => "errors",
            Self::Invalidations => "invalidations",
            Self::Stale => "stale",
            Self::Unavailable => "unavailable",
            Self::Corrupt => "corrupt",
            Self::Quarantined => "quarantined",
            Self::PublishRefused => "publish_refused",
            Self::Derived => "derived",
            Self::OriginLoads => "origin_loads",
            Self::MemoryHits => "memory_hits",
            Self::UpstashHits => "upstash_hits",
            Self::KvHits => "kv_hits",
            Self::UpstashErrors => "upstash_errors",
            Self::KvErrors => "kv_errors",
            Self::OriginErrors => "origin_errors",
            Self::Hedges => "hedges",
        }
    }
}

/// The counts of an isolate.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    total: BTreeMap<Counter, u64>,
    unflushed: BTreeMap<Counter, u64>,
}

impl Counters {
    /// Counts once.
    pub(super) fn count(&mut self, counter: Counter) {
        self.add(counter, 1);
    }

    /// Counts several times.
    pub(super) fn add(&mut self, counter: Counter, by: u64) {
        for counts in [&mut self.total, &mut self.unflushed] {
            let count = counts.entry(counter).or_default();
            *count = count.saturating_add(by);
        }
    }

    /// A count since the isolate began.
    pub(super) fn get(&self, counter: Counter) -> u64 {
        self.total.get(&counter).copied().unwrap_or(0)
    }

    /// Takes what has not been flushed.
    pub(super) fn take_unflushed(&mut self) -> Vec<(Counter, u64)> {
        std::mem::take(&mut self.unflushed).into_iter().collect()
    }

    /// Puts back what could not be flushed.
    pub(super) fn restore(&mut self, counts: &[(Counter, u64)]) {
        for (counter, by) in counts {
            let count = self.unflushed.entry(*counter).or_default();
            *count = count.saturating_add(*by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_flushed_is_flushed_later() {
        let mut counters = Counters::default();
        counters.count(Counter::Hits);
        let taken = counters.take_unflushed();
        counters.count(Counter::Hits);
        counters.restore(&taken);
        assert_eq!(counters.take_unflushed(), [(Counter::Hits, 2)]);
        assert_eq!(counters.take_unflushed(), []);
        assert_eq!(counters.get(Counter::Hits), 2);
    }

    #[test]
    fn every_name_is_another() {
        let names: std::collections::BTreeSet<_> = Counter::ALL.map(Counter::as_str).into();
        assert_eq!(names.len(), Counter::ALL.len());
    }
}
