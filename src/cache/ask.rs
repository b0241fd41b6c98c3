//! The part of a walk that asks Upstash and KV for one thing, and judges what they have.

use std::{rc::Rc, time::Duration};

use futures_util::{
    FutureExt,
    future::{Either, select},
};

use super::{
    answer::{Answer, Served},
    entry::Freshness,
    follow_up::FollowUp,
    lease::Work,
    lookup::Walk,
    publish::Publication,
    tiers::Found,
};
use crate::{
    catalog::Resource,
    ports::{Tier, TierError},
};

/// How often a request looks at memory for what another one is reading.
const POLL: Duration = Duration::from_millis(5);

impl Walk {
    /// Upstash and KV, asked by one request of the isolate for all that want the same. The others look at memory for
    /// what it found, with timers of their own; if it found nothing, they need not ask.
    pub(super) async fn tiers(&mut self, resource: Resource) -> Option<Answer> {
        let cache = Rc::clone(&self.cache);
        let work = Work::Read(resource);
        let length = cache.policy.upstash_timeout.saturating_add(cache.policy.kv_timeout);
        let hold = cache.state.borrow_mut().leases.acquire(work, cache.ports.clock.now(), length);
        if let Some(hold) = hold {
            let answer = self.ask_tiers(resource).await;
            let mut state = cache.state.borrow_mut();
            state.leases.release(work, hold);
            state.note_read(resource, answer.is_some(), cache.ports.clock.now());
            return answer;
        }
        while cache.state.borrow().leases.is_held(work, cache.now()) {
            cache.ports.clock.sleep(POLL).await;
        }
        if let Some(answer) = self.memory() {
            return Some(answer);
        }
        if cache.state.borrow().has_missed(&resource, self.begun) {
            self.trace.collapsed();
            return None;
        }
        // The reader died, or memory is too small for what it found: nothing is gained by waiting again.
        self.ask_tiers(resource).await
    }

    /// Upstash, and KV when Upstash has nothing, fails, or is silent for too long. The first good answer wins; the
    /// loser goes on behind the response, so that its outcome still reaches its breaker.
    async fn ask_tiers(&mut self, resource: Resource) -> Option<Answer> {
        let cache = Rc::clone(&self.cache);
        let mut silent = None;
        if !self.failed.contains(&Tier::Upstash) {
            let silence = Rc::clone(&cache).silence().boxed_local();
            match select(cache.read_upstash(resource), silence).await {
                Either::Left((found, _)) => {
                    if let Some(answer) = self.heard(Tier::Upstash, resource, found) {
                        return Some(answer);
                    }
                }
                Either::Right(((), read)) => silent = Some(read),
            }
        }
        if self.failed.contains(&Tier::Kv) {
            let found = silent?.await;
            return self.heard(Tier::Upstash, resource, found);
        }
        let kv = cache.read_kv(resource);
        let Some(upstash) = silent else {
            let found = kv.await;
            return self.heard(Tier::Kv, resource, found);
        };
        let (first, found, second, later) = match select(upstash, kv).await {
            Either::Left((found, kv)) => (Tier::Upstash, found, Tier::Kv, kv),
            Either::Right((found, upstash)) => (Tier::Kv, found, Tier::Upstash, upstash),
        };
        if let Some(answer) = self.heard(first, resource, found) {
            if second == Tier::Upstash {
                self.trace.forward(Tier::Upstash, "miss", Some("silent"));
            }
            self.follow_ups.push(FollowUp::Finish(later.map(drop).boxed_local()));
            return Some(answer);
        }
        let found = later.await;
        self.heard(second, resource, found)
    }

    /// Judges what a tier had: an answer, something for bad days, or nothing.
    fn heard(&mut self, tier: Tier, resource: Resource, found: Found) -> Option<Answer> {
        let entry = match found {
            Found::Entry(entry) => entry,
            Found::Nothing => {
                self.trace.forward(tier, "miss", None);
                return None;
            }
            Found::Corrupt => {
                self.trace.forward(tier, "miss", Some("corrupt"));
                return None;
            }
            Found::Failed(error) => {
                let reason = if error == TierError::Open { "bypass" } else { "miss" };
                self.trace.forward(tier, reason, Some(error.as_str()));
                self.failed.push(tier);
                return None;
            }
        };
        let now = self.cache.now();
        let epochs = self.cache.state.borrow().epochs();
        let freshness = entry.freshness(now, epochs.as_ref(), &self.cache.policy);
        match freshness {
            Freshness::Fresh => {
                let answer = self.serve(tier, resource, &entry, Served::Hit);
                // A Redis that is silent or failing has no use for what KV had.
                if tier == Tier::Kv && self.trace.has_missed(Tier::Upstash) {
                    let publication = Publication::of(resource, &entry);
                    self.follow_ups.push(FollowUp::Publish(publication));
                }
                Some(answer)
            }
            Freshness::Revalidate => {
                self.follow_ups.push(FollowUp::Refresh(resource));
                Some(self.serve(tier, resource, &entry, Served::Stale))
            }
            Freshness::IfError | Freshness::Invalidated => {
                self.trace.forward(tier, "stale", None);
                self.remember(tier, resource, entry, freshness);
                None
            }
            Freshness::Gone => {
                self.trace.forward(tier, "miss", None);
                None
            }
        }
    }
}
