//! Bringing something stale up to date behind a response: from Redis if another isolate has done the work, else from
//! the origin.

use std::{rc::Rc, time::Duration};

use crate::{
    cache::{
        entry::{Content, Entry, Freshness},
        isolate::Isolate,
        rebuild::{LoadOutcome, LoadRequest, load, settle},
        state::{Resident, Work},
        tiers::{Found, read_kv, read_upstash},
    },
    catalog::{Resource, View},
};

/// One refresh of a thing at a time, and after a failed one none before this is over.
const PAUSE: Duration = Duration::from_secs(5);

/// Refreshes one thing, unless another request is at it.
pub(super) async fn refresh(isolate: &Rc<Isolate>, resource: Resource) {
    let work = Work::Refresh(resource);
    let hold = isolate.state.borrow_mut().leases.acquire(work, isolate.now(), PAUSE);
    let Some(hold) = hold else { return };
    if is_fresh_in_redis(isolate, resource).await || reload(isolate, resource).await {
        isolate.state.borrow_mut().leases.release(work, hold);
    }
}

async fn is_fresh_in_redis(isolate: &Rc<Isolate>, resource: Resource) -> bool {
    let Found::Entry(entry) = read_upstash(isolate, resource).await else { return false };
    let epochs = isolate.state.borrow().epochs();
    entry.freshness(isolate.now(), epochs.as_ref(), &isolate.policy) == Freshness::Fresh
}

async fn reload(isolate: &Rc<Isolate>, resource: Resource) -> bool {
    let source = resource.source();
    let last_good = isolate.state.borrow().last_good.extent(source);
    if last_good.is_none() {
        // The gate measures a new snapshot against the last good one; KV has it when memory has not.
        read_kv(isolate, Resource::Snapshot(source)).await;
    }
    let LoadOutcome { result, settlement, .. } =
        load(Rc::clone(isolate), source, LoadRequest::default()).await;
    let asked = match resource {
        Resource::Listing(view) => Some(view),
        Resource::Snapshot(_) => None,
    };
    if let (Ok(entry), Some(view)) = (&result, asked) {
        derive_into_memory(isolate, entry, view);
    }
    if let Some(settlement) = settlement {
        settle(isolate, settlement, asked).await;
    }
    result.is_ok()
}

fn derive_into_memory(isolate: &Isolate, entry: &Entry, view: View) {
    let Content::Snapshot(snapshot) = &entry.content else { return };
    let listing = Content::Listing(Rc::new(snapshot.derive(&view)));
    let derived = Entry { content: listing, ..entry.clone() };
    let resident = Resident::new(derived, None, isolate.now());
    isolate.state.borrow_mut().keep(Resource::Listing(view), resident);
}
