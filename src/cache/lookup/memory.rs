//! What the isolate's memory alone can answer.

use std::rc::Rc;

use super::{
    answer::{Answer, Served},
    serve::{serve, serve_stale},
    trace::ForwardReason,
    walk::Walk,
};
use crate::{
    cache::{background::FollowUp, entry::Freshness, state::Resident},
    catalog::Resource,
    ports::Tier,
};

/// What memory alone can answer: fresh, or recently expired with a refresh behind it.
pub(super) fn answer_from_memory(walk: &mut Walk) -> Option<Answer> {
    let now = walk.isolate.now();
    let isolate = Rc::clone(&walk.isolate);
    let policy = &isolate.policy;
    let name = Resource::Listing(walk.view);
    let base = Resource::Snapshot(walk.view.source());
    let (listing, snapshot, backing_off) = {
        let mut state = isolate.state.borrow_mut();
        let listing = state.resident(&name, now, policy);
        let snapshot = state.resident(&base, now, policy);
        let backing_off = state.backoff(base.source()).remaining(now).is_some();
        (listing, snapshot, backing_off)
    };
    walk.trace.note_miss(Tier::Memory);
    let mut best: Option<(Resource, Resident, Freshness)> = None;
    for (resource, found) in [(name, listing), (base, snapshot)] {
        let Some((resident, freshness)) = found else { continue };
        let better = best.as_ref().is_none_or(|(_, held, held_freshness)| {
            let newer = resident.entry.at > held.entry.at && freshness <= *held_freshness;
            // A listing that differs from Redis waits for its own refresh.
            newer || (freshness < *held_freshness && !held.differs_from_redis)
        });
        if better {
            best = Some((resource, resident, freshness));
        }
    }
    let (resource, resident, freshness) = best?;
    let is_due = now.since(resident.checked_at) >= policy.memory_ttl;
    let just_fell_back = now.since(resident.fell_back_at) < policy.memory_ttl;
    match freshness {
        Freshness::Fresh => {
            if is_due {
                walk.follow_ups.push(FollowUp::Revalidate(resource));
            }
            Some(serve(walk, Tier::Memory, resource, &resident.entry, Served::Hit))
        }
        Freshness::Revalidate => {
            walk.follow_ups.push(FollowUp::Refresh(resource));
            Some(serve(walk, Tier::Memory, resource, &resident.entry, Served::Stale))
        }
        Freshness::IfError | Freshness::Invalidated => {
            walk.trace.note_forward(Tier::Memory, ForwardReason::Stale, None);
            walk.remember(Tier::Memory, resource, resident.entry, freshness);
            // All others were asked a moment ago, and the origin must not be asked yet.
            if backing_off && just_fell_back { serve_stale(walk) } else { None }
        }
        Freshness::Gone => None,
    }
}
