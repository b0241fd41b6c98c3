//! What operators see: counters of all isolates from Redis, and everything this isolate knows.

use std::{rc::Rc, time::Duration};

use serde_json::{Value, json};

use super::{
    Cache,
    counters::Counter,
    lease::Work,
    redis::{self, Shared},
};
use crate::{
    catalog::{Resource, Scope},
    config::Mode,
    ports::{Tier, millis},
};

/// Counters go to Redis at most this often.
const FLUSH_EVERY: Duration = Duration::from_secs(10);

/// A flush that died gives way to another after this.
const HELD: Duration = Duration::from_secs(10);
/// A flush is one pipeline: it ends within its deadline.
const FLUSH_POLLS: u32 = 50;
const FLUSH_POLL: Duration = Duration::from_millis(25);

/// The answer of the statistics route.
#[derive(Clone, Debug)]
pub struct Statistics(pub Value);

impl Cache {
    /// Whether counters have waited long enough. The answer changes with what a request just counted.
    pub(super) fn flush_is_due(&self) -> bool {
        let now = self.now();
        let state = self.state.borrow();
        now.since(state.flushed_at) >= FLUSH_EVERY && !state.leases.is_held(Work::Flush, now)
    }

    /// Adds what was counted to the shared counters, in one pipeline.
    pub(super) async fn flush(&self) {
        if self.policy.mode != Mode::Active {
            return;
        }
        let now = self.now();
        let Some(hold) = self.state.borrow_mut().leases.acquire(Work::Flush, now, HELD) else {
            return;
        };
        let counts = self.state.borrow_mut().counters.take_unflushed();
        if counts.is_empty() {
            self.state.borrow_mut().leases.release(Work::Flush, hold);
            return;
        }
        let named: Vec<(&str, u64)> =
            counts.iter().map(|(counter, by)| (counter.as_str(), *by)).collect();
        let timeout = self.policy.upstash_timeout;
        let flushed = self.redis(redis::add(&*self.ports.redis, &self.keys, &named, timeout)).await;
        let mut state = self.state.borrow_mut();
        if flushed.is_err() {
            state.counters.restore(&counts);
        }
        state.flushed_at = self.ports.clock.now();
        state.leases.release(Work::Flush, hold);
    }

    /// Waits for a flush that is under way, which has taken counts that Redis does not have yet.
    async fn flush_after_others(&self) {
        for _ in 0..FLUSH_POLLS {
            let now = self.now();
            if !self.state.borrow().leases.is_held(Work::Flush, now) {
                break;
            }
            self.ports.clock.sleep(FLUSH_POLL).await;
        }
        self.flush().await;
    }

    /// The statistics, this isolate's latest counts included.
    pub async fn statistics(self: Rc<Self>) -> Statistics {
        self.flush_after_others().await;
        let timeout = self.policy.upstash_timeout;
        let shared = self.redis(redis::statistics(&*self.ports.redis, &self.keys, timeout)).await;
        let redis_available = shared.is_ok();
        let shared = shared.unwrap_or_default();
        let mut all = if redis_available {
            totals(|name| shared_count(&shared, name))
        } else {
            self.own_totals()
        };
        if let Value::Object(fields) = &mut all {
            let report = shared
                .warm_report
                .as_deref()
                .and_then(|text| serde_json::from_str::<Value>(text).ok());
            fields.insert("redis_available".into(), json!(redis_available));
            fields.insert("last_warm".into(), json!(report));
            fields.insert("leases".into(), leases(&shared));
            fields.insert("isolate".into(), self.isolate());
        }
        Statistics(all)
    }

    fn own_totals(&self) -> Value {
        totals(|name| {
            let counter = Counter::ALL.into_iter().find(|counter| counter.as_str() == name);
            counter.map_or(0, |counter| self.counted(counter))
        })
    }

    fn isolate(&self) -> Value {
        let now = self.now();
        let mut own = self.own_totals();
        let state = self.state.borrow();
        let epochs = state.epochs();
        let variants: Vec<Value> = state
            .memory
            .iter()
            .map(|(resource, slot)| {
                let age = now.since(slot.entry.at);
                let ttl = i64::try_from(self.policy.ttl.as_secs()).unwrap_or(i64::MAX);
                let text = slot.entry.content.text();
                json!({
                    "key": self.keys.resource(resource),
                    "kind": match resource { Resource::Listing(_) => "listing", Resource::Snapshot(_) => "snapshot" },
                    "count": slot.entry.content.count(),
                    "bytes": text.len(),
                    "age": age.as_secs(),
                    "ttl": ttl.saturating_sub(i64::try_from(age.as_secs()).unwrap_or(i64::MAX)),
                    "hash": format!("{:016x}", xxhash_rust::xxh3::xxh3_64(text.as_bytes())),
                    "epoch": slot.entry.epoch,
                })
            })
            .collect();
        let backoff: serde_json::Map<String, Value> = Scope::BOTH
            .into_iter()
            .map(|scope| {
                let backoff = state.backoff.get(&scope).copied().unwrap_or_default();
                let left = backoff.remaining(now).map(millis);
                let view = json!({ "failures": backoff.failures(), "remaining_ms": left });
                (scope.as_str().to_owned(), view)
            })
            .collect();
        if let Value::Object(fields) = &mut own {
            fields.insert("epoch".into(), json!(epochs.and_then(|epochs| epochs.current)));
            fields.insert("barrier".into(), json!(epochs.and_then(|epochs| epochs.barrier)));
            fields.insert("memory_bytes".into(), json!(state.memory.bytes()));
            fields.insert("memory_max_bytes".into(), json!(self.policy.memory_max_bytes));
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
}

fn shared_count(shared: &Shared, name: &str) -> u64 {
    shared.counters.iter().find(|(counter, _)| counter == name).map_or(0, |(_, count)| *count)
}

fn leases(shared: &Shared) -> Value {
    let held = Scope::BOTH.into_iter().enumerate().map(|(index, scope)| {
        let holder = shared.leases.get(index).cloned().flatten();
        (scope.as_str().to_owned(), json!(holder))
    });
    Value::Object(held.collect())
}

/// The backend's statistics fields, then what else is counted, then by tier.
fn totals(count: impl Fn(&str) -> u64) -> Value {
    let of = |counter: Counter| count(counter.as_str());
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
