//! Reading Upstash Redis.

use std::rc::Rc;

use futures_util::{FutureExt, future::LocalBoxFuture};

use super::{
    call::redis,
    colo::{life, note_found, read_version},
    found::{Found, corrupt, keep_listing, keep_snapshot},
};
use crate::{
    cache::{
        isolate::Isolate,
        protocol::{Dated, Observed, Version},
        redis,
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
        if is_likely_near(&isolate, source) {
            // What the data center has need not come from Redis again.
            let version = match check(&isolate, &[source]).await {
                Ok(observed) => observed.version(source).filter(|there| is_ours(&isolate, there)),
                Err(error) => return Found::Failed(error),
            };
            if let Some(version) = version
                && let Found::Entry(entry) = read_version(&isolate, source, &version).await
            {
                return Found::Entry(entry);
            }
        }
        let read =
            redis(&isolate, async |session| redis::read_snapshot(session, source).await).await;
        let (observed, value) = match read {
            Ok(read) => read,
            Err(error) => return Found::Failed(error),
        };
        observe(&isolate, &observed, begun);
        match value {
            None => Found::Nothing,
            Some(value) => {
                let found = keep_snapshot(&isolate, Tier::Upstash, source, &value);
                note_found(&isolate, source, &found, value);
                found
            }
        }
    }
    .boxed_local()
}

/// Whether the data center may have what Redis would give, though what was told there is too old to say so.
fn is_likely_near(isolate: &Isolate, source: Source) -> bool {
    let Some(life) = life(isolate) else { return false };
    let (state, now) = (isolate.state.borrow(), isolate.now());
    state.colo.may_have_snapshot(source) && !state.colo.told().answers(&[source], now, life)
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

/// Learns what a read of Redis told that began at `begun`.
pub(in crate::cache) fn observe(isolate: &Isolate, observed: &Observed, begun: Timestamp) {
    learn(isolate, observed, begun, true);
}

/// Learns what Redis told at `begun`; `is_news` is whether others of this data center may not know it.
pub(super) fn learn(isolate: &Isolate, observed: &Observed, begun: Timestamp, is_news: bool) {
    let mut state = isolate.state.borrow_mut();
    state.colo.told_mut(is_news).hear(observed, begun);
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
