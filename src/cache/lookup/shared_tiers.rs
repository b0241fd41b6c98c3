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
    state::ReadEnd,
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
    /// what it found, with timers of their own. If it found nothing, they need not ask; if its tiers failed, the next
    /// one tries, for as long as one read may take.
    pub(super) async fn tiers(&mut self, resource: Resource) -> Option<Answer> {
        let cache = Rc::clone(&self.cache);
        let work = Work::Read(resource);
        let length = cache.policy.upstash_timeout.saturating_add(cache.policy.kv_timeout);
        let until = cache.now() + length;
        loop {
            let now = cache.now();
            let hold = cache.state.borrow_mut().leases.acquire(work, now, length);
            if let Some(hold) = hold {
                let answer = self.ask_tiers(resource).await;
                let end = self.read_end(answer.is_some());
                let mut state = cache.state.borrow_mut();
                state.leases.release(work, hold);
                state.note_read(resource, end, cache.ports.clock.now());
                return answer;
            }
            while cache.state.borrow().leases.is_held(work, cache.now()) && cache.now() < until {
                cache.ports.clock.sleep(POLL).await;
            }
            if let Some(answer) = self.memory() {
                return Some(answer);
            }
            let end = cache.state.borrow().read_end(&resource, self.begun);
            match end {
                // Memory is too small for what is there: nothing is gained by taking turns.
                Some(ReadEnd::Found) => return self.ask_tiers(resource).await,
                Some(ReadEnd::Failed) | None if cache.now() < until => {}
                Some(ReadEnd::Failed | ReadEnd::Missed) | None => {
                    self.trace.collapsed();
                    return None;
                }
            }
        }
    }

    fn read_end(&self, answered: bool) -> ReadEnd {
        match () {
            () if answered || self.stale.is_some() => ReadEnd::Found,
            () if self.failed.is_empty() => ReadEnd::Missed,
            () => ReadEnd::Failed,
        }
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
        if second == Tier::Upstash {
            self.trace.forward(Tier::Upstash, "miss", Some("silent"));
        }
        if let Some(answer) = self.heard(first, resource, found) {
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
