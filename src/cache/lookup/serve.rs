//! The end of a walk: an answer from what was found, derived where that was a snapshot.

use std::{rc::Rc, time::Duration};

use super::{
    answer::{Answer, Said, Served, Unavailable},
    counters::Counter,
    entry::{Content, Entry, Freshness},
    follow_up::FollowUp,
    gate,
    lookup::Walk,
    memory::Slot,
    publish::Publication,
};
use crate::{
    catalog::{Listing, Resource},
    ports::{Tier, Timestamp},
};

impl Walk {
    /// The rollback: the origin alone, nothing read and nothing kept.
    pub(super) async fn pass_through(&mut self) -> Result<Answer, Unavailable> {
        for tier in [Tier::Kv, Tier::Upstash, Tier::Memory] {
            self.trace.forward(tier, "bypass", None);
        }
        let Ok(load) = self.cache.ask_origin(self.selection.scope).await else {
            return Err(Unavailable { retry_after: Duration::from_secs(1), reason: "failed" });
        };
        if gate::judge(load.snapshot.len(), None, false).is_err() {
            return Err(Unavailable { retry_after: Duration::from_secs(1), reason: "empty" });
        }
        let listing = Rc::new(load.snapshot.derive(&self.selection));
        let at = self.begun;
        Ok(Answer { listing, served: Served::Miss, at, age: Duration::ZERO })
    }

    /// Makes the answer from what was found, deriving the listing where it was a snapshot.
    pub(super) fn serve(
        &mut self,
        tier: Tier,
        resource: Resource,
        entry: &Entry,
        served: Served,
    ) -> Answer {
        let now = self.cache.now();
        let age = now.since(entry.at);
        let (listing, derived) = match &entry.content {
            Content::Listing(listing) => (Rc::clone(listing), false),
            Content::Snapshot(snapshot) => {
                let listing = self.derived_before(entry).unwrap_or_else(|| {
                    let listing = Rc::new(snapshot.derive(&self.selection));
                    self.keep_derived(tier, &listing, entry, now);
                    listing
                });
                (listing, true)
            }
        };
        if served != Served::Miss {
            let ttl_secs = remaining_secs(self.cache.policy.ttl, age);
            let key = self.cache.keys.resource(&resource);
            let stale = served == Served::Stale;
            self.trace.note(tier, Said::Hit { ttl_secs, key, stale, derived });
        }
        if tier != Tier::Memory && self.is_kept(resource, entry) {
            self.trace.stored();
        }
        Answer { listing, served, at: entry.at, age }
    }

    /// Whether memory has room for what was found, or for what was derived from it.
    fn is_kept(&self, resource: Resource, entry: &Entry) -> bool {
        let state = self.cache.state.borrow();
        [resource, Resource::Listing(self.selection)]
            .iter()
            .any(|name| state.entry_of(name).is_some_and(|kept| kept.at == entry.at))
    }

    /// The listing, if another request derived it from the same snapshot already.
    fn derived_before(&self, base: &Entry) -> Option<Rc<Listing>> {
        let state = self.cache.state.borrow();
        let slot = state.memory.peek(&Resource::Listing(self.selection))?;
        match &slot.entry.content {
            Content::Listing(listing)
                if (slot.entry.at, slot.entry.epoch) == (base.at, base.epoch) =>
            {
                Some(Rc::clone(listing))
            }
            _ => None,
        }
    }

    /// A derived listing stays in memory and is published, for other isolates and the backend, if it has a key. What
    /// comes from the origin is published together with its snapshot.
    fn keep_derived(&mut self, tier: Tier, listing: &Rc<Listing>, base: &Entry, now: Timestamp) {
        let cache = Rc::clone(&self.cache);
        cache.count(Counter::Derived);
        let entry = Entry { content: Content::Listing(Rc::clone(listing)), ..base.clone() };
        let name = Resource::Listing(self.selection);
        let mut state = cache.state.borrow_mut();
        if state.is_keyed(&self.selection) == Some(false) {
            return;
        }
        let snapshot = Resource::Snapshot(self.selection.scope);
        let checked_at = state.memory.peek(&snapshot).map_or(now, |slot| slot.checked_at);
        state.keep(name, Slot::new(entry.clone(), None, now).checked(checked_at));
        let epochs = state.epochs();
        let fresh = entry.freshness(now, epochs.as_ref(), &cache.policy) == Freshness::Fresh;
        let wanted = match tier {
            Tier::Memory | Tier::Upstash => true,
            // A Redis that is silent or failing has no use for it.
            Tier::Kv => self.trace.has_missed(Tier::Upstash),
            Tier::Origin => false,
        };
        if fresh && wanted {
            self.follow_ups.push(FollowUp::Publish(Publication::of(name, &entry)));
        }
    }
}

fn remaining_secs(ttl: Duration, age: Duration) -> i64 {
    let secs = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    secs(ttl).saturating_sub(secs(age))
}
