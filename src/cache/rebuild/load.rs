//! One load of a source for everyone in the isolate who waits: a lease in plain memory, and followers that look at what
//! its holder leaves there.

use std::{rc::Rc, time::Duration};

use super::{
    lead::{lead, lease_length},
    outcome::{LoadOutcome, LoadRequest},
};
use crate::{
    cache::{
        entry::{Entry, Freshness},
        isolate::{Isolate, poll},
        state::{Hold, Work},
        telemetry::Reason,
    },
    catalog::{Resource, Source},
    ports::{Tier, Timestamp},
};

/// How often a follower looks at memory.
const PAUSE: Duration = Duration::from_millis(15);

/// What a look at memory comes to.
enum LoadRole {
    /// Somebody else's load is there, or none must be tried.
    Settled(LoadOutcome),
    /// Nobody loads: this request does.
    Leader(Hold),
}

/// A fresh snapshot of a source.
pub(in crate::cache) async fn load(
    isolate: Rc<Isolate>,
    source: Source,
    request: LoadRequest,
) -> LoadOutcome {
    let give_up = isolate.now() + lease_length(&isolate);
    let role =
        poll(&*isolate.ports.clock, PAUSE, || role(&isolate, source, request, give_up)).await;
    match role {
        LoadRole::Settled(outcome) => outcome,
        LoadRole::Leader(hold) => lead(&isolate, source, request, hold).await,
    }
}

/// One look at plain memory: check and set are one step. None while somebody loads.
fn role(
    isolate: &Isolate,
    source: Source,
    request: LoadRequest,
    give_up: Timestamp,
) -> Option<LoadRole> {
    let now = isolate.now();
    if let Some(entry) = resident_snapshot(isolate, source, request.not_before) {
        return Some(LoadRole::Settled(LoadOutcome::of(Ok(entry), Tier::Memory)));
    }
    let mut state = isolate.state.borrow_mut();
    let backoff = state.backoff(source).remaining(now);
    if let Some(left) = backoff.filter(|_| !request.force) {
        return Some(LoadRole::Settled(LoadOutcome::unavailable(left, Reason::BackingOff)));
    }
    match state.leases.acquire(Work::Load(source), now, lease_length(isolate)) {
        Some(hold) => Some(LoadRole::Leader(hold)),
        None if now < give_up => None,
        None => {
            let busy = LoadOutcome::unavailable(Duration::from_secs(1), Reason::Busy);
            Some(LoadRole::Settled(busy))
        }
    }
}

fn resident_snapshot(
    isolate: &Isolate,
    source: Source,
    not_before: Option<Timestamp>,
) -> Option<Entry> {
    let now = isolate.now();
    let mut state = isolate.state.borrow_mut();
    let (resident, freshness) =
        state.resident(&Resource::Snapshot(source), now, &isolate.policy)?;
    let young = not_before.is_none_or(|not_before| resident.entry.at >= not_before);
    (freshness == Freshness::Fresh && young).then_some(resident.entry)
}
