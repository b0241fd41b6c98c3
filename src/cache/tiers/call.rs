//! A bounded call under its tier's breaker.

use std::{cell::Cell, future::Future, mem::discriminant, time::Duration};

use futures_util::future::LocalBoxFuture;

use crate::{
    cache::{
        isolate::{Isolate, within},
        redis::{Session, Traffic},
        state::{CacheTier, Permit},
        telemetry::{CallOutcome, Counter, Event, KvOperation},
    },
    ports::{Tier, TierError, Timestamp},
};

/// A write may take so many times as long as a read.
const WRITE_FACTOR: u32 = 5;

/// How long a call of Redis may take: each of its requests, and all of them together.
#[derive(Clone, Copy, Debug)]
pub(in crate::cache) struct Deadline {
    pub(in crate::cache) request: Duration,
    pub(in crate::cache) whole: Duration,
}

/// A call of Redis that somebody may be waiting for.
pub(in crate::cache) async fn redis<T>(
    isolate: &Isolate,
    call: impl AsyncFnOnce(Session<'_>) -> Result<T, TierError>,
) -> Result<T, TierError> {
    let timeout = isolate.policy.upstash_timeout;
    redis_within(isolate, Deadline { request: timeout, whole: timeout }, call).await
}

/// A call of Redis with a deadline of its own, for what nobody waits for.
pub(in crate::cache) async fn redis_within<T>(
    isolate: &Isolate,
    deadline: Deadline,
    call: impl AsyncFnOnce(Session<'_>) -> Result<T, TierError>,
) -> Result<T, TierError> {
    let known = isolate.state.borrow().knowledge.control();
    let traffic = Cell::default();
    let (port, keys) = (&*isolate.ports.redis, &isolate.keys);
    let session = Session::new(port, keys, known, deadline.request, &traffic);
    let call = Box::pin(call(session));
    let result = bounded(isolate, CacheTier::Upstash, deadline.whole, call).await;
    count_traffic(isolate, traffic.get());
    result
}

fn count_traffic(isolate: &Isolate, traffic: Traffic) {
    let counters = &mut isolate.state.borrow_mut().counters;
    for (counter, by) in [
        (Counter::RedisCommands, traffic.commands),
        (Counter::RedisSentBytes, traffic.sent_bytes),
        (Counter::RedisReceivedBytes, traffic.received_bytes),
    ] {
        counters.add(counter, u64::try_from(by).unwrap_or(u64::MAX));
    }
}

/// A call of KV that only reads.
pub(in crate::cache) async fn kv<T>(
    isolate: &Isolate,
    operation: KvOperation,
    call: impl Future<Output = Result<T, TierError>>,
) -> Result<T, TierError> {
    let result = bounded(isolate, CacheTier::Kv, isolate.policy.kv_timeout, Box::pin(call)).await;
    // What the breaker forbade was no operation.
    if !matches!(result, Err(TierError::Open)) {
        count_kv(isolate, operation, result.is_ok());
    }
    result
}

fn count_kv(isolate: &Isolate, operation: KvOperation, is_ok: bool) {
    let outcome = if is_ok { CallOutcome::Ok } else { CallOutcome::Error };
    isolate.count(Counter::KvOperations(operation, outcome));
}

/// A write to KV: it has a deadline of its own, since nobody waits for it, and what becomes of it says nothing of reads, so
/// the breaker does not hear of it.
pub(in crate::cache) async fn kv_write(
    isolate: &Isolate,
    call: impl Future<Output = Result<(), TierError>>,
) -> Result<(), TierError> {
    let limit = isolate.policy.kv_timeout.saturating_mul(WRITE_FACTOR);
    let result =
        within(&*isolate.ports.clock, limit, call).await.unwrap_or(Err(TierError::Timeout));
    count_kv(isolate, KvOperation::Write, result.is_ok());
    if let Err(error) = &result {
        note_error(isolate, CacheTier::Kv, error);
    }
    result
}

/// The call is boxed, so that this is compiled once a result type and not once a call.
async fn bounded<T>(
    isolate: &Isolate,
    tier: CacheTier,
    limit: Duration,
    call: LocalBoxFuture<'_, Result<T, TierError>>,
) -> Result<T, TierError> {
    let now = isolate.now();
    let permit = isolate.state.borrow_mut().breaker(tier).permit(now);
    let Some(permit) = permit else { return Err(TierError::Open) };
    let result =
        within(&*isolate.ports.clock, limit, call).await.unwrap_or(Err(TierError::Timeout));
    record(isolate, tier, (permit, now), result.as_ref().err());
    result
}

fn record(
    isolate: &Isolate,
    tier: CacheTier,
    (permit, begun): (Permit, Timestamp),
    error: Option<&TierError>,
) {
    let (now, random) = (isolate.now(), isolate.ports.clock.random());
    let called = error.map_or(Ok(()), Err);
    isolate.state.borrow_mut().contacts.note(tier.into(), (begun, now), called);
    if let Some(error) = error {
        note_error(isolate, tier, error);
    }
    let changed = {
        let mut state = isolate.state.borrow_mut();
        let breaker = state.breaker(tier);
        let before = discriminant(&breaker.state());
        let outcome = error.filter(|error| error.is_outage()).map_or(Ok(()), Err);
        breaker.record(permit, outcome, now, random);
        let after = breaker.state();
        (before != discriminant(&after)).then_some(after)
    };
    if let Some(state) = changed {
        isolate.log(&Event::Breaker { tier: Tier::from(tier).as_str(), state: state.as_str() });
    }
}

/// Counts a failed call, and logs it unless the same was logged a moment ago: an outage must not cost a line a request. That
/// writes are refused is logged where publishing is paused for it.
fn note_error(isolate: &Isolate, tier: CacheTier, error: &TierError) {
    let now = isolate.now();
    let is_news = {
        let mut state = isolate.state.borrow_mut();
        state.counters.count(Counter::Errors);
        state.counters.count(match tier {
            CacheTier::Upstash => Counter::UpstashErrors,
            CacheTier::Kv => Counter::KvErrors,
        });
        if tier == CacheTier::Upstash
            && matches!(error, TierError::Timeout | TierError::Unreachable | TierError::Status(_))
        {
            state.counters.count(Counter::RedisConnectionErrors);
        }
        !error.is_write_refusal() && state.contacts.is_news(tier.into(), error, now)
    };
    if is_news {
        let tier = Tier::from(tier).as_str();
        isolate.log(&Event::TierError { tier, error: error.to_string() });
    }
}
