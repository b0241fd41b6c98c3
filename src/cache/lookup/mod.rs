//! The walk (DESIGN.md §5): memory, Upstash, KV, the snapshot by the same route, the origin, and at last what is
//! stale. A tier that failed is not asked again in the same walk.

use std::{cmp::Reverse, rc::Rc, time::Duration};

use futures_util::{
    FutureExt,
    future::{Either, select},
};

use super::{
    Cache,
    answer::{Answer, Outcome, Said, Served, Trace, Unavailable},
    counters::Counter,
    entry::{Entry, Freshness},
    events::Event,
    follow_up::FollowUp,
    load::{LoadEnd, LoadWish},
    memory::Slot,
};
use crate::{
    catalog::{Resource, Selection},
    config::Mode,
    ports::{Tier, Timestamp},
};

/// With something stale at hand, a client does not wait longer than this for the origin; the load goes on behind.
const SOFT_TIMEOUT: Duration = Duration::from_millis(1000);

impl Cache {
    /// Finds the listing of a selection.
    pub async fn lookup(self: Rc<Self>, selection: Selection) -> Outcome {
        let mut walk = Walk::new(Rc::clone(&self), selection);
        let answer = walk.run().await;
        self.conclude(&selection, &answer, &walk.trace);
        let mut follow_ups = walk.follow_ups;
        if self.flush_is_due() {
            follow_ups.push(FollowUp::Flush);
        }
        Outcome { answer, trace: walk.trace, follow_ups }
    }

    fn conclude(&self, selection: &Selection, answer: &Result<Answer, Unavailable>, trace: &Trace) {
        let counter = match answer.as_ref().map(|answer| answer.served) {
            Ok(Served::Hit) => Counter::Hits,
            Ok(Served::Stale) => {
                self.count(Counter::Hits);
                Counter::Stale
            }
            Ok(Served::Miss) => Counter::Misses,
            Err(_) => Counter::Unavailable,
        };
        self.count(counter);
        let key = self.keys.listing(selection);
        let count = answer.as_ref().map_or(0, |answer| answer.listing.len());
        for (tier, said) in trace.iter() {
            match said {
                Said::Hit { ttl_secs, stale, derived, .. } => {
                    match tier {
                        Tier::Memory => self.count(Counter::MemoryHits),
                        Tier::Upstash => self.count(Counter::UpstashHits),
                        _ => self.count(Counter::KvHits),
                    }
                    self.log(&Event::CacheHit {
                        key: &key,
                        tier: tier.as_str(),
                        count,
                        ttl: *ttl_secs,
                        stale: *stale,
                        derived: *derived,
                    });
                }
                Said::Forward { reason, detail, .. } => self.log(&Event::CacheMiss {
                    key: &key,
                    tier: tier.as_str(),
                    reason: detail.unwrap_or(reason),
                }),
            }
        }
        if let Err(unavailable) = answer {
            let retry_after_secs = unavailable.retry_after.as_secs();
            self.log(&Event::Unavailable { key: &key, retry_after_secs });
        }
    }
}

/// Something stale that was found on the way.
pub(super) struct Candidate {
    tier: Tier,
    resource: Resource,
    entry: Entry,
    freshness: Freshness,
}

pub(super) struct Walk {
    pub(super) cache: Rc<Cache>,
    pub(super) selection: Selection,
    pub(super) begun: Timestamp,
    pub(super) trace: Trace,
    pub(super) failed: Vec<Tier>,
    pub(super) stale: Option<Candidate>,
    pub(super) follow_ups: Vec<FollowUp>,
}

impl Walk {
    fn new(cache: Rc<Cache>, selection: Selection) -> Self {
        let begun = cache.now();
        let (trace, failed, follow_ups) = (Trace::default(), Vec::new(), Vec::new());
        Self { cache, selection, begun, trace, failed, stale: None, follow_ups }
    }

    async fn run(&mut self) -> Result<Answer, Unavailable> {
        if self.cache.policy.mode == Mode::Passthrough {
            return self.pass_through().await;
        }
        self.check_after_idling().await;
        if let Some(answer) = self.memory() {
            return Ok(answer);
        }
        let listing = Resource::Listing(self.selection);
        let keyed = self.cache.state.borrow().is_probably_keyed(&self.selection);
        if keyed && let Some(answer) = self.tiers(listing).await {
            return Ok(answer);
        }
        let snapshot = Resource::Snapshot(self.selection.scope);
        if let Some(answer) = self.tiers(snapshot).await {
            return Ok(answer);
        }
        let unavailable = match self.origin().await {
            Ok(answer) => return Ok(answer),
            Err(unavailable) => unavailable,
        };
        // Whether this selection has a key at all was left open until here; the backend may have written it.
        let unknown = self.cache.state.borrow().is_keyed(&self.selection).is_none();
        if !keyed
            && unknown
            && !self.budget_left().is_zero()
            && let Some(answer) = self.tiers(listing).await
        {
            return Ok(answer);
        }
        self.fall_back().ok_or(unavailable)
    }

    /// A busy isolate checks its memory behind responses. One that idled for longer than that may have missed an
    /// invalidation long ago, so its first request asks Redis before it is answered, for as long as Redis may be
    /// silent anyway.
    async fn check_after_idling(&mut self) {
        let cache = Rc::clone(&self.cache);
        if !cache.has_idled(&self.selection) {
            return;
        }
        let check = Rc::clone(&cache).check_or_wait().boxed_local();
        if let Either::Right(((), check)) =
            select(check, cache.ports.clock.sleep(cache.policy.hedge)).await
        {
            self.follow_ups.push(FollowUp::Finish(check));
        }
    }

    /// What memory alone can answer: fresh, or recently expired with a refresh behind it.
    pub(super) fn memory(&mut self) -> Option<Answer> {
        let now = self.cache.now();
        let policy = &self.cache.policy;
        let name = Resource::Listing(self.selection);
        let base = Resource::Snapshot(self.selection.scope);
        let (listing, snapshot, backing_off) = {
            let mut state = self.cache.state.borrow_mut();
            let listing = state.resident(&name, now, policy);
            let snapshot = state.resident(&base, now, policy);
            let backoff = state.backoff.get(&base.scope());
            (listing, snapshot, backoff.is_some_and(|backoff| backoff.remaining(now).is_some()))
        };
        self.trace.forward(Tier::Memory, "miss", None);
        let mut best: Option<(Resource, Slot, Freshness)> = None;
        for (resource, found) in [(name, listing), (base, snapshot)] {
            let Some((slot, freshness)) = found else { continue };
            let better = best.as_ref().is_none_or(|(_, held, held_freshness)| {
                let newer = slot.entry.at > held.entry.at && freshness <= *held_freshness;
                // A listing that differs from Redis waits for its own refresh.
                newer || (freshness < *held_freshness && !held.changed)
            });
            if better {
                best = Some((resource, slot, freshness));
            }
        }
        let (resource, slot, freshness) = best?;
        let is_due = now.since(slot.checked_at) >= policy.memory_ttl;
        let just_fell_back = now.since(slot.fell_back_at) < policy.memory_ttl;
        match freshness {
            Freshness::Fresh => {
                if is_due {
                    self.follow_ups.push(FollowUp::Check(resource));
                }
                Some(self.serve(Tier::Memory, resource, &slot.entry, Served::Hit))
            }
            Freshness::Revalidate => {
                self.follow_ups.push(FollowUp::Refresh(resource));
                Some(self.serve(Tier::Memory, resource, &slot.entry, Served::Stale))
            }
            Freshness::IfError | Freshness::Invalidated => {
                self.trace.forward(Tier::Memory, "stale", None);
                self.remember(Tier::Memory, resource, slot.entry, freshness);
                // All others were asked a moment ago, and the origin must not be asked yet.
                if backing_off && just_fell_back { self.serve_stale() } else { None }
            }
            Freshness::Gone => None,
        }
    }

    /// What is not known to be wrong, and then what is newest, is the one to fall back on.
    pub(super) fn remember(
        &mut self,
        tier: Tier,
        resource: Resource,
        entry: Entry,
        freshness: Freshness,
    ) {
        let rank = |freshness: Freshness, entry: &Entry| (Reverse(freshness), entry.at);
        let better = self
            .stale
            .as_ref()
            .is_none_or(|held| rank(held.freshness, &held.entry) < rank(freshness, &entry));
        if better {
            self.stale = Some(Candidate { tier, resource, entry, freshness });
        }
    }

    fn serve_stale(&mut self) -> Option<Answer> {
        let Candidate { tier, resource, entry, .. } = self.stale.take()?;
        Some(self.serve(tier, resource, &entry, Served::Stale))
    }

    /// Serves what is stale after everything else was asked in vain, and notes when that was.
    fn fall_back(&mut self) -> Option<Answer> {
        let resource = self.stale.as_ref()?.resource;
        let now = self.cache.now();
        if let Some(slot) = self.cache.state.borrow_mut().memory.get(&resource) {
            slot.fell_back_at = now;
        }
        self.serve_stale()
    }

    /// What is left of the time a request may take: each tier's deadline, once.
    fn budget_left(&self) -> Duration {
        let policy = &self.cache.policy;
        [policy.upstash_timeout, policy.kv_timeout, policy.origin_timeout]
            .into_iter()
            .fold(Duration::ZERO, Duration::saturating_add)
            .saturating_sub(self.cache.now().since(self.begun))
    }

    /// One snapshot load, ours or another's. With something stale at hand it is not waited for longer than a moment.
    async fn origin(&mut self) -> Result<Answer, Unavailable> {
        let cache = Rc::clone(&self.cache);
        let scope = self.selection.scope;
        let budget = self.budget_left();
        let servable = self.stale.as_ref().is_some_and(|held| held.freshness == Freshness::IfError);
        let limit = if servable { SOFT_TIMEOUT.min(budget) } else { budget };
        let leased = !self.failed.contains(&Tier::Upstash);
        let load = Rc::clone(&cache).load(scope, LoadWish { leased, ..LoadWish::default() });
        let load = load.boxed_local();
        let end = match select(load, cache.ports.clock.sleep(limit)).await {
            Either::Left((end, _)) => end,
            Either::Right(((), load)) => {
                let cache = Rc::clone(&cache);
                let rest = async move {
                    if let Some(after) = load.await.after {
                        cache.conclude_load(after, None).await;
                    }
                };
                self.follow_ups.push(FollowUp::Finish(rest.boxed_local()));
                return Err(Unavailable { retry_after: Duration::from_secs(1), reason: "slow" });
            }
        };
        let LoadEnd { result, from, after, .. } = end;
        if from == Tier::Memory {
            self.trace.collapsed();
        }
        if let Some(after) = after {
            self.follow_ups.push(FollowUp::Conclude(after, Some(self.selection)));
        }
        let served = if from == Tier::Upstash { Served::Hit } else { Served::Miss };
        result.map(|entry| self.serve(from, Resource::Snapshot(scope), &entry, served))
    }
}
