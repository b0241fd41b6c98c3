//! Reading Upstash Redis.

use std::rc::Rc;

use futures_util::{FutureExt, future::LocalBoxFuture};

use super::{
    call::redis,
    colo::life,
    found::{Found, corrupt, keep_listing, keep_snapshot},
    leave::note_found,
    near::read_version,
    observe::{is_ours, observe},
};
use crate::{
    cache::{
        isolate::Isolate,
        protocol::{Dated, Observed},
        redis,
        telemetry::Counter,
    },
    catalog::{Resource, Source, View},
    ports::{Tier, TierError},
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

/// Reads the snapshots of many sources from Redis, in one request.
pub(in crate::cache) async fn read_together(
    isolate: &Isolate,
    sources: &[Source],
) -> Result<(), TierError> {
    let begun = isolate.now();
    let read = redis(isolate, async |session| redis::read_snapshots(session, sources).await).await;
    let (observed, values) = read?;
    observe(isolate, &observed, begun);
    for (source, value) in sources.iter().zip(values) {
        if let Some(value) = value {
            let found = keep_snapshot(isolate, Tier::Upstash, *source, &value);
            note_found(isolate, *source, &found, value);
        }
    }
    Ok(())
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
    check_and_count(isolate, sources, &[]).await.map(|(observed, _)| observed)
}

/// The same, with counters that come along; what became of them is told beside it.
pub(in crate::cache) async fn check_and_count(
    isolate: &Isolate,
    sources: &[Source],
    counters: &[(String, u64)],
) -> Result<(Observed, Result<(), TierError>), TierError> {
    let begun = isolate.now();
    let told =
        redis(isolate, async |session| redis::check(session, sources, counters).await).await?;
    observe(isolate, &told.0, begun);
    Ok(told)
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
