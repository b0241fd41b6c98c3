//! Reading Upstash Redis.

use std::rc::Rc;

use futures_util::{FutureExt, future::LocalBoxFuture};

use super::{
    call::redis,
    found::{Found, corrupt, keep_listing, keep_snapshot},
};
use crate::{
    cache::{
        isolate::Isolate,
        protocol::{Dated, Version},
        redis::{self, Observed},
        telemetry::{Counter, Event},
    },
    catalog::{Resource, Source, View},
    ports::{Tier, TierError, Timestamp},
};

/// Reads a source's snapshot from Redis. The future owns what it needs, so that it can go on behind a response that did not
/// wait for it.
pub(in crate::cache) fn read_upstash(
    isolate: &Rc<Isolate>,
    source: Source,
) -> LocalBoxFuture<'static, Found> {
    let isolate = Rc::clone(isolate);
    async move {
        let begun = isolate.now();
        isolate.state.borrow_mut().hedge_budget.note_read(begun);
        let read =
            redis(&isolate, async |session| redis::read_snapshot(session, source).await).await;
        let (observed, value) = match read {
            Ok(read) => read,
            Err(error) => return Found::Failed(error),
        };
        observe(&isolate, &observed, begun);
        match value {
            None => Found::Nothing,
            Some(value) => keep_snapshot(&isolate, Tier::Upstash, source, &value),
        }
    }
    .boxed_local()
}

/// Reads a view's own key: what the backend wrote, or an edge whose snapshot is gone.
pub(in crate::cache) async fn read_listing(isolate: &Isolate, view: &View) -> Found {
    let read = redis(isolate, async |session| redis::read_listing(session, view).await).await;
    let listing = match read {
        Ok(Some(listing)) => listing,
        Ok(None) => return Found::Nothing,
        Err(error) => return Found::Failed(error),
    };
    if listing.text.is_empty() {
        return corrupt(isolate, Tier::Upstash, &Resource::Listing(*view));
    }
    let policy = &isolate.policy;
    let version = listing.version.as_ref();
    match Dated::of_listing(listing.expiry, version, policy.fingerprint, policy.ttl) {
        Some(dated) => keep_listing(isolate, Tier::Upstash, view, listing.text, dated),
        None => Found::Nothing,
    }
}

/// Asks Redis what judges these sources, and learns it.
pub(in crate::cache) async fn check(
    isolate: &Isolate,
    sources: &[Source],
) -> Result<Observed, TierError> {
    let begun = isolate.now();
    let observed = redis(isolate, async |session| redis::check(session, sources).await).await?;
    observe(isolate, &observed, begun);
    Ok(observed)
}

/// Learns what a read told that began at `begun`.
pub(in crate::cache) fn observe(isolate: &Isolate, observed: &Observed, begun: Timestamp) {
    let mut state = isolate.state.borrow_mut();
    state.knowledge.learn_control(observed.control, begun);
    state.knowledge.learn_backend_epoch(observed.backend_epoch, begun);
    let mut other = None;
    for (source, version) in &observed.versions {
        match version {
            Some(version) if is_ours(isolate, version) => state.learn_version(*source, *version),
            Some(version) if state.note_other_configuration(*source, version.config) => {
                other = Some(*source);
            }
            _ => {}
        }
    }
    drop(state);
    if let Some(source) = other {
        isolate.log(&Event::OtherConfiguration { key: &isolate.keys.version(source) });
    }
}

/// Whether a version was made under the settings that shape this deployment's content.
pub(in crate::cache) fn is_ours(isolate: &Isolate, version: &Version) -> bool {
    version.config == isolate.policy.fingerprint
}

/// Ends when Upstash has not answered for `HEDGE_MS` and KV may be asked as well. It looks again from time to time,
/// since the cap falls when Upstash turns out to be failing.
pub(in crate::cache) async fn hedge_delay(isolate: Rc<Isolate>) {
    loop {
        isolate.ports.clock.sleep(isolate.policy.hedge).await;
        let now = isolate.now();
        let mut state = isolate.state.borrow_mut();
        let failing = state.upstash.is_failing();
        if state.hedge_budget.permit(now, failing) {
            state.counters.count(Counter::Hedges);
            return;
        }
    }
}
