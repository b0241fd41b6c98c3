//! The end of a walk: an answer from what was found, ordered where that was a snapshot.

use std::{rc::Rc, time::Duration};

use super::{
    outcome::{Answer, Served, TierReport},
    walk::{Candidate, Walk},
};
use crate::{
    cache::{
        background::FollowUp,
        entry::{Content, Entry},
        protocol::Freshness,
        publish,
        telemetry::{Counter, Reason},
    },
    catalog::{Listing, Resource, Snapshot},
    ports::Tier,
};

/// What nothing could verify is no hit for longer than this.
const UNVERIFIED_MAX: Duration = Duration::from_secs(60);
/// The request that a check runs behind comes within this.
const CHECK_SLACK: Duration = Duration::from_secs(30);

/// Serves what is fresh as far as is known: as a hit, unless nothing could tell for a while whether it was invalidated.
pub(super) fn serve_fresh(
    walk: &mut Walk,
    tier: Tier,
    resource: Resource,
    entry: &Entry,
) -> Answer {
    let now = walk.isolate.now();
    let known_at = walk.isolate.state.borrow().knowledge.verified_at().max(entry.at());
    let limit = UNVERIFIED_MAX.max(walk.isolate.policy.memory_ttl.saturating_add(CHECK_SLACK));
    if now.since(known_at) <= limit {
        return serve(walk, tier, resource, entry, Served::Hit);
    }
    walk.unverified = true;
    serve(walk, tier, resource, entry, Served::Stale)
}

/// Makes the answer from what was found.
pub(super) fn serve(
    walk: &mut Walk,
    tier: Tier,
    resource: Resource,
    entry: &Entry,
    served: Served,
) -> Answer {
    let now = walk.isolate.now();
    let age = now.since(entry.at());
    let (listing, derived) = match &entry.content {
        Content::Listing(listing) => (Listing::Foreign(Rc::clone(listing)), false),
        Content::Snapshot(snapshot) => ordered(walk, snapshot),
    };
    if served != Served::Miss {
        let ttl_secs = remaining_secs(walk.isolate.policy.ttl, age);
        let key = walk.isolate.keys.listing(&walk.view);
        let why = if walk.unverified { Reason::Unverified } else { Reason::Stale };
        let stale = (served == Served::Stale).then_some(why);
        walk.trace.note(tier, TierReport::Hit { ttl_secs, key, stale, derived });
    }
    if tier != Tier::Memory && is_kept(walk, resource, entry) {
        walk.trace.mark_stored();
    }
    if publish::is_wanted(&walk.isolate, &walk.view) {
        walk.follow_ups.push(FollowUp::PublishDerived(walk.view));
    }
    let verified_at = walk.isolate.state.borrow().knowledge.verified_at();
    Answer { listing, served, at: entry.at(), age, known_at: walk.compared_at.min(verified_at) }
}

/// Serves what the walk found, if anything: stale, but for what is fresh and less so than the client wished.
pub(super) fn serve_stale(walk: &mut Walk) -> Option<Answer> {
    let freshness = walk.stale_freshness();
    let Candidate { tier, resource, entry, .. } = walk.stale.take()?;
    if freshness == Some(Freshness::Fresh) {
        return Some(serve_fresh(walk, tier, resource, &entry));
    }
    Some(serve(walk, tier, resource, &entry, Served::Stale))
}

/// Whether memory has room for what was found.
fn is_kept(walk: &Walk, resource: Resource, entry: &Entry) -> bool {
    let state = walk.isolate.state.borrow();
    state.memory.peek(&resource).is_some_and(|kept| kept.entry.at() == entry.at())
}

/// The view's listing over a snapshot, and whether its order had to be made, which for what is kept warm goes without saying.
fn ordered(walk: &Walk, snapshot: &Rc<Snapshot>) -> (Listing, bool) {
    let (isolate, view, hash) = (&walk.isolate, &walk.view, snapshot.hash());
    let known = isolate.state.borrow_mut().memory.order(view, hash);
    if let Some(order) = known {
        return (Listing::Ordered(Rc::clone(snapshot), order), false);
    }
    let order: Rc<[u32]> = snapshot.order(view).into();
    if view.has_key(Some(snapshot.extent())) == Some(true) {
        isolate.state.borrow_mut().memory.put_order(*view, hash, &order);
    }
    let derived = !view.is_warm();
    if derived {
        isolate.count(Counter::Derived);
    }
    (Listing::Ordered(Rc::clone(snapshot), order), derived)
}

fn remaining_secs(ttl: Duration, age: Duration) -> i64 {
    let secs = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    secs(ttl).saturating_sub(secs(age))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_ttl_counts_on_below_zero() {
        let left =
            |age_ms| remaining_secs(Duration::from_secs(1800), Duration::from_millis(age_ms));
        assert_eq!([0, 999, 1_000, 1_800_000, 1_900_000].map(left), [1800, 1800, 1799, 0, -100]);
    }
}
