//! Counts of what happened: since the isolate began, and what of it has not been flushed to Redis yet.

use std::collections::BTreeMap;

/// Declares each counter once: its name in statistics and in Redis, and what it means.
macro_rules! counters {
    ($($(#[doc = $help:literal])+ $variant:ident = $name:literal,)+) => {
        /// What is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Counter {
            $($(#[doc = $help])+ $variant,)+
        }

        impl Counter {
            /// Every counter, in the order in which statistics list them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in statistics and in Redis.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What it means, in one sentence.
            pub fn help(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($help),+).trim_ascii(),)+
                }
            }
        }
    };
}

counters! {
    /// Requests answered from a cache, fresh or stale.
    Hits = "hits",
    /// Requests that the origin had to answer.
    Misses = "misses",
    /// Keys published to Redis.
    Sets = "sets",
    /// Failed calls of any tier.
    Errors = "errors",
    /// Invalidations by this deployment's operators.
    Invalidations = "invalidations",
    /// Requests answered with something stale.
    Stale = "stale",
    /// Requests that could not be answered: the origin failed and nothing was cached.
    Unavailable = "unavailable",
    /// Values in a cache tier that were not what their key names.
    Corrupt = "corrupt",
    /// Snapshots that the integrity gate refused.
    Quarantined = "quarantined",
    /// Publications that the guard in Redis refused.
    PublishRefused = "publish_refused",
    /// Listings derived from a snapshot.
    Derived = "derived",
    /// Loads of a snapshot from the origin.
    OriginLoads = "origin_loads",
    /// Requests answered from the isolate's memory.
    MemoryHits = "memory_hits",
    /// Requests answered from what the data center's isolates left each other.
    ColoHits = "colo_hits",
    /// Requests answered from Upstash Redis.
    UpstashHits = "upstash_hits",
    /// Requests answered from Workers KV.
    KvHits = "kv_hits",
    /// Failed calls of the data center's cache.
    ColoErrors = "colo_errors",
    /// Failed calls of Upstash Redis.
    UpstashErrors = "upstash_errors",
    /// Failed calls of Workers KV.
    KvErrors = "kv_errors",
    /// Failed loads from the origin.
    OriginErrors = "origin_errors",
    /// Webhooks that told of a change.
    WebhooksAccepted = "webhooks_accepted",
    /// Webhooks about tables that nothing here is made of.
    WebhooksIgnored = "webhooks_ignored",
    /// Webhooks that proved nothing, or could not be read.
    WebhooksRefused = "webhooks_refused",
    /// Webhooks whose signature was used before.
    WebhooksReplayed = "webhooks_replayed",
    /// Warm runs that found a change that no webhook had told of.
    MissedInvalidations = "missed_invalidations",
    /// KV reads begun because Upstash did not answer in time.
    Hedges = "hedges",
}

/// The counts of an isolate.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct Counters {
    total: BTreeMap<Counter, u64>,
    unflushed: BTreeMap<Counter, u64>,
}

impl Counters {
    /// Counts once.
    pub(in crate::cache) fn count(&mut self, counter: Counter) {
        self.add(counter, 1);
    }

    /// Counts several times.
    pub(in crate::cache) fn add(&mut self, counter: Counter, by: u64) {
        for counts in [&mut self.total, &mut self.unflushed] {
            let count = counts.entry(counter).or_default();
            *count = count.saturating_add(by);
        }
    }

    /// A count since the isolate began.
    pub(in crate::cache) fn get(&self, counter: Counter) -> u64 {
        self.total.get(&counter).copied().unwrap_or(0)
    }

    /// Takes what has not been flushed.
    pub(in crate::cache) fn take_unflushed(&mut self) -> Vec<(Counter, u64)> {
        std::mem::take(&mut self.unflushed).into_iter().collect()
    }

    /// Puts back what could not be flushed.
    pub(in crate::cache) fn restore(&mut self, counts: &[(Counter, u64)]) {
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
        let names: std::collections::BTreeSet<&str> =
            Counter::ALL.iter().map(|counter| counter.as_str()).collect();
        assert_eq!(names.len(), Counter::ALL.len());
        assert!(Counter::ALL.iter().all(|counter| counter.help().ends_with('.')));
    }
}
