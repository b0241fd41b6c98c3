//! What operators see: counters of all isolates from Redis, and everything this isolate knows.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    cache::{
        background::flush_after_others,
        entry::Entry,
        isolate::Isolate,
        redis::{self, Shared, SharedSource},
        state::State,
        telemetry::{CallOutcome, Counter, KvOperation, Label, WebhookOutcome},
        tiers,
    },
    catalog::{Resource, Slug, Source},
    ports::{Tier, Timestamp, millis},
};

/// So many of the providers that this isolate does not know are looked for.
const UNKNOWN_MAX: usize = 64;

/// The answer of the statistics route.
#[derive(Clone, Debug)]
pub struct Statistics(pub Value);

/// The statistics, this isolate's latest counts included.
pub(in crate::cache) async fn statistics(isolate: &Isolate) -> Statistics {
    flush_after_others(isolate).await;
    let sources = isolate.state.borrow().sources();
    let shared =
        tiers::redis(isolate, async |session| redis::statistics(session, &sources).await).await;
    let redis_available = shared.is_ok();
    let nothing = || sources.iter().map(|source| (*source, SharedSource::default())).collect();
    let mut shared = shared.unwrap_or_else(|_| Shared { sources: nothing(), ..Shared::default() });
    let more = unknown(isolate, &sources, &shared.counters).await;
    shared.sources.extend(more);
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
        fields.insert("operations".into(), json!(noted(&shared)));
        fields.insert("leases".into(), leases(&shared));
        fields.insert("sources".into(), standing(isolate, &shared));
        fields.insert("overdue".into(), json!(overdue(isolate, &shared)));
        fields.insert("isolate".into(), isolate_view(isolate));
    }
    Statistics(all)
}

/// How providers stand that clients asked for, and of which this isolate knows nothing: one that is new sees those as well that back off.
pub(super) async fn unknown(
    isolate: &Isolate,
    known: &[Source],
    counters: &[(String, u64)],
) -> Vec<(Source, SharedSource)> {
    let slugs = counters.iter().filter_map(|(name, _)| Slug::new(name.strip_prefix('@')?));
    let sources = slugs.map(Source::Provider).filter(|source| !known.contains(source));
    let sources: Vec<Source> = sources.take(UNKNOWN_MAX).collect();
    if sources.is_empty() {
        return Vec::new();
    }
    let standing =
        tiers::redis(isolate, async |session| redis::standing(session, &sources).await).await;
    standing.unwrap_or_default()
}

/// What cron and operators did lately; what is no note of ours is left out.
fn noted(shared: &Shared) -> Vec<Value> {
    let notes = shared.operations.iter().filter_map(|note| serde_json::from_str(note).ok());
    notes.filter(Value::is_object).collect()
}

fn own_totals(isolate: &Isolate) -> Value {
    totals(|counter| isolate.state.borrow().counters.get(counter))
}

fn isolate_view(isolate: &Isolate) -> Value {
    let now = isolate.now();
    let mut own = own_totals(isolate);
    let mut state = isolate.state.borrow_mut();
    let control = state.knowledge.control();
    let variants: Vec<Value> = state
        .memory
        .iter()
        .map(|(resource, resident)| resident_view(isolate, resource, &resident.entry, now))
        .collect();
    let paused = state.publishing.pause.reason(now).map(|reason| {
        json!({ "reason": reason, "remaining_ms": millis(state.publishing.pause.remaining(now)) })
    });
    let backoff: serde_json::Map<String, Value> = state
        .sources()
        .into_iter()
        .map(|source| {
            let backoff = state.backoff(source);
            let left = backoff.remaining(now).map(millis);
            let view = json!({ "failures": backoff.failures(), "remaining_ms": left });
            (source.as_str().to_owned(), view)
        })
        .collect();
    if let Value::Object(fields) = &mut own {
        let informed = state.knowledge.is_informed();
        fields.insert("epoch".into(), json!(informed.then_some(control.epoch)));
        let barrier = (control.barrier > 0).then_some(control.barrier);
        fields.insert("barrier".into(), json!(barrier));
        fields.insert("verified_at_ms".into(), json!(state.knowledge.verified_at().0));
        fields.insert("backend_epoch".into(), json!(state.knowledge.backend_epoch().get()));
        fields.insert("colo".into(), colo(isolate, &state));
        fields.insert("mode".into(), json!(isolate.mode().as_str()));
        fields.insert("front".into(), front(isolate, &state));
        fields.insert("publishing_paused".into(), json!(paused));
        let request_bytes_max = state.publishing.request_bytes_max();
        fields.insert("request_bytes_max".into(), json!(request_bytes_max));
        fields.insert("wasm_memory_bytes".into(), json!(wasm_memory_bytes()));
        fields.insert("memory_bytes".into(), json!(state.memory.bytes()));
        fields.insert("orders".into(), json!(state.memory.orders()));
        fields.insert("memory_max_bytes".into(), json!(isolate.policy.memory_max_bytes));
        fields.insert("contacts".into(), contacts(&state));
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

/// When each tier was heard of last, by this isolate.
fn contacts(state: &State) -> Value {
    let views = state.contacts.iter().map(|(tier, contact)| {
        let (answered, failed) = (contact.answered.as_ref(), contact.failed.as_ref());
        let view = json!({
            "answered_at_ms": answered.map(|(at, _)| at.0),
            "took_ms": answered.map(|(_, took)| millis(*took)),
            "failed_at_ms": failed.map(|(at, _)| at.0),
            "error": failed.map(|(_, error)| error),
        });
        (tier.as_str().to_owned(), view)
    });
    Value::Object(views.collect())
}

/// The data center's cache: whether it keeps anything, and when Redis last said what is told there.
fn colo(isolate: &Isolate, state: &State) -> Value {
    let is_on = isolate.policy.colo.is_some();
    let told_at = state.colo.told().at;
    json!({
        "state": if is_on { state.colo.as_str() } else { "off" },
        "told_at_ms": is_on.then_some(told_at.0).filter(|at| *at > 0),
    })
}

/// The cache in front: whether there is one, and what became of what it was told.
fn front(isolate: &Isolate, state: &State) -> Value {
    let front = &state.front;
    json!({
        "state": if isolate.policy.front { front.presence.as_str() } else { "off" },
        "last_invalidated_at_ms": front.invalidated_at.map(|at| at.0),
        "refused": front.refused,
    })
}

/// One thing that memory holds.
fn resident_view(isolate: &Isolate, resource: &Resource, entry: &Entry, now: Timestamp) -> Value {
    let secs = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let age = now.since(entry.at());
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
        "hash": format!("{:016x}", text.hash()),
        "epoch": entry.dated.epoch(),
    })
}

fn shared_count(shared: &Shared, counter: Counter) -> u64 {
    let field = counter.to_string();
    let found = shared.counters.iter().find(|(name, _)| *name == field);
    found.map_or(0, |(_, count)| *count)
}

fn leases(shared: &Shared) -> Value {
    let held =
        shared.sources.iter().map(|(source, of)| (source.as_str().to_owned(), json!(of.holder)));
    Value::Object(held.collect())
}

/// What is published of each source, and who works at it.
fn standing(isolate: &Isolate, shared: &Shared) -> Value {
    let views = shared.sources.iter().map(|(source, of)| {
        let ours = of.version.map(|version| version.config == isolate.policy.fingerprint);
        let view = json!({
            "version": of.version,
            "same_configuration": ours,
            "lease_ms": Some(of.lease_ms).filter(|ms| *ms != NO_KEY),
            "failures": of.failures,
            "backoff_ms": Some(of.backoff_ms).filter(|ms| *ms != NO_KEY),
        });
        (source.as_str().to_owned(), view)
    });
    Value::Object(views.collect())
}

/// PTTL of a key that is not there.
const NO_KEY: i64 = -2;
/// PTTL of a key that never expires.
const NEVER: i64 = -1;

/// Keys that stand in the way and never expire; the next load takes them over.
fn overdue(isolate: &Isolate, shared: &Shared) -> Vec<String> {
    let sync = (shared.sync_ms == NEVER).then(|| isolate.keys.sync_marker());
    let leases = shared.sources.iter().filter(|(_, of)| of.lease_ms == NEVER);
    sync.into_iter().chain(leases.map(|(source, _)| isolate.keys.lease(*source))).collect()
}

/// How large the memory of this module is, which never shrinks; none where it is no such module.
pub(super) fn wasm_memory_bytes() -> Option<usize> {
    #[cfg(target_arch = "wasm32")]
    let pages = Some(core::arch::wasm32::memory_size::<0>());
    #[cfg(not(target_arch = "wasm32"))]
    let pages: Option<usize> = None;
    pages.map(|pages| pages.saturating_mul(65_536))
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
        "missed_invalidations": of(Counter::MissedInvalidations),
        "webhooks": {
            "accepted": of(Counter::Webhooks(WebhookOutcome::Accepted)),
            "ignored": of(Counter::Webhooks(WebhookOutcome::Ignored)),
            "refused": of(Counter::Webhooks(WebhookOutcome::Refused)),
            "replayed": of(Counter::Webhooks(WebhookOutcome::Replayed)),
        },
        "redis": {
            "commands": of(Counter::RedisCommands),
            "sent_bytes": of(Counter::RedisSentBytes),
            "received_bytes": of(Counter::RedisReceivedBytes),
            "connection_errors": of(Counter::RedisConnectionErrors),
        },
        "kv": kv(&of),
        "tiers": {
            "memory": { "hits": of(Counter::MemoryHits) },
            "colo": { "hits": of(Counter::ColoHits), "errors": of(Counter::ColoErrors) },
            "upstash": { "hits": of(Counter::UpstashHits), "errors": of(Counter::UpstashErrors) },
            "kv": { "hits": of(Counter::KvHits), "errors": of(Counter::KvErrors) },
            "origin": { "loads": of(Counter::OriginLoads), "errors": of(Counter::OriginErrors) },
        },
    })
}

/// Operations of Workers KV.
fn kv(of: &impl Fn(Counter) -> u64) -> Value {
    let operations = KvOperation::ALL.iter().map(|operation| {
        let counted = |outcome| of(Counter::KvOperations(*operation, outcome));
        let outcomes =
            json!({ "ok": counted(CallOutcome::Ok), "error": counted(CallOutcome::Error) });
        (operation.as_str().to_owned(), outcomes)
    });
    Value::Object(operations.collect())
}
