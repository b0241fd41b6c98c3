//! The end of a walk: an answer from what was found, derived where that was a snapshot.

use std::{rc::Rc, time::Duration};

use super::{
    answer::{Answer, Served},
    trace::{ForwardReason, TierReport},
    walk::{Candidate, Walk},
};
use crate::{
    cache::{
        background::FollowUp,
        entry::{Content, Entry, Freshness},
        rebuild::{Publication, Unavailable, integrity, read_origin},
        state::Resident,
        telemetry::{Counter, Reason},
    },
    catalog::{JsonArray, Resource},
    ports::{Tier, Timestamp},
};

/// The rollback: the origin alone, nothing read and nothing kept.
pub(super) async fn pass_through(walk: &mut Walk) -> Result<Answer, Unavailable> {
    for tier in [Tier::Kv, Tier::Upstash, Tier::Memory] {
        walk.trace.note_forward(tier, ForwardReason::Bypass, None);
    }
    let unavailable = |reason| Unavailable { retry_after: Duration::from_secs(1), reason };
    let load = read_origin(&walk.isolate, walk.view.source())
        .await
        .map_err(|error| unavailable(Reason::from(&error)))?;
    integrity::judge(load.snapshot.len(), None, false).map_err(unavailable)?;
    let listing = Rc::new(load.snapshot.derive(&walk.view));
    let at = walk.begun;
    Ok(Answer { listing, served: Served::Miss, at, age: Duration::ZERO })
}

/// Makes the answer from what was found, deriving the listing where it was a snapshot.
pub(super) fn serve(
    walk: &mut Walk,
    tier: Tier,
    resource: Resource,
    entry: &Entry,
    served: Served,
) -> Answer {
    let now = walk.isolate.now();
    let age = now.since(entry.at);
    let (listing, derived) = match &entry.content {
        Content::Listing(listing) => (Rc::clone(listing), false),
        Content::Snapshot(snapshot) => {
            let listing = derived_before(walk, entry).unwrap_or_else(|| {
                let listing = Rc::new(snapshot.derive(&walk.view));
                keep_derived(walk, tier, &listing, entry, now);
                listing
            });
            (listing, true)
        }
    };
    if served != Served::Miss {
        let ttl_secs = remaining_secs(walk.isolate.policy.ttl, age);
        let key = walk.isolate.keys.resource(&resource);
        let stale = served == Served::Stale;
        walk.trace.note(tier, TierReport::Hit { ttl_secs, key, stale, derived });
    }
    if tier != Tier::Memory && is_kept(walk, resource, entry) {
        walk.trace.mark_stored();
    }
    Answer { listing, served, at: entry.at, age }
}

/// Serves what is stale, if the walk found anything.
pub(super) fn serve_stale(walk: &mut Walk) -> Option<Answer> {
    let Candidate { tier, resource, entry, .. } = walk.stale.take()?;
    Some(serve(walk, tier, resource, &entry, Served::Stale))
}

/// Whether memory has room for what was found, or for what was derived from it.
fn is_kept(walk: &Walk, resource: Resource, entry: &Entry) -> bool {
    let state = walk.isolate.state.borrow();
    [resource, Resource::Listing(walk.view)]
        .iter()
        .any(|name| state.memory.peek(name).is_some_and(|kept| kept.entry.at == entry.at))
}

/// The listing, if another request derived it from the same snapshot already.
fn derived_before(walk: &Walk, base: &Entry) -> Option<Rc<JsonArray>> {
    let state = walk.isolate.state.borrow();
    let resident = state.memory.peek(&Resource::Listing(walk.view))?;
    match &resident.entry.content {
        Content::Listing(listing)
            if (resident.entry.at, resident.entry.epoch) == (base.at, base.epoch) =>
        {
            Some(Rc::clone(listing))
        }
        _ => None,
    }
}

/// A derived listing stays in memory and is published, for other isolates and the backend, if it has a key. What
/// comes from the origin is published together with its snapshot.
fn keep_derived(
    walk: &mut Walk,
    tier: Tier,
    listing: &Rc<JsonArray>,
    base: &Entry,
    now: Timestamp,
) {
    let isolate = Rc::clone(&walk.isolate);
    isolate.count(Counter::Derived);
    let entry = Entry { content: Content::Listing(Rc::clone(listing)), ..base.clone() };
    let name = Resource::Listing(walk.view);
    let mut state = isolate.state.borrow_mut();
    if state.has_key(&walk.view) == Some(false) {
        return;
    }
    let snapshot = Resource::Snapshot(walk.view.source());
    let checked_at = state.memory.peek(&snapshot).map_or(now, |resident| resident.checked_at);
    state.keep(name, Resident::new(entry.clone(), None, now).checked(checked_at));
    let epochs = state.epochs();
    let fresh = entry.freshness(now, epochs.as_ref(), &isolate.policy) == Freshness::Fresh;
    let wanted = match tier {
        Tier::Memory | Tier::Upstash => true,
        // A Redis that is silent or failing has no use for it.
        Tier::Kv => walk.trace.lacks(Tier::Upstash),
        Tier::Origin => false,
    };
    if fresh && wanted {
        walk.follow_ups.push(FollowUp::Publish(Publication::of(name, &entry)));
    }
}

fn remaining_secs(ttl: Duration, age: Duration) -> i64 {
    let secs = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    secs(ttl).saturating_sub(secs(age))
}
