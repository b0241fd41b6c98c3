//! Pages of one version, though another is published by now: what clients walk stays readable for a while, here and in Redis.

use std::rc::Rc;

use crate::{
    cache::{
        entry::{Content, Entry},
        isolate::Isolate,
        lookup::{Answer, Served, TierReport, Trace},
        protocol::Freshness,
        telemetry::Reason,
        tiers::{self, Found},
    },
    catalog::{Resource, Source, View},
    config::Mode,
    ports::Tier,
};

/// Why a version cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It was replaced too long ago, or an invalidation declared it wrong.
    Gone,
    /// Redis does not answer, which may have it.
    Unreachable,
}

/// Keeps what memory holds readable for who walks it, if it is this version.
pub(in crate::cache) fn pin(isolate: &Isolate, source: Source, version: u64) {
    let now = isolate.now();
    let mut state = isolate.state.borrow_mut();
    let held = state.memory.snapshot(source).cloned();
    if let Some(entry) = held.filter(|entry| entry.content.hash() == Some(version)) {
        state.history.walks.keep(source, &entry, now);
    }
}

/// The listing of a view as a version has it that is not what was just found.
pub(in crate::cache) async fn earlier(
    isolate: &Rc<Isolate>,
    view: View,
    version: u64,
) -> Result<(Answer, Trace), Lost> {
    if isolate.mode() == Mode::Passthrough {
        return Err(Lost::Gone);
    }
    let (source, now) = (view.source(), isolate.now());
    let walked = isolate.state.borrow().history.walks.get(source, version, now).cloned();
    let walked = walked.filter(|entry| is_readable(isolate, source, entry));
    let (tier, entry) = match walked {
        Some(entry) => (Tier::Memory, entry),
        None => fetch(isolate, source, version).await?,
    };
    if !is_readable(isolate, source, &entry) {
        return Err(Lost::Gone);
    }
    isolate.state.borrow_mut().history.walks.keep(source, &entry, now);
    answer(isolate, view, tier, &entry).ok_or(Lost::Gone)
}

/// A version from Redis; where that does not answer, from KV if it is what that has, and as well where it is too large for Redis.
async fn fetch(isolate: &Rc<Isolate>, source: Source, version: u64) -> Result<(Tier, Entry), Lost> {
    let found = tiers::read_earlier(isolate, source, version).await;
    let lost = if matches!(found, Found::Failed(_)) { Lost::Unreachable } else { Lost::Gone };
    if let Found::Entry(entry) = found {
        return Ok((Tier::Upstash, entry));
    }
    let published = isolate.state.borrow().knowledge.version(source).copied();
    if lost == Lost::Gone && published.is_none_or(|published| published.hash != version) {
        return Err(lost);
    }
    match tiers::read_kv(isolate, source).await {
        Found::Entry(entry) if entry.content.hash() == Some(version) => Ok((Tier::Kv, entry)),
        _ => Err(lost),
    }
}

/// Whether it may be served to who began with it: that something else is published by now is what they count on.
fn is_readable(isolate: &Isolate, source: Source, entry: &Entry) -> bool {
    let known = isolate.state.borrow().knowledge.known(source);
    let freshness = entry.dated.freshness(None, &known, isolate.now(), &isolate.policy);
    freshness < Freshness::Invalidated
}

fn answer(isolate: &Isolate, view: View, tier: Tier, entry: &Entry) -> Option<(Answer, Trace)> {
    let Content::Snapshot(snapshot) = &entry.content else { return None };
    let (now, policy) = (isolate.now(), &isolate.policy);
    let state = isolate.state.borrow();
    let freshness = state.freshness(view.source(), entry, now, policy);
    let served = if freshness == Freshness::Fresh { Served::Hit } else { Served::Stale };
    let age = now.since(entry.at());
    let secs =
        |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let mut trace = Trace::default();
    let report = TierReport::Hit {
        ttl_secs: secs(policy.ttl).saturating_sub(secs(age)),
        key: isolate.keys.resource(&Resource::Snapshot(view.source())),
        stale: (served == Served::Stale).then_some(Reason::Stale),
        derived: true,
    };
    trace.note(tier, report);
    let listing = snapshot.listing(&view);
    let known_at = state.knowledge.verified_at();
    Some((Answer { listing, served, at: entry.at(), age, known_at }, trace))
}
