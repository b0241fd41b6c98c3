//! Counts of what happened: since the isolate began, and what of it has not been flushed to Redis yet.

use std::{collections::BTreeMap, fmt};

use super::{
    labels::{
        CallOutcome, Cause, KvOperation, Label, LoadTime, Lookup, PublicationKind, RouteName,
        Status, WarmOutcome, WebhookOutcome,
    },
    reasons::Reason,
};
use crate::ports::Tier;

/// Lists a counter with every combination of its labels.
macro_rules! combinations {
    ($all:ident, $variant:ident) => {
        $all.extend([Counter::$variant]);
    };
    ($all:ident, $variant:ident, $one:ty) => {
        $all.extend(<$one>::ALL.iter().map(|one| Counter::$variant(*one)));
    };
    ($all:ident, $variant:ident, $one:ty, $two:ty) => {
        for one in <$one>::ALL {
            $all.extend(<$two>::ALL.iter().map(|two| Counter::$variant(*one, *two)));
        }
    };
}

/// Declares each counter once: its labels, its name in statistics and in Redis, and what it means.
macro_rules! counters {
    ($(
        $(#[doc = $help:literal])+
        $variant:ident $(($($label:ident: $values:ty),+))? = $name:literal,
    )+) => {
        /// What is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Counter {
            $($(#[doc = $help])+ $variant $(($($values),+))?,)+
        }

        impl Counter {
            /// Every counter with every label.
            pub fn all() -> Vec<Self> {
                let mut all = Vec::new();
                $(combinations!(all, $variant $($(, $values)+)?);)+
                all
            }

            /// The name in statistics and in Redis, without labels.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name,)+
                }
            }

            /// What it means, in one sentence.
            pub fn help(self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => concat!($($help),+).trim_ascii(),)+
                }
            }

            /// The names and the values of its labels.
            pub fn labels(self) -> Vec<(&'static str, &'static str)> {
                match self {
                    $(Self::$variant $(($($label),+))? => {
                        vec![$($((stringify!($label), $label.as_str())),+)?]
                    })+
                }
            }
        }
    };
}

impl fmt::Display for Counter {
    /// The name of its field in Redis: `hits`, `requests{route="unique",status="200"}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        let labels = self.labels().into_iter().map(|(name, value)| format!("{name}=\"{value}\""));
        let labels: Vec<String> = labels.collect();
        if labels.is_empty() { Ok(()) } else { write!(f, "{{{}}}", labels.join(",")) }
    }
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
    /// Webhooks, by what became of them.
    Webhooks(outcome: WebhookOutcome) = "webhooks",
    /// Warm runs that found a change that no webhook had told of.
    MissedInvalidations = "missed_invalidations",
    /// KV reads begun because Upstash did not answer in time.
    Hedges = "hedges",
    /// Requests, by what they asked for and the status they got.
    Requests(route: RouteName, status: Status) = "requests",
    /// What the tiers had for requests.
    TierLookups(tier: Tier, outcome: Lookup) = "tier_lookups",
    /// Requests answered with something stale, by why nothing fresh was served.
    StaleServes(reason: Reason) = "stale_serves",
    /// Requests to the origin that were made again.
    OriginRetries = "origin_retries",
    /// Loads that ended, by how long they took.
    OriginLoadTimes(le: LoadTime) = "origin_load_times",
    /// How long loads took together, in milliseconds.
    OriginLoadMillis = "origin_load_millis",
    /// Loads published to Redis, or renewed there.
    Publications(outcome: PublicationKind) = "publications",
    /// Publications that were refused, by why.
    PublishRefusals(reason: Reason) = "publish_refusals",
    /// Snapshots that the integrity gate refused, by why.
    Quarantines(reason: Reason) = "quarantines",
    /// Commands sent to Redis, failed ones included.
    RedisCommands = "redis_commands",
    /// Bytes of the commands sent to Redis.
    RedisSentBytes = "redis_sent_bytes",
    /// Bytes of the replies of Redis.
    RedisReceivedBytes = "redis_received_bytes",
    /// Calls of Redis that Redis did not answer: no connection, nothing in time, or a status of the way to it.
    RedisConnectionErrors = "redis_connection_errors",
    /// Operations of Workers KV, by what became of them.
    KvOperations(operation: KvOperation, outcome: CallOutcome) = "kv_operations",
    /// Invalidations, by what caused them.
    InvalidationCauses(cause: Cause) = "invalidation_causes",
    /// Warm runs, by what became of them.
    WarmRuns(outcome: WarmOutcome) = "warm_runs",
}

/// The counts of an isolate.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct Counters(BTreeMap<Counter, Count>);

/// How often something was counted.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    total: u64,
    flushed: u64,
}

impl Counters {
    /// Counts once.
    pub(in crate::cache) fn count(&mut self, counter: Counter) {
        self.add(counter, 1);
    }

    /// Counts several times. A hit counts four times, so it is one look-up and no allocation once the counter is known.
    pub(in crate::cache) fn add(&mut self, counter: Counter, by: u64) {
        let count = self.0.entry(counter).or_default();
        count.total = count.total.saturating_add(by);
    }

    /// A count since the isolate began.
    pub(in crate::cache) fn get(&self, counter: Counter) -> u64 {
        self.0.get(&counter).map_or(0, |count| count.total)
    }

    /// Takes what has not been flushed.
    pub(in crate::cache) fn take_unflushed(&mut self) -> Vec<(Counter, u64)> {
        let taken = self.0.iter_mut().map(|(counter, count)| {
            let by = count.total.saturating_sub(count.flushed);
            count.flushed = count.total;
            (*counter, by)
        });
        taken.filter(|(_, by)| *by > 0).collect()
    }

    /// Puts back what could not be flushed.
    pub(in crate::cache) fn restore(&mut self, counts: &[(Counter, u64)]) {
        for (counter, by) in counts {
            let count = self.0.entry(*counter).or_default();
            count.flushed = count.flushed.saturating_sub(*by);
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
    fn every_field_is_another_and_holds_plain_words() {
        let all = Counter::all();
        let fields: std::collections::BTreeSet<String> =
            all.iter().map(Counter::to_string).collect();
        assert_eq!(fields.len(), all.len());
        assert!(fields.contains("hits"));
        assert!(fields.contains(r#"requests{route="unique",status="200"}"#));
        for counter in all {
            assert!(counter.help().ends_with('.'), "{counter}");
            let plain = |c: char| c.is_ascii_alphanumeric() || "-.+_".contains(c);
            assert!(
                counter.labels().iter().all(|(_, value)| value.chars().all(plain)),
                "{counter}"
            );
        }
    }
}
