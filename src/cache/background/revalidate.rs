//! Memory's revalidation without a download: one pipeline asks for the epoch and for the remaining lifetime of every
//! resident key. What agrees lives on; what does not is fetched anew or marked for a refresh.

use std::{rc::Rc, time::Duration};

use super::refresh::refresh;
use crate::{
    cache::{
        entry::{Entry, Epochs, Freshness},
        isolate::{Isolate, poll},
        rebuild::{Publication, fits_redis, publish},
        redis::{self, KeyTtl},
        state::{Resident, Work},
        tiers,
    },
    catalog::{Resource, View},
    ports::Timestamp,
};

/// A key whose lifetime differs by more than this from what was expected was written by somebody else meanwhile.
const TOLERANCE: Duration = Duration::from_secs(2);
/// How often a request looks whether another one's check has ended.
const PAUSE: Duration = Duration::from_millis(5);
/// A check that died gives way to another after this.
const HELD: Duration = Duration::from_secs(10);
/// A busy isolate's next request comes within this.
const IDLE: Duration = Duration::from_secs(5);

/// Whether memory holds something for a view that nobody checked for so long that the isolate must have idled.
pub(in crate::cache) fn has_idled(isolate: &Isolate, view: &View) -> bool {
    let now = isolate.now();
    let mut state = isolate.state.borrow_mut();
    let known_at = state.check_ended_at;
    let names = [Resource::Listing(*view), Resource::Snapshot(view.source())];
    names.iter().any(|name| {
        let resident = state.resident(name, now, &isolate.policy);
        resident.is_some_and(|(resident, freshness)| {
            let idle = now.since(resident.checked_at.max(known_at));
            // What is served only when nothing better can be had is asked for everywhere else first anyway.
            freshness <= Freshness::Revalidate
                && idle >= isolate.policy.memory_ttl.saturating_add(IDLE)
        })
    })
}

/// Checks memory, or waits for the check that another request has begun.
pub(in crate::cache) async fn revalidate_or_wait(isolate: Rc<Isolate>) {
    revalidate(Rc::clone(&isolate), None).await;
    poll(&*isolate.ports.clock, PAUSE, || {
        let held = isolate.state.borrow().leases.is_held(Work::Check, isolate.now());
        (!held).then_some(())
    })
    .await;
}

/// Checks everything resident, unless a check is under way, and fetches `asked` anew if it differs.
pub(super) async fn revalidate(isolate: Rc<Isolate>, asked: Option<Resource>) {
    let begun = isolate.now();
    let hold = isolate.state.borrow_mut().leases.acquire(Work::Check, begun, HELD);
    let Some(hold) = hold else { return };
    let resident: Vec<Resource> =
        isolate.state.borrow().memory.iter().map(|(resource, _)| *resource).collect();
    let names: Vec<String> =
        resident.iter().map(|resource| isolate.keys.resource(resource)).collect();
    let result = tiers::redis(&isolate, async |session| redis::check(session, &names).await).await;
    let now = isolate.now();
    let compared = {
        let mut state = isolate.state.borrow_mut();
        state.leases.release(Work::Check, hold);
        state.check_ended_at = now;
        // Without an answer memory goes on: its TTL bounds it, and the breaker how often this is tried.
        let Ok((epochs, ttls)) = result else { return };
        state.observed.learn(epochs, begun, now);
        let mut compared = Compared::default();
        for (resource, ttl) in resident.into_iter().zip(ttls) {
            let Some(found) = state.memory.peek_mut(&resource) else { continue };
            compared.take(
                resource,
                found,
                RedisCopy { epochs, ttl, asked },
                now,
                isolate.policy.ttl,
            );
        }
        compared
    };
    // What could not be published when it was made is tried again.
    for (resource, entry) in compared.unpublished {
        publish(&isolate, Publication::again(resource, &entry)).await;
    }
    if let Some(resource) = compared.differs {
        refresh(&isolate, resource).await;
    }
}

/// What Redis has of a resident key, and what the request behind this check asked for.
#[derive(Clone, Copy)]
struct RedisCopy {
    epochs: Epochs,
    ttl: KeyTtl,
    asked: Option<Resource>,
}

/// What a check found to be done.
#[derive(Default)]
struct Compared {
    unpublished: Vec<(Resource, Entry)>,
    differs: Option<Resource>,
}

impl Compared {
    /// Compares one resident entry with its copy.
    fn take(
        &mut self,
        resource: Resource,
        held: &mut Resident,
        copy: RedisCopy,
        now: Timestamp,
        ttl: Duration,
    ) {
        let agrees = copy.epochs.current == held.entry.epoch && agrees(held, copy.ttl, now, ttl);
        if agrees && fits_redis(&held.entry.content) && copy.ttl == KeyTtl::Missing {
            self.unpublished.push((resource, held.entry.clone()));
        }
        held.checked_at = now;
        held.differs_from_redis = held.differs_from_redis || !agrees;
        if held.differs_from_redis && matches!(copy.ttl, KeyTtl::Expires(_)) {
            self.differs = self.differs.or(copy.asked.filter(|asked| *asked == resource));
        }
    }
}

/// Whether Redis still holds what memory does. What never was in Redis is not missed there.
fn agrees(held: &Resident, found: KeyTtl, now: Timestamp, ttl: Duration) -> bool {
    match found {
        KeyTtl::Expires(left) => {
            let expected = held.redis_expiry.unwrap_or(held.entry.at + ttl);
            let found = now + left;
            found.since(expected) <= TOLERANCE && expected.since(found) <= TOLERANCE
        }
        KeyTtl::Missing => held.redis_expiry.is_none(),
        KeyTtl::Forever => false,
    }
}
