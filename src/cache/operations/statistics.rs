//! What operators see: counters of all isolates from Redis, and everything this isolate knows.

use std::time::Duration;

use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    cache::{
        background::flush_after_others,
        entry::Entry,
        isolate::Isolate,
        redis::{self, Shared},
        telemetry::Counter,
        tiers,
    },
    catalog::{Resource, Source},
    ports::{Tier, Timestamp, millis},
};

/// The answer of the statistics route.
#[derive(Clone, Debug)]
pub struct Statistics(pub Value);

/// The statistics, this isolate's latest counts included.
pub(in crate::cache) async fn statistics(isolate: &Isolate) -> Statistics {
    flush_after_others(isolate).await;
    let shared = tiers::redis(isolate, async |session| redis::statistics(session).await).await;
    let redis_available = shared.is_ok();
    let shared = shared.unwrap_or_default();
    let mut all = if redis_available {
        totals(|counter| shared_count(&shared, counter))
    } else {
        own_totals(isolate)
    };
    if let Value::Object(fields) = &mut all {
        let report =
            shared.warm_report.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
        fields.insert("redis_available".into(), json!(redis_available));
        fields.insert("last_warm".into(), json!(report));
        fields.insert("leases".into(), leases(&shared));
        fields.insert("isolate".into(), isolate_view(isolate));
    }
    Statistics(all)
}

fn own_totals(isolate: &Isolate) -> Value {
    totals(|counter| isolate.state.borrow().counters.get(counter))
}

fn isolate_view(isolate: &Isolate) -> Value {
    let now = isolate.now();
    let mut own = own_totals(isolate);
    let mut state = isolate.state.borrow_mut();
    let epochs = state.epochs();
    let variants: Vec<Value> = state
        .memory
        .iter()
        .map(|(resource, resident)| resident_view(isolate, resource, &resident.entry, now))
        .collect();
    let backoff: serde_json::Map<String, Value> = Source::ALL
        .into_iter()
        .map(|source| {
            let backoff = state.backoff(source);
            let left = backoff.remaining(now).map(millis);
            let view = json!({ "failures": backoff.failures(), "remaining_ms": left });
            (source.as_str().to_owned(), view)
        })
        .collect();
    if let Value::Object(fields) = &mut own {
        fields.insert("epoch".into(), json!(epochs.and_then(|epochs| epochs.current)));
        fields.insert("barrier".into(), json!(epochs.and_then(|epochs| epochs.barrier)));
        fields.insert("memory_bytes".into(), json!(state.memory.bytes()));
        fields.insert("memory_max_bytes".into(), json!(isolate.policy.memory_max_bytes));
        fields.insert("variants".into(), json!(variants));
        fields.insert("backoff".into(), Value::Object(backoff));
        fields.insert(
            "breakers".into(),
            json!({
                Tier::Upstash.as_str(): state.upstash.state().as_str(),
                Tier::Kv.as_str(): state.kv.state().as_str(),
            }),
        );
    }
    own
}

/// One thing that memory holds.
fn resident_view(isolate: &Isolate, resource: &Resource, entry: &Entry, now: Timestamp) -> Value {
    let secs = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let age = now.since(entry.at);
    let kind = match resource {
        Resource::Listing(_) => "listing",
        Resource::Snapshot(_) => "snapshot",
    };
    let text = entry.content.text();
    json!({
        "key": isolate.keys.resource(resource),
        "kind": kind,
        "count": entry.content.count(),
        "bytes": text.len(),
        "age": age.as_secs(),
        "ttl": secs(isolate.policy.ttl).saturating_sub(secs(age)),
        "hash": format!("{:016x}", xxh3_64(text.as_bytes())),
        "epoch": entry.epoch,
    })
}

fn shared_count(shared: &Shared, counter: Counter) -> u64 {
    let found = shared.counters.iter().find(|(name, _)| name == counter.as_str());
    found.map_or(0, |(_, count)| *count)
}

fn leases(shared: &Shared) -> Value {
    let held = Source::ALL.into_iter().enumerate().map(|(index, source)| {
        let holder = shared.leases.get(index).cloned().flatten();
        (source.as_str().to_owned(), json!(holder))
    });
    Value::Object(held.collect())
}

/// The backend's statistics fields, then what else is counted, then by tier.
fn totals(of: impl Fn(Counter) -> u64) -> Value {
    let (hits, misses) = (of(Counter::Hits), of(Counter::Misses));
    let total_requests = hits.saturating_add(misses).saturating_add(of(Counter::Unavailable));
    let hundredths = hits.saturating_mul(10_000).checked_div(total_requests).unwrap_or(0);
    json!({
        "hits": hits,
        "misses": misses,
        "sets": of(Counter::Sets),
        "errors": of(Counter::Errors),
        "invalidations": of(Counter::Invalidations),
        "hit_rate_percent": f64::from(u32::try_from(hundredths).unwrap_or(0)) / 100.0,
        "total_requests": total_requests,
        "stale": of(Counter::Stale),
        "unavailable": of(Counter::Unavailable),
        "corrupt": of(Counter::Corrupt),
        "quarantined": of(Counter::Quarantined),
        "publish_refused": of(Counter::PublishRefused),
        "derived": of(Counter::Derived),
        "origin_loads": of(Counter::OriginLoads),
        "hedges": of(Counter::Hedges),
        "tiers": {
            "memory": { "hits": of(Counter::MemoryHits) },
            "upstash": { "hits": of(Counter::UpstashHits), "errors": of(Counter::UpstashErrors) },
            "kv": { "hits": of(Counter::KvHits), "errors": of(Counter::KvErrors) },
            "origin": { "loads": of(Counter::OriginLoads), "errors": of(Counter::OriginErrors) },
        },
    })
}
