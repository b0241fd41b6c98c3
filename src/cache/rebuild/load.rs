//! One load of a source for everyone in the isolate who waits: a lease in plain memory, and followers that look at what
//! its holder leaves there.

use std::{rc::Rc, time::Duration};

use super::{
    lead::lead,
    outcome::{LoadOutcome, LoadRequest},
    patience::LEASE,
};
use crate::{
    cache::{
        entry::Entry,
        isolate::{Isolate, poll},
        protocol::Freshness,
        state::{Hold, Work},
        telemetry::Reason,
    },
    catalog::{Resource, Source},
    ports::{Tier, Timestamp},
};

/// When a follower looks at memory for the second time.
const PAUSE: Duration = Duration::from_millis(5);
/// A load that takes longer than the origin may, by this, is not waited for.
const MARGIN: Duration = Duration::from_secs(2);

/// What a look at memory comes to.
enum LoadRole {
    /// Somebody else's load is there, or none must be tried.
    Settled(Box<LoadOutcome>),
    /// Nobody loads: this request does.
    Leader(Hold),
}

/// A fresh snapshot of a source.
pub(in crate::cache) async fn load(
    isolate: Rc<Isolate>,
    source: Source,
    request: LoadRequest,
) -> LoadOutcome {
    let begun = isolate.now();
    let give_up = begun + isolate.policy.origin_timeout.saturating_add(MARGIN);
    let mut looks: u32 = 0;
    let role = poll(&*isolate.ports.clock, PAUSE, || {
        looks = looks.saturating_add(1);
        role(&isolate, source, request, give_up, looks > 1)
    })
    .await;
    match role {
        LoadRole::Settled(outcome) => *outcome,
        LoadRole::Leader(hold) => lead(&isolate, source, request, hold).await,
    }
}

/// One look at plain memory: check and set are one step. None while somebody loads. Who `waited` takes what was loaded
/// meanwhile even if memory had no room for it.
fn role(
    isolate: &Isolate,
    source: Source,
    request: LoadRequest,
    give_up: Timestamp,
    waited: bool,
) -> Option<LoadRole> {
    let now = isolate.now();
    if let Some(entry) = loaded(isolate, source, request.not_before, waited) {
        return Some(settled(LoadOutcome::of(Ok(entry), Tier::Memory)));
    }
    let mut state = isolate.state.borrow_mut();
    let backoff = state.backoff(source).remaining(now);
    if let Some(left) = backoff.filter(|_| !request.insist) {
        return Some(settled(LoadOutcome::unavailable(left, Reason::BackingOff)));
    }
    match state.leases.acquire(Work::Load(source), now, LEASE) {
        Some(hold) => Some(LoadRole::Leader(hold)),
        None if now < give_up => None,
        None => Some(settled(LoadOutcome::unavailable(Duration::from_secs(1), Reason::Busy))),
    }
}

fn settled(outcome: LoadOutcome) -> LoadRole {
    LoadRole::Settled(Box::new(outcome))
}

fn loaded(
    isolate: &Isolate,
    source: Source,
    not_before: Option<Timestamp>,
    waited: bool,
) -> Option<Entry> {
    let (now, policy) = (isolate.now(), &isolate.policy);
    let mut state = isolate.state.borrow_mut();
    let is_wanted = |entry: &Entry, freshness| {
        freshness == Freshness::Fresh
            && not_before.is_none_or(|not_before| entry.at() >= not_before)
    };
    let resident = state.resident(&Resource::Snapshot(source), now, policy);
    if let Some((resident, freshness)) = resident
        && is_wanted(&resident.entry, freshness)
    {
        return Some(resident.entry);
    }
    let handed = state.handover.load(source, now).filter(|_| waited)?;
    let freshness = state.freshness(source, handed, now, policy);
    is_wanted(handed, freshness).then(|| handed.clone())
}
