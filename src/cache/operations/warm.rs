//! Rebuilding a source's snapshot once and publishing its warm views from it: what cron and an operator do. It goes
//! through the same load, gate, lease and publication as a request.

use std::rc::Rc;

use crate::{
    cache::{
        background::flush,
        entry::Content,
        isolate::Isolate,
        rebuild::{LoadOutcome, LoadRequest, PublishOutcome, load, settle},
        redis::{self, PublishReply},
        telemetry::{Event, Failure, Reason, WarmReport, WarmedView},
        tiers::{self, Found, read_kv, read_upstash},
    },
    catalog::{Resource, Snapshot, Source},
    config::Mode,
    ports::{Tier, millis},
};

/// Warms the views of the source that is kept warm. `force` admits a snapshot that lost more than half of its entries.
pub(in crate::cache) async fn warm(isolate: &Rc<Isolate>, force: bool) -> WarmReport {
    let report = match isolate.policy.mode {
        Mode::Active => warm_active(isolate, Source::WARMED, force).await,
        Mode::ReadOnly => refused(isolate, Reason::ReadOnly),
        Mode::Passthrough => refused(isolate, Reason::Passthrough),
    };
    isolate.log(&Event::Warm { report: &report });
    if isolate.policy.mode == Mode::Active
        && let Ok(text) = serde_json::to_string(&report)
    {
        // The log has the report; a Redis that fails is logged where it is found.
        let _ =
            tiers::redis(isolate, async |session| redis::save_report(session, &text).await).await;
    }
    // Cron's isolate may never see a request that would do it.
    flush(isolate).await;
    report
}

async fn warm_active(isolate: &Rc<Isolate>, source: Source, force: bool) -> WarmReport {
    let begun = isolate.now();
    let before = previous(isolate, source).await;
    let request = LoadRequest { not_before: Some(begun), force, ..LoadRequest::default() };
    let LoadOutcome { result, fetched, settlement, .. } =
        load(Rc::clone(isolate), source, request).await;
    let published = match settlement {
        Some(settlement) => settle(isolate, settlement, None).await,
        // Another request or isolate loaded it, and publishes it.
        None => None,
    };
    let malformed = Failure { tier: None, reason: Reason::Malformed };
    let warmed = match result {
        Err(unavailable) => Err(unavailable.into()),
        Ok(entry) => match (entry.content, readable(published)) {
            (Content::Snapshot(snapshot), Ok(())) => Ok(snapshot),
            (_, Err(failure)) => Err(failure),
            (Content::Listing(_), Ok(())) => Err(malformed),
        },
    };
    WarmReport {
        duration_ms: millis(isolate.now().since(begun)),
        origin_requests: fetched.requests,
        rows: fetched.rows,
        ..report(isolate, source, warmed, before.as_deref())
    }
}

/// The snapshot before: what the new one is compared with.
async fn previous(isolate: &Rc<Isolate>, source: Source) -> Option<Rc<Snapshot>> {
    let name = Resource::Snapshot(source);
    let resident = isolate.state.borrow().memory.peek(&name).map(|held| held.entry.clone());
    let content = match resident {
        Some(entry) => entry.content,
        None => match read_upstash(isolate, name).await {
            Found::Entry(entry) => entry.content,
            _ => match read_kv(isolate, name).await {
                Found::Entry(entry) => entry.content,
                _ => return None,
            },
        },
    };
    match content {
        Content::Snapshot(snapshot) => Some(snapshot),
        Content::Listing(_) => None,
    }
}

fn report(
    isolate: &Isolate,
    source: Source,
    warmed: Result<Rc<Snapshot>, Failure>,
    before: Option<&Snapshot>,
) -> WarmReport {
    let views = source.warm_views();
    let snapshot = warmed.as_ref().ok();
    let cached = |snapshot: &Rc<Snapshot>| -> Vec<WarmedView> {
        let extent = Some(snapshot.extent());
        let view = |view: &crate::catalog::View| WarmedView {
            variant: view.parameters(),
            key: (view.has_key(extent) == Some(true)).then(|| isolate.keys.listing(view)),
            count: snapshot.count(view),
        };
        views.iter().map(view).collect()
    };
    let variants_cached = snapshot.map(cached).unwrap_or_default();
    WarmReport {
        total_variants: views.len(),
        successful: variants_cached.len(),
        failed: views.len().saturating_sub(variants_cached.len()),
        variants_cached,
        duration_ms: 0,
        origin_requests: 0,
        rows: 0,
        changes: snapshot.map(|snapshot| snapshot.changes_since(before)),
        at_ms: isolate.now().0,
        error: warmed.err(),
    }
}

fn refused(isolate: &Isolate, reason: Reason) -> WarmReport {
    report(isolate, Source::WARMED, Err(Failure { tier: None, reason }), None)
}

/// Warm means that others can read it: from Redis, or at least from KV. Without an outcome of ours it is another's.
fn readable(published: Option<PublishOutcome>) -> Result<(), Failure> {
    let Some(PublishOutcome { redis, kv, is_oversized }) = published else { return Ok(()) };
    let of = |tier, error| Failure { tier: Some(tier), reason: Reason::from(error) };
    match (&redis, &kv) {
        (Ok(PublishReply::Published | PublishReply::NewerThere), Err(error)) if is_oversized => {
            Err(of(Tier::Kv, error))
        }
        (Ok(PublishReply::Published | PublishReply::NewerThere), _) | (Err(_), Ok(1..)) => Ok(()),
        (Ok(reply), _) => match reply.refusal() {
            Some(reason) => Err(Failure { tier: None, reason }),
            None => Ok(()),
        },
        (Err(error), _) => Err(of(Tier::Upstash, error)),
    }
}
