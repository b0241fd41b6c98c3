//! Bringing something stale up to date behind a response: from Redis or KV if another isolate has done the work, else from
//! the origin.

use std::{rc::Rc, time::Duration};

use crate::{
    cache::{
        isolate::Isolate,
        protocol::{Freshness, Observed},
        rebuild::{LoadOutcome, LoadRequest, load, settle},
        state::Work,
        tiers::{self, Found, Heard, read_kv},
    },
    catalog::Source,
};

/// One refresh of a source at a time, and after a failed one none before this is over.
const PAUSE: Duration = Duration::from_secs(5);

/// Refreshes a source, unless another request is at it.
pub(super) async fn refresh(isolate: &Rc<Isolate>, source: Source) {
    let work = Work::Refresh(source);
    let hold = isolate.state.borrow_mut().leases.acquire(work, isolate.now(), PAUSE);
    let Some(hold) = hold else { return };
    let pause = match find_elsewhere(isolate, source).await {
        Elsewhere::Fresh => None,
        Elsewhere::Sought => Some(PAUSE),
        Elsewhere::Nothing => reload(isolate, source).await,
    };
    let now = isolate.now();
    let mut state = isolate.state.borrow_mut();
    match pause {
        // What memory has no room for is stale there still: it must not be fetched at every request.
        None if is_fresh_in_memory(isolate, &state, source) => state.leases.release(work, hold),
        None => {}
        Some(pause) => drop(state.leases.extend(work, hold, now, pause.max(PAUSE))),
    }
}

/// What others have done.
enum Elsewhere {
    /// The work.
    Fresh,
    /// Another isolate of this data center is at it.
    Sought,
    Nothing,
}

/// Whether another isolate has done the work, or is about to. What memory holds may have been found again: that takes no download.
async fn find_elsewhere(isolate: &Rc<Isolate>, source: Source) -> Elsewhere {
    let found = match tiers::hear_fresh(isolate, source).await {
        Heard::Answer(told) => published(isolate, source, &told.observed).await,
        Heard::Asked => return Elsewhere::Sought,
        Heard::Nothing(sources) => {
            if let Ok(observed) = tiers::check(isolate, &sources).await {
                published(isolate, source, &observed).await
            } else {
                let in_kv = read_kv(isolate, source).await;
                is_fresh(isolate, source, &in_kv)
            }
        }
    };
    if found { Elsewhere::Fresh } else { Elsewhere::Nothing }
}

/// Whether what Redis told of is fresh and in memory now.
async fn published(isolate: &Rc<Isolate>, source: Source, observed: &Observed) -> bool {
    if is_fresh_in_memory(isolate, &isolate.state.borrow(), source) {
        return true;
    }
    let there = observed.version(source).filter(|version| tiers::is_ours(isolate, version));
    let there = there.filter(|version| {
        let (state, now) = (isolate.state.borrow(), isolate.now());
        state.version_freshness(source, version, now, &isolate.policy) == Freshness::Fresh
    });
    let paused = isolate.state.borrow().publishing.pause.reason(isolate.now()).is_some();
    let found = match there {
        Some(version) => tiers::read_published(isolate, source, &version).await.1,
        // Where Redis takes no writes, isolates share what KV has.
        None if paused => read_kv(isolate, source).await,
        None => return false,
    };
    is_fresh(isolate, source, &found)
}

fn is_fresh(isolate: &Isolate, source: Source, found: &Found) -> bool {
    let Found::Entry(entry) = found else { return false };
    let state = isolate.state.borrow();
    state.freshness(source, entry, isolate.now(), &isolate.policy) == Freshness::Fresh
}

fn is_fresh_in_memory(
    isolate: &Isolate,
    state: &crate::cache::state::State,
    source: Source,
) -> bool {
    state.memory.snapshot(source).is_some_and(|entry| {
        state.freshness(source, entry, isolate.now(), &isolate.policy) == Freshness::Fresh
    })
}

/// Loads from the origin; how long not to try again when that failed.
async fn reload(isolate: &Rc<Isolate>, source: Source) -> Option<Duration> {
    let request = LoadRequest { unless_busy: true, ..LoadRequest::default() };
    let LoadOutcome { result, settlement, .. } = load(Rc::clone(isolate), source, request).await;
    if let Some(settlement) = settlement {
        settle(isolate, settlement).await;
    }
    result.err().map(|unavailable| unavailable.retry_after)
}
