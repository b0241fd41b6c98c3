//! One call of one tier: permitted by its breaker, bounded by its deadline, its outcome recorded, what it found
//! decoded and kept in memory.

use std::{future::Future, rc::Rc, time::Duration};

use futures_util::{
    FutureExt,
    future::{Either, LocalBoxFuture, select},
};

use super::{
    Cache,
    breaker::Permit,
    counters::Counter,
    entry::{Content, Entry},
    events::{self, Event},
    memory::Slot,
    redis,
    replies::Life,
    state::CacheTier,
};
use crate::{
    catalog::Resource,
    ports::{Clock, KvValue, Tier, TierError, Timestamp},
};

/// The version of what KV holds; any other is a miss.
pub(super) const KV_FORMAT: u32 = 1;

/// What a tier had under a key.
#[derive(Debug)]
pub(super) enum Found {
    /// A whole entry.
    Entry(Entry),
    /// Nothing.
    Nothing,
    /// A value that is none of ours, or a broken one.
    Corrupt,
    /// No answer.
    Failed(TierError),
}

/// Waits for a future, but not for longer than `limit`.
pub(super) async fn within<T>(
    clock: &dyn Clock,
    limit: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    match select(std::pin::pin!(future), clock.sleep(limit)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

impl Cache {
    /// Now, by the cache's clock.
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    pub(super) fn count(&self, counter: Counter) {
        self.state.borrow_mut().counters.count(counter);
    }

    pub(super) fn log(&self, event: &Event<'_>) {
        events::write(&*self.ports.log, event);
    }

    /// A Redis call under its breaker and deadline.
    pub(super) async fn redis<T>(
        &self,
        call: impl Future<Output = Result<T, TierError>>,
    ) -> Result<T, TierError> {
        self.call(CacheTier::Upstash, self.policy.upstash_timeout, call).await
    }

    /// The same with a deadline of its own, for what nobody waits for.
    pub(super) async fn redis_within<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T, TierError>>,
    ) -> Result<T, TierError> {
        self.call(CacheTier::Upstash, limit, call).await
    }

    /// A KV call under its breaker and deadline.
    pub(super) async fn kv<T>(
        &self,
        call: impl Future<Output = Result<T, TierError>>,
    ) -> Result<T, TierError> {
        self.call(CacheTier::Kv, self.policy.kv_timeout, call).await
    }

    async fn call<T>(
        &self,
        tier: CacheTier,
        limit: Duration,
        call: impl Future<Output = Result<T, TierError>>,
    ) -> Result<T, TierError> {
        let now = self.now();
        let permit = self.state.borrow_mut().breaker(tier).permit(now);
        let Some(permit) = permit else { return Err(TierError::Open) };
        let result =
            within(&*self.ports.clock, limit, call).await.unwrap_or(Err(TierError::Timeout));
        self.record(tier, permit, result.as_ref().err());
        result
    }

    fn record(&self, tier: CacheTier, permit: Permit, error: Option<&TierError>) {
        let (now, random) = (self.now(), self.ports.clock.random());
        let changed = {
            let mut state = self.state.borrow_mut();
            if error.is_some() {
                state.counters.count(Counter::Errors);
                state.counters.count(match tier {
                    CacheTier::Upstash => Counter::UpstashErrors,
                    CacheTier::Kv => Counter::KvErrors,
                });
            }
            let breaker = state.breaker(tier);
            let before = breaker.state().as_str();
            let outcome = error.filter(|error| error.is_outage()).map_or(Ok(()), Err);
            breaker.record(permit, outcome, now, random);
            let after = breaker.state().as_str();
            (before != after).then_some(after)
        };
        let tier = Tier::from(tier).as_str();
        if let Some(error) = error {
            self.log(&Event::TierError { tier, error: error.to_string() });
        }
        if let Some(state) = changed {
            self.log(&Event::Breaker { tier, state });
        }
    }

    /// Reads Redis. It owns what it needs, so that it can go on behind a response that did not wait for it.
    pub(super) fn read_upstash(
        self: &Rc<Self>,
        resource: Resource,
    ) -> LocalBoxFuture<'static, Found> {
        let cache = Rc::clone(self);
        async move {
            let begun = cache.now();
            cache.state.borrow_mut().hedge.read(begun);
            let key = cache.keys.resource(&resource);
            let timeout = cache.policy.upstash_timeout;
            let read = redis::read(&*cache.ports.redis, &cache.keys, &key, timeout);
            let read = match cache.redis(read).await {
                Ok(read) => read,
                Err(error) => return Found::Failed(error),
            };
            cache.state.borrow_mut().observe(read.epochs, begun, cache.ports.clock.now());
            let Some((text, life)) = read.value else { return Found::Nothing };
            let now = cache.now();
            let (at, expiry) = cache.born(life, now);
            cache.found(Tier::Upstash, resource, text, at, read.epochs.current, expiry)
        }
        .boxed_local()
    }

    /// When a value in Redis was made, which its remaining life tells (DESIGN.md §4), and when it expires. One that
    /// never expires has an unknown age: it is served while a refresh gives it one.
    pub(super) fn born(&self, life: Life, now: Timestamp) -> (Timestamp, Option<Timestamp>) {
        match life {
            Life::Expires(left) => {
                (now.minus(self.policy.ttl.saturating_sub(left)), Some(now + left))
            }
            Life::Missing | Life::Forever => (now.minus(self.policy.ttl), None),
        }
    }

    /// Reads KV, likewise.
    pub(super) fn read_kv(self: &Rc<Self>, resource: Resource) -> LocalBoxFuture<'static, Found> {
        let cache = Rc::clone(self);
        async move {
            let key = cache.keys.resource(&resource);
            match cache.kv(cache.ports.kv.get(&key)).await {
                Err(error) => Found::Failed(error),
                Ok(None) => Found::Nothing,
                Ok(Some(KvValue { text, metadata })) => {
                    match metadata.filter(|metadata| metadata.v == KV_FORMAT) {
                        Some(metadata) => {
                            let (at, epoch) = (metadata.at, metadata.epoch);
                            cache.found(Tier::Kv, resource, text, at, epoch, None)
                        }
                        None => cache.corrupt(Tier::Kv, &key),
                    }
                }
            }
        }
        .boxed_local()
    }

    fn found(
        &self,
        tier: Tier,
        resource: Resource,
        text: String,
        at: Timestamp,
        epoch: Option<u64>,
        redis_expiry: Option<Timestamp>,
    ) -> Found {
        let Ok(content) = Content::decode(&resource, text) else {
            return self.corrupt(tier, &self.keys.resource(&resource));
        };
        // An empty snapshot is never published, so one that is found is none of ours.
        if matches!(resource, Resource::Snapshot(_)) && content.count() == 0 {
            return self.corrupt(tier, &self.keys.resource(&resource));
        }
        let entry = Entry { content, at, epoch };
        let slot = Slot::new(entry.clone(), redis_expiry, self.now());
        self.state.borrow_mut().keep(resource, slot);
        Found::Entry(entry)
    }

    fn corrupt(&self, tier: Tier, key: &str) -> Found {
        self.count(Counter::Corrupt);
        self.log(&Event::Corrupt { key, tier: tier.as_str() });
        Found::Corrupt
    }

    /// Ends when Upstash was silent for `HEDGE_MS` and KV may be asked as well. It looks again from time to time,
    /// since the cap falls when Upstash turns out to be failing.
    pub(super) async fn silence(self: Rc<Self>) {
        loop {
            self.ports.clock.sleep(self.policy.hedge).await;
            let now = self.now();
            let mut state = self.state.borrow_mut();
            let failing = state.upstash.is_failing();
            if state.hedge.permit(now, failing) {
                state.counters.count(Counter::Hedges);
                return;
            }
        }
    }
}
