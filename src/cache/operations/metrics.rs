//! What a scraper sees: what all isolates counted, and how this one is.

use std::collections::HashMap;

use super::statistics::{unknown, wasm_memory_bytes};
use crate::{
    cache::{
        background::flush_after_others,
        isolate::Isolate,
        redis::{self, SharedSource, Tally},
        telemetry::{Counter, Family, Sample, families, thousandths},
        tiers,
    },
    catalog::Source,
    ports::Tier,
};

/// The metrics, this isolate's latest counts included. Where Redis does not answer there are no counters: this isolate's own would
/// be less than what was shown before, as if counting had begun anew.
pub(in crate::cache) async fn metrics(isolate: &Isolate) -> Vec<Family> {
    flush_after_others(isolate).await;
    let sources = isolate.state.borrow().sources();
    let tally = tiers::redis(isolate, async |session| redis::tally(session, &sources).await).await;
    let up = Sample::new(&[], &u8::from(tally.is_ok()));
    let help =
        "Whether Redis gave the counters of all isolates just now; 0: they are missing here.";
    let mut all = vec![Family::gauge("catalog_redis_up", help, vec![up])];
    if let Ok(Tally { counters, sources: mut standing }) = tally {
        standing.extend(unknown(isolate, &sources, &counters).await);
        all.extend(of_sources(&standing));
        let counters: HashMap<String, u64> = counters.into_iter().collect();
        all.extend(families(|counter| shared_count(&counters, counter)));
    }
    all.extend(of_isolate(isolate));
    all
}

fn shared_count(counters: &HashMap<String, u64>, counter: Counter) -> u64 {
    counters.get(&counter.to_string()).copied().unwrap_or(0)
}

/// What is published of each source, and how its loads went. What is missing is not published, or was invalidated.
fn of_sources(standing: &[(Source, SharedSource)]) -> [Family; 5] {
    let versions: Vec<_> = standing
        .iter()
        .filter_map(|(source, of)| Some(([("source", source.as_str())], of.version.as_ref()?)))
        .collect();
    let at = versions.iter().map(|(of, version)| Sample::new(of, &thousandths(version.at.0)));
    let entries = versions.iter().map(|(of, version)| Sample::new(of, &version.n));
    let bytes = versions.iter().map(|(of, version)| Sample::new(of, &version.bytes));
    let failures = standing.iter().map(|(source, of)| {
        Sample::new(&[("source", source.as_str())], &of.failures.unwrap_or_default())
    });
    let backoff = standing.iter().map(|(source, of)| {
        let left = u64::try_from(of.backoff_ms).unwrap_or_default();
        Sample::new(&[("source", source.as_str())], &thousandths(left))
    });
    [
        Family::gauge(
            "catalog_last_good_load_timestamp_seconds",
            "When the origin was read for what is published, in seconds since the Unix epoch.",
            at.collect(),
        ),
        Family::gauge(
            "catalog_published_entries",
            "Models of the published snapshot.",
            entries.collect(),
        ),
        Family::gauge(
            "catalog_published_bytes",
            "Bytes of the published snapshot, not packed.",
            bytes.collect(),
        ),
        Family::gauge(
            "catalog_source_failures",
            "Failed loads of the source in a row, while the origin is left alone after them.",
            failures.collect(),
        ),
        Family::gauge(
            "catalog_source_backoff_seconds",
            "For how long the origin is still left alone after failed loads of the source.",
            backoff.collect(),
        ),
    ]
}

/// What is true of the isolate that answers, and of no other.
fn of_isolate(isolate: &Isolate) -> Vec<Family> {
    let now = isolate.now();
    let state = isolate.state.borrow();
    let standing =
        [(Tier::Upstash, state.upstash.state().as_str()), (Tier::Kv, state.kv.state().as_str())];
    let breakers = standing.into_iter().flat_map(|(tier, now)| {
        ["closed", "half-open", "open"].map(|state| {
            Sample::new(&[("tier", tier.as_str()), ("state", state)], &u8::from(state == now))
        })
    });
    let one = |value: usize| vec![Sample::new(&[], &value)];
    let paused = state.publishing.pause.reason(now).is_some();
    let mut families = vec![
        Family::gauge(
            "catalog_isolate_breaker_state",
            "Where the breaker of a tier stands, in the isolate that answers: 1 at its state.",
            breakers.collect(),
        ),
        Family::gauge(
            "catalog_isolate_publishing_paused",
            "Whether the isolate that answers publishes nothing for a while, since Redis refused a write.",
            one(usize::from(paused)),
        ),
        Family::gauge(
            "catalog_isolate_memory_entries",
            "Snapshots and listings in the memory of the isolate that answers.",
            one(state.memory.iter().count()),
        ),
        Family::gauge(
            "catalog_isolate_memory_bytes",
            "Bytes of what is cached in the memory of the isolate that answers.",
            one(state.memory.bytes()),
        ),
        Family::gauge(
            "catalog_isolate_memory_max_bytes",
            "What the memory of the isolate that answers may hold of what is cached.",
            one(isolate.policy.memory_max_bytes),
        ),
    ];
    if let Some(bytes) = wasm_memory_bytes() {
        let help = "Bytes of the Wasm memory of the isolate that answers; it never shrinks.";
        families.push(Family::gauge("catalog_isolate_wasm_memory_bytes", help, one(bytes)));
    }
    families
}
