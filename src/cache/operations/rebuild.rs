//! Rebuilding a source's snapshot once and publishing it, with a report of what that did. It goes through the same load, gate, lease and
//! publication as a request.

use std::rc::Rc;

use crate::{
    cache::{
        background::note_changed,
        entry::{Content, Entry},
        isolate::Isolate,
        protocol::{Place, Version},
        publish::PublishOutcome,
        rebuild::{
            LoadOutcome, LoadRequest, LoadSettlement, compare_with_published, load, settle_compared,
        },
        redis,
        telemetry::{Counter, Failure, Published, Reason, WarmReport, WarmedView},
        tiers,
    },
    catalog::{Changes, Snapshot, Source, View},
    ports::{Tier, millis},
};

/// What cron and operators want of a load; `force` admits a snapshot that lost more than half of its entries.
pub(super) fn request_of(isolate: &Isolate, force: bool) -> LoadRequest {
    LoadRequest {
        not_before: Some(isolate.now()),
        force,
        insist: true,
        can_wait: !force,
        only_to_publish: true,
        ..LoadRequest::default()
    }
}

/// Loads a source and publishes it. Whether a change is one that no webhook told of is for who `reconciles` to find out: who rebuilds
/// was told.
pub(super) async fn rebuild(
    isolate: &Rc<Isolate>,
    source: Source,
    request: LoadRequest,
    reconciles: bool,
) -> WarmReport {
    let begun = isolate.now();
    let before = isolate.state.borrow().memory.snapshot(source).and_then(snapshot_of);
    let LoadOutcome { result, fetched, mut settlement, from } =
        load(Rc::clone(isolate), source, request).await;
    let loaded = result.as_ref().ok().and_then(snapshot_of);
    if let Some(settlement) = &mut settlement {
        compare_with_published(isolate, settlement).await;
    }
    let changes =
        loaded.as_ref().map(|loaded| changes(loaded, before.as_deref(), settlement.as_ref()));
    let there = settlement.as_ref().and_then(|settlement| settlement.there);
    let missed_invalidation =
        reconciles && is_missed(isolate, changes.as_ref(), there.as_ref()).await;
    let published = match settlement {
        Some(settlement) => settle_compared(isolate, settlement).await,
        None => None,
    };
    tiers::leave(isolate).await;
    let warmed = match (result, loaded) {
        (Err(unavailable), _) => Err(unavailable.into()),
        (Ok(_), None) => Err(Failure { tier: None, reason: Reason::Malformed }),
        (Ok(entry), Some(snapshot)) => {
            readable(published.as_ref(), from).map(|()| (entry, snapshot))
        }
    };
    if warmed.is_ok() && changes.as_ref().is_some_and(Changes::is_some) {
        note_changed(isolate, [source]);
    }
    WarmReport {
        duration_ms: millis(isolate.now().since(begun)),
        origin_requests: fetched.requests,
        rows: fetched.rows,
        missed_invalidation,
        published: where_it_is(warmed.as_ref().ok().map(|(entry, _)| entry), published.as_ref()),
        ..report(isolate, source, warmed.map(|(_, snapshot)| snapshot), changes)
    }
}

/// Whether something changed since `there` was read, and no webhook told of it, though they are heard.
async fn is_missed(isolate: &Isolate, changes: Option<&Changes>, there: Option<&Version>) -> bool {
    let Some(there) = there else { return false };
    if !isolate.policy.hears_changes || !changes.is_some_and(Changes::is_some) {
        return false;
    }
    let told = tiers::redis(isolate, async |session| redis::changed_at(session).await).await;
    // A Redis that cannot tell accuses nobody.
    let is_missed = told.is_ok_and(|told| told.is_none_or(|told| told < there.at));
    if is_missed {
        isolate.count(Counter::MissedInvalidations);
    }
    is_missed
}

fn snapshot_of(entry: &Entry) -> Option<Rc<Snapshot>> {
    match &entry.content {
        Content::Snapshot(snapshot) => Some(Rc::clone(snapshot)),
        Content::Listing(_) => None,
    }
}

/// What is new against what was there, or where that is not known, against what memory held.
fn changes(
    loaded: &Snapshot,
    before: Option<&Snapshot>,
    settlement: Option<&LoadSettlement>,
) -> Changes {
    let there = settlement.and_then(|settlement| settlement.there);
    if there.is_some_and(|there| there.hash == loaded.hash()) {
        return Changes::none(loaded.len());
    }
    let told = settlement.and_then(|settlement| settlement.changes.as_ref());
    told.map_or_else(|| loaded.changes_since(before), |set| set.counts)
}

fn report(
    isolate: &Isolate,
    source: Source,
    warmed: Result<Rc<Snapshot>, Failure>,
    changes: Option<Changes>,
) -> WarmReport {
    let views = source.warm_views();
    let snapshot = warmed.as_ref().ok();
    let cached = |snapshot: &Rc<Snapshot>| -> Vec<WarmedView> {
        let extent = Some(snapshot.extent());
        let view = |view: &View| WarmedView {
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
        missed_invalidation: false,
        changes: changes.filter(|_| warmed.is_ok()),
        at_ms: isolate.now().0,
        error: warmed.err(),
        published: Published::default(),
        providers: None,
    }
}

pub(super) fn refused(isolate: &Isolate, reason: Reason) -> WarmReport {
    report(isolate, Source::WARMED, Err(Failure { tier: None, reason }), None)
}

/// Warm means that others can read it: from Redis, or at least from KV.
fn readable(published: Option<&PublishOutcome>, from: Tier) -> Result<(), Failure> {
    let Some(PublishOutcome { redis, kv, place, .. }) = published else {
        // It was found where others find it; or another request of this isolate loaded it, and says what became of it.
        return match from {
            Tier::Colo | Tier::Upstash | Tier::Kv => Ok(()),
            Tier::Memory | Tier::Origin => Err(Failure { tier: None, reason: Reason::Busy }),
        };
    };
    let upstash = |reason| Failure { tier: Some(Tier::Upstash), reason };
    match (redis, kv) {
        (Ok(reply), kv) => match (reply.refusal(), kv) {
            (None, Err(error)) if *place == Place::Kv => {
                Err(Failure { tier: Some(Tier::Kv), reason: Reason::from(error) })
            }
            // What is newer is warm as well.
            (None | Some(Reason::NewerThere), _) => Ok(()),
            (Some(reason), _) => Err(Failure { tier: None, reason }),
        },
        // What Redis cannot hold is KV's to take.
        (Err(_), Err(error)) if *place == Place::Kv => {
            Err(Failure { tier: Some(Tier::Kv), reason: Reason::from(error) })
        }
        (Err(reason), _) if is_ours(*reason) => Err(Failure { tier: None, reason: *reason }),
        // A token that may not write, or a Redis that is full, is for an operator to mend, whatever KV has.
        (Err(reason), Ok(1..)) if !is_lasting(*reason) => Ok(()),
        (Err(reason), _) => Err(upstash(*reason)),
    }
}

/// Whether it was decided here, and Redis was not asked.
fn is_ours(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::BackendSyncing | Reason::EpochMoved | Reason::Expired | Reason::Malformed
    )
}

/// Whether Redis will say so again until somebody mends it.
fn is_lasting(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::NotPermitted
            | Reason::Full
            | Reason::ReadOnlyReplica
            | Reason::Credentials
            | Reason::Quota
            | Reason::RequestTooLarge
    )
}

fn where_it_is(entry: Option<&Entry>, published: Option<&PublishOutcome>) -> Published {
    let hash = entry.and_then(|entry| entry.content.hash());
    let of = |outcome: &PublishOutcome| match &outcome.redis {
        Ok(reply) => match (reply.refusal(), outcome.renewed) {
            (Some(reason), _) => reason.as_str(),
            (None, true) => "renewed",
            (None, false) => "published",
        },
        Err(reason) => reason.as_str(),
    };
    let elsewhere = entry.map(|_| "elsewhere");
    Published {
        redis: published.map(of).or(elsewhere),
        kv: published.and_then(|outcome| outcome.kv.as_ref().ok().copied()),
        kv_error: published.and_then(|outcome| outcome.kv.as_ref().err()).map(Reason::from),
        hash: hash.map(|hash| format!("{hash:016x}")),
        epoch: entry.and_then(|entry| entry.dated.epoch()),
    }
}
