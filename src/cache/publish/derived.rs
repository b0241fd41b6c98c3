//! Publishing a listing that a request asked for and nobody keeps warm: for the backend, which reads no snapshot of ours. Once
//! for each version, and no more of them than a byte budget that isolates share.

use std::rc::Rc;

use super::{
    publication::views_of,
    publish::{learn_size, write},
};
use crate::{
    cache::{
        entry::Content,
        isolate::Isolate,
        protocol::{Freshness, Version},
        redis::{self, Guarded, PublishReply},
        telemetry::Counter,
    },
    catalog::{Snapshot, Source, View},
    config::Mode,
    ports::TierError,
};

/// So many times the bytes of its snapshot may be derived of a version.
const BUDGET: usize = 4;
/// So many bytes may be derived of any version: all that clients of a small catalog are likely to ask for.
const BUDGET_MIN: usize = 16_000_000;

/// Whether a view's listing is to be published behind its response: this isolate holds what is published, and has not published
/// the listing yet.
pub(in crate::cache) fn is_wanted(isolate: &Isolate, view: &View) -> bool {
    let (now, source) = (isolate.now(), view.source());
    let state = isolate.state.borrow();
    let Some(version) = state.knowledge.version(source) else { return false };
    let Some(entry) = state.memory.snapshot(source) else { return false };
    let fresh = state.freshness(source, entry, now, &isolate.policy) == Freshness::Fresh;
    isolate.policy.mode == Mode::Active
        && fresh
        && entry.dated == version.dated()
        && entry.content.hash() == Some(version.hash)
        && view.has_key(Some(version.extent())) == Some(true)
        && !views_of(source, version).contains(view)
        && state.publishing.pause.is_over()
        && state.publishing.is_wanted(view, (version.hash, version.epoch), now)
}

/// Publishes a view's listing.
pub(in crate::cache) async fn publish_derived(isolate: &Isolate, view: View) {
    if !is_wanted(isolate, &view) {
        return;
    }
    let (source, now) = (view.source(), isolate.now());
    let (version, listing, smallest_refused) = {
        let state = isolate.state.borrow();
        let Some(version) = state.knowledge.version(source).copied() else { return };
        let Some(entry) = state.memory.snapshot(source) else { return };
        let Content::Snapshot(snapshot) = &entry.content else { return };
        (version, snapshot.listing(&view), smallest_refused(source, snapshot, &version))
    };
    let base = (version.hash, version.epoch);
    let budget = version.bytes.saturating_mul(BUDGET).max(BUDGET_MIN);
    let max = isolate.state.borrow().publishing.request_bytes_max();
    let size = listing.text_bytes();
    // Before it is sent: requests that ask for the same meanwhile must not send it again.
    let ttl = isolate.policy.ttl;
    isolate.state.borrow_mut().publishing.note_derived(view, base, now, ttl);
    if size >= smallest_refused || size.saturating_add(size.checked_div(4).unwrap_or(0)) > max {
        return;
    }
    let values = vec![(isolate.keys.listing(&view), listing.to_text())];
    let result = write(isolate, async move |session| {
        redis::add(session, source, &version, Some(budget), values, None).await
    })
    .await;
    match result {
        Ok(Guarded { reply: PublishReply::Published, .. }) => isolate.count(Counter::Sets),
        Ok(Guarded { reply: PublishReply::OverBudget, .. }) => {
            isolate.state.borrow_mut().publishing.note_over_budget(source, base);
        }
        Ok(_) | Err(TierError::Open) => {}
        Err(error) => learn_size(isolate, &error, size),
    }
}

/// The size of the smallest listing that is kept warm and is not in Redis, since no request holds it: what is as large need not be
/// sent to learn that.
fn smallest_refused(source: Source, snapshot: &Rc<Snapshot>, version: &Version) -> usize {
    let there = views_of(source, version);
    let refused = source
        .warm_views()
        .into_iter()
        .filter(|view| view.has_key(Some(version.extent())) == Some(true) && !there.contains(view));
    refused.map(|view| snapshot.listing(&view).text_bytes()).min().unwrap_or(usize::MAX)
}
