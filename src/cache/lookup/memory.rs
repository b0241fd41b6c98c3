//! What the isolate's memory alone can answer.

use std::rc::Rc;

use super::{
    outcome::{Answer, ForwardReason, Served},
    serve::{serve, serve_fresh, serve_stale},
    walk::Walk,
};
use crate::{
    cache::{
        background::{FollowUp, is_due},
        isolate::Isolate,
        protocol::Freshness,
        state::Resident,
        telemetry::Reason,
    },
    catalog::{Resource, View},
    ports::Tier,
};

/// What memory alone can answer: fresh, or recently expired with a refresh behind it.
pub(super) fn answer_from_memory(walk: &mut Walk) -> Option<Answer> {
    walk.trace.note_miss(Tier::Memory);
    let isolate = Rc::clone(&walk.isolate);
    let (now, source) = (isolate.now(), walk.view.source());
    let (resource, resident, freshness) = best(walk)?;
    if freshness == Freshness::Fresh {
        walk.compared_at = resident.checked_at;
    }
    match freshness {
        Freshness::Fresh | Freshness::Revalidate if !walk.accepts(&resident.entry, freshness) => {
            walk.trace.note_forward(Tier::Memory, ForwardReason::Request, None);
            walk.remember(Tier::Memory, resource, resident.entry, freshness);
            None
        }
        Freshness::Fresh => {
            if is_due(&isolate, resident.checked_at, now) {
                walk.follow_ups.push(FollowUp::Check);
            }
            Some(serve_fresh(walk, Tier::Memory, resource, &resident.entry))
        }
        Freshness::Revalidate => {
            walk.follow_ups.push(FollowUp::Refresh(source));
            Some(serve(walk, Tier::Memory, resource, &resident.entry, Served::Stale))
        }
        Freshness::IfError | Freshness::Invalidated => {
            let just_fell_back = now.since(resident.fell_back_at) < isolate.policy.memory_ttl;
            let backing_off = isolate.state.borrow_mut().backoff(source).remaining(now).is_some();
            walk.trace.note_forward(Tier::Memory, ForwardReason::Stale, None);
            walk.remember(Tier::Memory, resource, resident.entry, freshness);
            // All others were asked a moment ago, and the origin must not be asked yet.
            if !backing_off || !just_fell_back {
                return None;
            }
            let reason = Some(Reason::BackingOff);
            walk.trace.note_forward(Tier::Origin, ForwardReason::Bypass, reason);
            serve_stale(walk)
        }
        Freshness::Gone => None,
    }
}

/// Whether memory has a view's order over its snapshot: then the answer costs no sorting, and is no news to be published.
pub(super) fn is_ordered(isolate: &Isolate, view: &View) -> bool {
    let mut state = isolate.state.borrow_mut();
    let hash = state.memory.snapshot(view.source()).and_then(|entry| entry.content.hash());
    hash.is_some_and(|hash| state.memory.order(view, hash).is_some())
}

/// The snapshot, or a listing that stood under the view's own key, if it may be served sooner, or just as soon and is newer.
fn best(walk: &Walk) -> Option<(Resource, Resident, Freshness)> {
    let (now, policy) = (walk.isolate.now(), &walk.isolate.policy);
    let names = [Resource::Snapshot(walk.view.source()), Resource::Listing(walk.view)];
    let mut state = walk.isolate.state.borrow_mut();
    let mut best: Option<(Resource, Resident, Freshness)> = None;
    for name in names {
        let Some((resident, freshness)) = state.resident(&name, now, policy) else { continue };
        let better = best.as_ref().is_none_or(|(_, held, held_freshness)| {
            freshness < *held_freshness
                || freshness == *held_freshness && resident.entry.at() > held.entry.at()
        });
        if better {
            best = Some((name, resident, freshness));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::{
        cache::{
            entry::{Content, Entry},
            isolate::Isolate,
            protocol::Dated,
        },
        catalog::Source,
        ports::Timestamp,
        support::{catalog, isolate::World},
    };

    #[test]
    fn what_may_be_served_sooner_is_best_and_else_what_is_newer() {
        let world = World::new(1);
        let view = Source::WARMED.warm_views()[0];
        let (now, ttl) = (world.sim.now(), world.policy.ttl);
        let (fresh, newer, stale) = (now.minus(ttl / 2), now, now.minus(ttl * 2));
        let listing = Resource::Listing(view);
        let snapshot = Resource::Snapshot(view.source());
        for (snapshot_at, listing_at, expected) in [
            (fresh, stale, snapshot),
            (stale, fresh, listing),
            (fresh, newer, listing),
            (newer, fresh, snapshot),
            (fresh, fresh, snapshot),
        ] {
            let isolate = Isolate::of(&world);
            let keep = |resource, content, at| {
                let entry = Entry { content, dated: Dated::ByTime(at) };
                isolate.state.borrow_mut().keep(resource, entry, now);
            };
            let whole = catalog::snapshot(1, 7);
            let text = catalog::decoded(&whole.text().to_string());
            keep(snapshot, Content::Snapshot(whole.into()), snapshot_at);
            keep(listing, Content::Listing(text.into()), listing_at);
            let walk = Walk::new(Rc::clone(&isolate), view.into());
            let of: (Timestamp, Timestamp) = (snapshot_at, listing_at);
            assert_eq!(best(&walk).map(|(resource, ..)| resource), Some(expected), "{of:?}");
        }
    }
}
