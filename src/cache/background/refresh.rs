//! Bringing something stale up to date behind a response: from Redis if another isolate has done the work, else from
//! the origin.

use std::{rc::Rc, time::Duration};

use super::{
    Cache,
    entry::{Content, Entry, Freshness},
    lease::Work,
    load::{LoadEnd, LoadWish},
    memory::Slot,
    tiers::Found,
};
use crate::catalog::{Resource, Selection};

/// One refresh of a thing at a time, and after a failed one none before this is over.
const PAUSE: Duration = Duration::from_secs(5);

impl Cache {
    /// Refreshes one thing, unless somebody is at it.
    pub(super) async fn refresh(self: Rc<Self>, resource: Resource) {
        let work = Work::Refresh(resource);
        let hold = self.state.borrow_mut().leases.acquire(work, self.now(), PAUSE);
        let Some(hold) = hold else { return };
        if self.is_fresh_in_redis(resource).await || self.reload(resource).await {
            self.state.borrow_mut().leases.release(work, hold);
        }
    }

    async fn is_fresh_in_redis(self: &Rc<Self>, resource: Resource) -> bool {
        let Found::Entry(entry) = self.read_upstash(resource).await else { return false };
        let epochs = self.state.borrow().epochs();
        entry.freshness(self.now(), epochs.as_ref(), &self.policy) == Freshness::Fresh
    }

    async fn reload(self: &Rc<Self>, resource: Resource) -> bool {
        let scope = resource.scope();
        if self.state.borrow().last_good(scope).is_none() {
            // The gate measures a new snapshot against the last good one; KV has it when memory has not.
            self.read_kv(Resource::Snapshot(scope)).await;
        }
        let LoadEnd { result, after, .. } = Rc::clone(self).load(scope, LoadWish::default()).await;
        let asked = match resource {
            Resource::Listing(selection) => Some(selection),
            Resource::Snapshot(_) => None,
        };
        if let (Ok(entry), Some(selection)) = (&result, asked) {
            self.derive_into_memory(entry, selection);
        }
        if let Some(after) = after {
            self.conclude_load(after, asked).await;
        }
        result.is_ok()
    }

    fn derive_into_memory(&self, entry: &Entry, selection: Selection) {
        let Content::Snapshot(snapshot) = &entry.content else { return };
        let listing = Content::Listing(Rc::new(snapshot.derive(&selection)));
        let derived = Entry { content: listing, ..entry.clone() };
        let slot = Slot::new(derived, None, self.now());
        self.state.borrow_mut().keep(Resource::Listing(selection), slot);
    }
}
