//! Reading Upstash Redis.

use std::rc::Rc;

use futures_util::{FutureExt, future::LocalBoxFuture};

use super::{
    call::redis,
    found::{Found, RawValue, decode_and_keep},
};
use crate::{
    cache::{
        isolate::Isolate,
        redis::{self, KeyTtl},
        telemetry::Counter,
    },
    catalog::Resource,
    config::Policy,
    ports::{Tier, Timestamp},
};

/// Reads Redis. The future owns what it needs, so that it can go on behind a response that did not wait for it.
pub(in crate::cache) fn read_upstash(
    isolate: &Rc<Isolate>,
    resource: Resource,
) -> LocalBoxFuture<'static, Found> {
    let isolate = Rc::clone(isolate);
    async move {
        let begun = isolate.now();
        isolate.state.borrow_mut().hedge_budget.note_read(begun);
        let key = isolate.keys.resource(&resource);
        let read = redis(&isolate, async |session| redis::read(session, &key).await).await;
        let read = match read {
            Ok(read) => read,
            Err(error) => return Found::Failed(error),
        };
        let now = isolate.now();
        isolate.state.borrow_mut().observed.learn(read.epochs, begun, now);
        let Some((text, ttl)) = read.value else { return Found::Nothing };
        let (at, redis_expiry) = made_at(ttl, now, &isolate.policy);
        let value = RawValue { text, at, epoch: read.epochs.current, redis_expiry };
        decode_and_keep(&isolate, Tier::Upstash, resource, value)
    }
    .boxed_local()
}

/// When a value in Redis was made, which its remaining lifetime tells, and when it expires. One that never expires has an
/// unknown age: it is served while a refresh gives it one.
pub(in crate::cache) fn made_at(
    ttl: KeyTtl,
    now: Timestamp,
    policy: &Policy,
) -> (Timestamp, Option<Timestamp>) {
    match ttl {
        KeyTtl::Expires(left) => (now.minus(policy.ttl.saturating_sub(left)), Some(now + left)),
        KeyTtl::Missing | KeyTtl::Forever => (now.minus(policy.ttl), None),
    }
}

/// Ends when Upstash has not answered for `HEDGE_MS` and KV may be asked as well. It looks again from time to time,
/// since the cap falls when Upstash turns out to be failing.
pub(in crate::cache) async fn hedge_delay(isolate: Rc<Isolate>) {
    loop {
        isolate.ports.clock.sleep(isolate.policy.hedge).await;
        let now = isolate.now();
        let mut state = isolate.state.borrow_mut();
        let failing = state.upstash.is_failing();
        if state.hedge_budget.permit(now, failing) {
            state.counters.count(Counter::Hedges);
            return;
        }
    }
}
