//! Memory's revalidation without a download: one pipeline asks for the epoch and for the remaining life of every
//! resident key. What agrees lives on; what does not is fetched anew or marked for a refresh.

use std::{rc::Rc, time::Duration};

use super::{
    Cache,
    entry::Freshness,
    lease::Work,
    memory::Slot,
    publish::{Publication, fits_redis},
    redis,
    replies::Life,
};
use crate::{
    catalog::{Resource, Selection},
    ports::Timestamp,
};

/// A key whose life differs by more than this from what was expected was written by somebody else meanwhile.
const TOLERANCE: Duration = Duration::from_secs(2);

/// How often a request looks whether another one's check has ended.
const POLL: Duration = Duration::from_millis(5);

/// A check that died gives way to another after this.
const HELD: Duration = Duration::from_secs(10);

/// A busy isolate's next request comes within this.
const IDLE: Duration = Duration::from_secs(5);

impl Cache {
    /// Whether memory holds something for a selection that nobody checked for so long that the isolate must have idled.
    pub(super) fn has_idled(&self, selection: &Selection) -> bool {
        let now = self.now();
        let mut state = self.state.borrow_mut();
        let known_at = state.check_ended_at;
        let names = [Resource::Listing(*selection), Resource::Snapshot(selection.scope)];
        names.iter().any(|name| {
            let resident = state.resident(name, now, &self.policy);
            resident.is_some_and(|(slot, freshness)| {
                let idle = now.since(slot.checked_at.max(known_at));
                // What is served only for want of anything better is asked for everywhere else first anyway.
                freshness <= Freshness::Revalidate
                    && idle >= self.policy.memory_ttl.saturating_add(IDLE)
            })
        })
    }

    /// Checks memory, or waits for the check that another request has begun.
    pub(super) async fn check_or_wait(self: Rc<Self>) {
        Rc::clone(&self).check(None).await;
        while self.state.borrow().leases.is_held(Work::Check, self.now()) {
            self.ports.clock.sleep(POLL).await;
        }
    }

    /// Checks everything resident, unless a check is under way, and fetches `reload` anew if it differs.
    pub(super) async fn check(self: Rc<Self>, reload: Option<Resource>) {
        let begun = self.now();
        let hold = self.state.borrow_mut().leases.acquire(Work::Check, begun, HELD);
        let Some(hold) = hold else { return };
        let resident: Vec<Resource> =
            self.state.borrow().memory.iter().map(|(resource, _)| *resource).collect();
        let names: Vec<String> =
            resident.iter().map(|resource| self.keys.resource(resource)).collect();
        let timeout = self.policy.upstash_timeout;
        let check = redis::check(&*self.ports.redis, &self.keys, &names, timeout);
        let result = self.redis(check).await;
        let now = self.now();
        let mut differs = None;
        let mut unpublished = Vec::new();
        {
            let mut state = self.state.borrow_mut();
            state.leases.release(Work::Check, hold);
            state.check_ended_at = now;
            // Without an answer memory goes on: its TTL bounds it, and the breaker how often this is tried.
            let Ok((epochs, lives)) = result else { return };
            state.observe(epochs, begun, now);
            for (resource, life) in resident.iter().zip(lives) {
                let Some(slot) = state.memory.peek_mut(resource) else { continue };
                let agrees =
                    epochs.current == slot.entry.epoch && agrees(slot, life, now, self.policy.ttl);
                if agrees && fits_redis(&slot.entry.content) && life == Life::Missing {
                    unpublished.push((*resource, slot.entry.clone()));
                }
                slot.checked_at = now;
                slot.changed = slot.changed || !agrees;
                if slot.changed && matches!(life, Life::Expires(_)) {
                    differs = differs.or(reload.filter(|reload| reload == resource));
                }
            }
        }
        // What could not be published when it was made is tried again.
        for (resource, entry) in unpublished {
            self.publish(Publication::again(resource, &entry)).await;
        }
        if let Some(resource) = differs {
            self.refresh(resource).await;
        }
    }
}

/// Whether Redis still holds what memory does. What never was in Redis is not missed there.
fn agrees(slot: &Slot, life: Life, now: Timestamp, ttl: Duration) -> bool {
    match life {
        Life::Expires(left) => {
            let expected = slot.redis_expiry.unwrap_or(slot.entry.at + ttl);
            let found = now + left;
            found.since(expected) <= TOLERANCE && expected.since(found) <= TOLERANCE
        }
        Life::Missing => slot.redis_expiry.is_none(),
        Life::Forever => false,
    }
}
