//! What the log says: one JSON line an event, written once, where it is decided.

use serde::Serialize;

use super::{reasons::Reason, reports::WarmReport};
use crate::ports::Log;

/// An event. No field ever holds a secret, a URL or a client's text, but for the name of a request, which is sane (`X-Request-ID`).
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(in crate::cache) enum Event<'a> {
    /// A request was answered from a cache; what else was asked on the way, and what it said.
    CacheHit {
        #[serde(skip_serializing_if = "str::is_empty")]
        request_id: &'a str,
        key: &'a str,
        tier: &'a str,
        count: usize,
        ttl: i64,
        stale: bool,
        derived: bool,
        passed: &'a [String],
    },
    /// A request was answered by the origin.
    CacheMiss {
        #[serde(skip_serializing_if = "str::is_empty")]
        request_id: &'a str,
        key: &'a str,
        count: usize,
        passed: &'a [String],
    },
    /// A request could not be answered.
    Unavailable {
        #[serde(skip_serializing_if = "str::is_empty")]
        request_id: &'a str,
        key: &'a str,
        reason: Reason,
        retry_after_secs: u64,
        passed: &'a [String],
    },
    /// A load was published, or renewed.
    CacheSet { source: &'a str, tier: &'a str, keys: usize, bytes: usize, renewed: bool },
    /// A publication was refused.
    PublishRefused { source: &'a str, reason: Reason },
    /// Redis refuses writes: nothing is published for a while.
    PublishPaused { reason: Reason, secs: u64 },
    /// Redis takes writes again.
    PublishResumed {},
    /// Control in Redis was nonsense, and was replaced.
    Healed { key: &'a str },
    /// A key without expiry stood in the way: it was taken over, or given one.
    Overdue { key: &'a str },
    /// What is published was made under other settings: it is not used.
    OtherConfiguration { key: &'a str },
    /// A value that is not what its key names was found, and treated as a miss.
    Corrupt { key: &'a str, tier: &'a str },
    /// A call of a tier failed.
    TierError { tier: &'a str, error: String },
    /// A breaker changed its state.
    Breaker { tier: &'a str, state: &'a str },
    /// The origin gave a snapshot.
    OriginFetch { source: &'a str, rows: usize, models: usize, requests: usize, duration_ms: u64 },
    /// The origin gave no snapshot.
    OriginError { source: &'a str, error: String, duration_ms: u64 },
    /// A snapshot was refused by the integrity gate; what is cached stays.
    Quarantined { source: &'a str, reason: Reason, models: usize },
    /// A warm run ended.
    Warm { report: &'a WarmReport },
    /// KV's key changed the mode.
    Mode { mode: &'a str },
    /// KV's key names no mode: what was known stays.
    UnknownMode { key: &'a str },
    /// A source was rebuilt after a webhook told of a change.
    Rebuilt { source: &'a str, report: &'a WarmReport },
    /// The cache in front did not take an invalidation.
    FrontRefused { tags: &'a [&'a str], reason: Reason, code: Option<u32> },
    /// What is cached of one source was invalidated.
    Withdrawn { source: &'a str, keys_deleted: u64, mode: &'a str },
    /// Caches were invalidated.
    Invalidated { epoch: u64, keys_deleted: u64, mode: &'a str, marked: bool, swept: bool },
}

/// Writes an event.
pub(in crate::cache) fn write(log: &dyn Log, event: &Event<'_>) {
    if let Ok(line) = serde_json::to_string(event) {
        log.write(&line);
    }
}
