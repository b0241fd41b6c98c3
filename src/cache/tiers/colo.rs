//! The data center's cache: one bounded call, and whether there is any such cache.

use std::{future::Future, time::Duration};

use crate::{
    cache::{
        isolate::{Isolate, within},
        telemetry::{Counter, Event},
    },
    ports::{Tier, TierError, Timestamp},
};

/// A data center is near: who waits for it longer than this gains nothing.
pub(in crate::cache) const NEAR: Duration = Duration::from_millis(50);
/// A snapshot takes its time, behind a response or beside what Redis is asked meanwhile.
pub(in crate::cache) const READ: Duration = Duration::from_millis(250);
pub(in crate::cache) const WRITE: Duration = Duration::from_secs(1);
/// A check that is told by another one ends so much sooner, and with its own interval is back at `MEMORY_TTL_SECONDS`.
const SOONER: Duration = Duration::from_secs(5);

/// How long what was told counts as an answer; none where there is no data center to tell.
pub(in crate::cache) fn life(isolate: &Isolate) -> Option<Duration> {
    isolate.policy.colo?;
    let life = isolate.policy.memory_ttl.saturating_sub(SOONER);
    let is_usable = isolate.state.borrow().colo.is_usable(isolate.now());
    (is_usable && !life.is_zero()).then_some(life)
}

/// Whether there is a data center's cache for certain.
pub(in crate::cache) fn is_near(isolate: &Isolate) -> bool {
    life(isolate).is_some() && isolate.state.borrow().colo.is_present()
}

/// Reads what was left under a name of this deployment's; none when there is nothing, or no longer.
pub(in crate::cache) async fn get_near(
    isolate: &Isolate,
    name: &str,
    limit: Duration,
) -> Result<Option<String>, TierError> {
    let name = full(isolate, name);
    call(isolate, limit, isolate.ports.colo.get(&name)).await
}

/// Leaves a value under a name of this deployment's.
pub(in crate::cache) async fn put_near(
    isolate: &Isolate,
    name: &str,
    value: &str,
    ttl: Duration,
    limit: Duration,
) -> Result<(), TierError> {
    let name = full(isolate, name);
    call(isolate, limit, isolate.ports.colo.put(&name, value, ttl)).await
}

/// The name in a cache that a zone's other Workers share.
fn full(isolate: &Isolate, name: &str) -> String {
    format!("{:016x}/{name}", isolate.policy.colo.unwrap_or_default())
}

/// A bounded call. A data center that fails is not asked again for long, since all that it does is save.
async fn call<T>(
    isolate: &Isolate,
    limit: Duration,
    call: impl Future<Output = Result<T, TierError>>,
) -> Result<T, TierError> {
    let begun = isolate.now();
    if !isolate.state.borrow().colo.is_usable(begun) {
        return Err(TierError::Open);
    }
    let result =
        within(&*isolate.ports.clock, limit, call).await.unwrap_or(Err(TierError::Timeout));
    let now = isolate.now();
    let called = result.as_ref().map(drop);
    isolate.state.borrow_mut().contacts.note(Tier::Colo, (begun, now), called);
    match &result {
        Ok(_) => isolate.state.borrow_mut().colo.note_answer(None, now),
        Err(error) => note_failure(isolate, error, now),
    }
    result
}

/// Notes that it has been silent for as long as a request waits for it.
pub(in crate::cache) fn note_silence(isolate: &Isolate) {
    note_failure(isolate, &TierError::Timeout, isolate.now());
}

fn note_failure(isolate: &Isolate, error: &TierError, now: Timestamp) {
    isolate.count(Counter::ColoErrors);
    let is_news = isolate.state.borrow_mut().colo.note_failure(now);
    if is_news {
        isolate.log(&Event::TierError { tier: Tier::Colo.as_str(), error: error.to_string() });
    }
}
