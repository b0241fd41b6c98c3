//! Comparing memory with Redis without a download: one command asks for control, the backend's epoch and the versions. What
//! is the same lives on; what is not is judged as what it is known to be from then on.

use std::{rc::Rc, time::Duration};

use crate::{
    cache::{
        entry::Entry,
        isolate::{Isolate, poll},
        protocol::{Dated, Freshness, Version},
        rebuild::publish_again,
        redis::Observed,
        state::Work,
        tiers::{self, is_ours},
    },
    catalog::{Resource, Source, View},
    config::Mode,
    ports::Timestamp,
};

/// How often a request looks whether another one's check has ended.
const PAUSE: Duration = Duration::from_millis(5);
/// A check that died gives way to another after this.
const HELD: Duration = Duration::from_secs(10);
/// A busy isolate's next request comes within this.
const IDLE: Duration = Duration::from_secs(5);
/// A Redis that does not answer is asked again no sooner.
const AGAIN: Duration = Duration::from_secs(5);

/// Whether a check is due for something that was compared at `checked_at`.
pub(in crate::cache) fn is_due(isolate: &Isolate, checked_at: Timestamp, now: Timestamp) -> bool {
    let tried_at = isolate.state.borrow().check_ended_at;
    now.since(checked_at) >= isolate.policy.memory_ttl
        && now.since(tried_at) >= AGAIN.min(isolate.policy.memory_ttl)
}

/// Whether memory holds something for a view that must be checked before it is served: nobody did for so long that the isolate must
/// have idled, or it is served only for want of anything better.
pub(in crate::cache) fn has_idled(isolate: &Isolate, view: &View) -> bool {
    let now = isolate.now();
    let mut state = isolate.state.borrow_mut();
    let (known_at, sought_at) = (state.check_ended_at, state.handover.sought_at(view.source()));
    let interval = isolate.policy.memory_ttl;
    let limit = interval.saturating_add(IDLE);
    let names = [Resource::Snapshot(view.source()), Resource::Listing(*view)];
    names.iter().any(|name| {
        let resident = state.resident(name, now, &isolate.policy);
        resident.is_some_and(|(resident, freshness)| {
            let known_at = resident.checked_at.max(known_at);
            match freshness {
                Freshness::Fresh | Freshness::Revalidate => now.since(known_at) >= limit,
                // No check comes behind a response. Who idled asks for the thing itself: that takes no longer.
                Freshness::IfError | Freshness::Invalidated => {
                    (interval..limit).contains(&now.since(known_at.max(sought_at)))
                }
                Freshness::Gone => false,
            }
        })
    })
}

/// Checks memory, or waits for the check that another request has begun.
pub(in crate::cache) async fn check_or_wait(isolate: Rc<Isolate>) {
    check(&isolate).await;
    poll(&*isolate.ports.clock, PAUSE, || {
        let held = isolate.state.borrow().leases.is_held(Work::Check, isolate.now());
        (!held).then_some(())
    })
    .await;
}

/// Checks everything resident, unless a check is under way.
pub(super) async fn check(isolate: &Rc<Isolate>) {
    let begun = isolate.now();
    let hold = isolate.state.borrow_mut().leases.acquire(Work::Check, begun, HELD);
    let Some(hold) = hold else { return };
    let sources: Vec<Source> = Source::ALL
        .into_iter()
        .filter(|source| isolate.state.borrow().memory.snapshot(*source).is_some())
        .collect();
    let result = tiers::check(isolate, &sources).await;
    if is_marker_wanted(isolate, begun, result.is_ok()) {
        // Redis cannot tell of invalidations, so KV's marker does. Without either, what is in memory is soon unverified. Redis
        // may be back the next moment, and is asked sooner than that.
        let _ = tiers::read_marker(isolate).await;
    }
    let unpublished = {
        let mut state = isolate.state.borrow_mut();
        let now = isolate.ports.clock.now();
        state.leases.release(Work::Check, hold);
        state.handover.forget(now);
        state.check_ended_at = now;
        if let Ok(observed) = &result {
            state.memory.note_checked(now);
            let ours = |(_, version): &&(Source, Option<Version>)| {
                version.is_some_and(|version| is_ours(isolate, &version))
            };
            for (source, version) in observed.versions.iter().filter(ours) {
                let hash = version.map_or(0, |version| version.hash);
                state.memory.note_published(*source, hash, now);
            }
        }
        drop(state);
        result.map(|observed| unpublished(isolate, &sources, &observed)).unwrap_or_default()
    };
    for (source, entry) in unpublished {
        publish_again(isolate, source, &entry).await;
    }
}

/// Whether KV's marker is to be read: instead of Redis once an interval, or to mend it.
fn is_marker_wanted(isolate: &Isolate, begun: Timestamp, redis_answers: bool) -> bool {
    let knowledge = &isolate.state.borrow().knowledge;
    if redis_answers {
        isolate.policy.mode == Mode::Active && knowledge.is_marker_overdue(begun)
    } else {
        begun.since(knowledge.marker_at()) >= isolate.policy.memory_ttl
    }
}

/// What memory has and Redis has not, or no longer, though it should.
fn unpublished(isolate: &Isolate, sources: &[Source], observed: &Observed) -> Vec<(Source, Entry)> {
    let now = isolate.now();
    let state = isolate.state.borrow();
    if isolate.policy.mode != Mode::Active || !state.publishing.pause.is_over() {
        return Vec::new();
    }
    let held = sources.iter().filter_map(|source| {
        let entry = state.memory.snapshot(*source)?;
        let fresh = state.freshness(*source, entry, now, &isolate.policy) == Freshness::Fresh;
        let lacks = is_lacking(isolate, entry, observed.version(*source).as_ref());
        // A load of this isolate is under way, and publishes.
        let busy = state.leases.is_held(Work::Load(*source), now);
        (fresh && lacks && !busy).then(|| (*source, entry.clone()))
    });
    held.collect()
}

/// Whether Redis has nothing, or something older, where this could be. What another configuration published stays until a load
/// takes its place.
fn is_lacking(isolate: &Isolate, entry: &Entry, there: Option<&Version>) -> bool {
    match (there, entry.dated) {
        (_, Dated::Provisional(_)) => false,
        (None, _) => true,
        (Some(there), _) if !is_ours(isolate, there) => false,
        (Some(there), Dated::Ours { at, epoch, .. }) => there.order() < (epoch, at),
        (Some(there), Dated::ByTime(at)) => there.at < at,
    }
}
