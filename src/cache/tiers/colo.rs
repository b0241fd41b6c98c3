//! The data center's cache: what one of its isolates learned from Redis, for the others. A copy of Redis that lags, and may be
//! none at all; what it says is learned as from any other copy.

use std::{future::Future, rc::Rc, time::Duration};

use futures_util::{FutureExt, future::LocalBoxFuture};

use super::{
    found::{Found, corrupt, keep_snapshot},
    observe::{is_ours, learn},
};
use crate::{
    cache::{
        entry::Entry,
        isolate::{Isolate, within},
        protocol::{Control, Freshness, Told, Version},
        state::Unleft,
        telemetry::{Counter, Event},
    },
    catalog::{Resource, Source},
    config::Mode,
    ports::{Tier, TierError, Timestamp},
};

/// A data center is near: who waits for it longer than this gains nothing.
pub(in crate::cache) const NEAR: Duration = Duration::from_millis(50);
/// A snapshot takes its time, behind a response or beside what Redis is asked meanwhile.
const READ: Duration = Duration::from_millis(250);
const WRITE: Duration = Duration::from_secs(1);
/// Who set out to ask Redis has an answer by then, or will have none.
const ASKING: Duration = Duration::from_secs(5);
/// A check that is told by another one ends so much sooner, and with its own interval is back at `MEMORY_TTL_SECONDS`.
const SOONER: Duration = Duration::from_secs(5);

/// What the data center says to a check.
#[derive(Debug)]
pub(in crate::cache) enum Heard {
    /// What Redis told another isolate a moment ago.
    Answer(Told),
    /// Another isolate is asking Redis just now.
    Asked,
    /// Redis is to be asked, by this isolate: for these sources.
    Nothing(Vec<Source>),
}

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

/// Asks the data center what a check would ask Redis. `is_current` is whether memory was compared lately, so that it may wait for
/// what another isolate hears. Who is told nothing has said so there, and is to ask Redis.
pub(in crate::cache) async fn hear(
    isolate: &Isolate,
    sources: &[Source],
    is_current: bool,
) -> Heard {
    let Some(life) = life(isolate) else { return Heard::Nothing(sources.to_vec()) };
    let there = read_told(isolate).await;
    let now = isolate.now();
    let told = isolate.state.borrow().colo.told().clone();
    if told.answers(sources, now, life) {
        return Heard::Answer(told);
    }
    let is_asked = |there: &Told| now.since(there.asked_at) < ASKING;
    if is_current && there.iter().flatten().any(is_asked) {
        return Heard::Asked;
    }
    let mut wanted = sources.to_vec();
    wanted.extend(told.observed.sources().filter(|source| !sources.contains(source)));
    if let Ok(there) = there {
        let asked = Told { asked_at: now, ..there.unwrap_or_default() };
        write_told(isolate, &asked, NEAR).await;
    }
    Heard::Nothing(wanted)
}

/// Reads a source's snapshot from the data center, if what was told there is recent and tells of one that is of use.
pub(in crate::cache) fn read_colo(
    isolate: &Rc<Isolate>,
    source: Source,
) -> LocalBoxFuture<'static, Found> {
    let isolate = Rc::clone(isolate);
    async move {
        let Some(life) = life(&isolate) else { return Found::Failed(TierError::Open) };
        if let Err(error) = read_told(&isolate).await {
            return Found::Failed(error);
        }
        let now = isolate.now();
        let version = {
            let state = isolate.state.borrow();
            let told = state.colo.told();
            let version =
                told.observed.version(source).filter(|version| is_ours(&isolate, version));
            version.filter(|_| told.answers(&[source], now, life))
        };
        match version {
            Some(version) => read_version(&isolate, source, &version).await,
            None => Found::Nothing,
        }
    }
    .boxed_local()
}

/// Reads the snapshot of a version, if it is of use. What memory holds already is not read again.
pub(super) async fn read_version(isolate: &Isolate, source: Source, version: &Version) -> Found {
    if life(isolate).is_none() {
        return Found::Nothing;
    }
    let (held, freshness) = {
        let (state, now) = (isolate.state.borrow(), isolate.now());
        let known = state.knowledge.known(source);
        let dated = version.dated();
        let held = state.memory.snapshot(source).cloned();
        let is_same = |entry: &Entry| entry.content.hash() == Some(version.hash);
        let freshness = dated.freshness(Some(version.hash), &known, now, &isolate.policy);
        (held.filter(is_same), freshness)
    };
    if !matches!(freshness, Freshness::Fresh | Freshness::Revalidate) {
        return Found::Nothing;
    }
    if let Some(entry) = held {
        return Found::Entry(entry);
    }
    let name = snapshot_name(isolate, source, version.hash);
    let value = match call(isolate, READ, isolate.ports.colo.get(&name)).await {
        Err(error) => return Found::Failed(error),
        Ok(value) => value,
    };
    let found = match value {
        None => Found::Nothing,
        Some(value) => match keep_snapshot(isolate, Tier::Colo, source, &value) {
            Found::Entry(entry) if entry.content.hash() != Some(version.hash) => {
                corrupt(isolate, Tier::Colo, &Resource::Snapshot(source))
            }
            found => found,
        },
    };
    let has = matches!(found, Found::Entry(_));
    isolate.state.borrow_mut().colo.note_snapshot(version.hash, has);
    found
}

/// Notes what Redis or KV gave, to be left behind the response.
pub(super) fn note_found(isolate: &Isolate, source: Source, found: &Found, value: String) {
    if let Found::Entry(entry) = found
        && let Some(hash) = entry.content.hash()
    {
        note_unleft(isolate, source, hash, value);
    }
}

/// Notes a snapshot as Redis and KV hold it, to be left behind the response.
pub(in crate::cache) fn note_unleft(isolate: &Isolate, source: Source, hash: u64, value: String) {
    if life(isolate).is_some() && isolate.policy.mode == Mode::Active {
        isolate.state.borrow_mut().colo.note_unleft(Unleft { source, hash, value });
    }
}

/// Notes what this isolate published.
pub(in crate::cache) fn note_published(isolate: &Isolate, source: Source, version: Version) {
    isolate.state.borrow_mut().colo.told_mut(true).note_published(source, version);
}

/// Notes what this isolate raised control to.
pub(in crate::cache) fn note_raised(isolate: &Isolate, control: Control) {
    isolate.state.borrow_mut().colo.told_mut(true).note_raised(control);
}

/// Whether something is to be left.
pub(in crate::cache) fn has_unleft(isolate: &Isolate) -> bool {
    isolate.policy.mode == Mode::Active
        && life(isolate).is_some()
        && isolate.state.borrow().colo.has_unleft()
}

/// Leaves what this isolate has learned to the others: snapshots first, so that who is told of one finds it.
pub(in crate::cache) async fn leave(isolate: &Isolate) {
    if !has_unleft(isolate) {
        return;
    }
    let (snapshots, is_news) = isolate.state.borrow_mut().colo.take_unleft();
    let lasting = isolate.policy.ttl.saturating_add(isolate.policy.stale);
    for Unleft { source, hash, value } in snapshots {
        let name = snapshot_name(isolate, source, hash);
        let put = call(isolate, WRITE, isolate.ports.colo.put(&name, &value, lasting)).await;
        isolate.state.borrow_mut().colo.note_snapshot(hash, put.is_ok());
    }
    if is_news {
        // Another isolate may know better meanwhile.
        let _ = read_told(isolate).await;
        let told = isolate.state.borrow().colo.told().clone();
        write_told(isolate, &told, WRITE).await;
    }
}

/// Reads what is told, and learns from it.
async fn read_told(isolate: &Isolate) -> Result<Option<Told>, TierError> {
    let name = told_name(isolate);
    let text = call(isolate, NEAR, isolate.ports.colo.get(&name)).await?;
    let now = isolate.now();
    let told = text.as_deref().and_then(|text| Told::read(text, now));
    let is_corrupt = text.is_some() && told.is_none();
    {
        let mut state = isolate.state.borrow_mut();
        if text.is_some() {
            state.colo.note_answer(Some(true), now);
        }
        state.colo.note_offered(told.as_ref());
    }
    if is_corrupt {
        isolate.count(Counter::Corrupt);
        isolate.log(&Event::Corrupt { key: &name, tier: Tier::Colo.as_str() });
    }
    match &told {
        Some(told) if told.is_of_redis() => {
            learn(isolate, &told.observed, told.at.min(now), false);
        }
        Some(told) => {
            // Somebody invalidates whom Redis never told anything, or asks: that nothing else is here tells nothing.
            if let Some(control) = told.observed.control {
                let mut state = isolate.state.borrow_mut();
                state.colo.told_mut(false).note_raised(control);
                state.knowledge.learn_control(Some(control), told.at);
            }
        }
        None => {}
    }
    Ok(told)
}

/// Leaves a record of what was told. The first time it is read again: a cache that is none keeps nothing, and does not say so.
async fn write_told(isolate: &Isolate, told: &Told, limit: Duration) {
    let Some(life) = life(isolate).filter(|_| isolate.policy.mode == Mode::Active) else { return };
    let name = told_name(isolate);
    let text = told.to_text();
    let is_known = isolate.state.borrow().colo.is_present();
    // It tells for longer which snapshot may be found here, though not whether that is the newest.
    let lasting = isolate.policy.ttl.saturating_add(isolate.policy.stale).max(life);
    if call(isolate, limit, isolate.ports.colo.put(&name, &text, lasting)).await.is_err()
        || is_known
    {
        return;
    }
    if let Ok(kept) = call(isolate, NEAR, isolate.ports.colo.get(&name)).await {
        isolate
            .state
            .borrow_mut()
            .colo
            .note_answer(Some(kept.is_some()), isolate.ports.clock.now());
    }
}

/// A bounded call. A data center that fails is not asked again for long, since all that it does is save.
async fn call<T>(
    isolate: &Isolate,
    limit: Duration,
    call: impl Future<Output = Result<T, TierError>>,
) -> Result<T, TierError> {
    if !isolate.state.borrow().colo.is_usable(isolate.now()) {
        return Err(TierError::Open);
    }
    let result =
        within(&*isolate.ports.clock, limit, call).await.unwrap_or(Err(TierError::Timeout));
    let now = isolate.now();
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
    let is_over = isolate.state.borrow_mut().colo.note_failure(error, now);
    if is_over {
        isolate.log(&Event::TierError { tier: Tier::Colo.as_str(), error: error.to_string() });
    }
}

fn told_name(isolate: &Isolate) -> String {
    format!("{:016x}/told", isolate.policy.colo.unwrap_or_default())
}

fn snapshot_name(isolate: &Isolate, source: Source, hash: u64) -> String {
    let deployment = isolate.policy.colo.unwrap_or_default();
    format!("{deployment:016x}/snapshot/{}/{hash:016x}", source.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::protocol::{BackendEpoch, Observed},
        support::isolate::World,
    };

    const SOURCE: Source = Source::WARMED;

    fn two_isolates(world: &mut World) -> [Rc<Isolate>; 2] {
        world.policy.colo = Some(0);
        [Isolate::of(world), Isolate::of(world)]
    }

    fn asks(world: &World, isolate: &Rc<Isolate>) -> Heard {
        let isolate = Rc::clone(isolate);
        world.sim.block_on(async move { hear(&isolate, &[SOURCE], false).await })
    }

    /// The first who asks leaves that it does, and may hear nothing.
    #[test]
    fn who_was_never_told_by_redis_tells_nothing() {
        let mut world = World::new(1);
        let [first, second] = two_isolates(&mut world);
        assert!(matches!(asks(&world, &first), Heard::Nothing(_)));
        assert!(matches!(asks(&world, &second), Heard::Nothing(_)));
        let state = second.state.borrow();
        assert!(state.colo.is_present(), "the record was read");
        assert!(!state.knowledge.is_informed(), "no control is not that there is none");
        assert_eq!(state.knowledge.backend_epoch(), BackendEpoch::Unknown);
    }

    #[test]
    fn who_invalidates_and_was_never_told_by_redis_tells_of_that_alone() {
        let mut world = World::new(1);
        let [first, second] = two_isolates(&mut world);
        let control = Control { epoch: 7, ..Control::default() };
        note_raised(&first, control);
        let leaving = Rc::clone(&first);
        world.sim.block_on(async move { leave(&leaving).await });
        assert!(matches!(asks(&world, &second), Heard::Nothing(_)));
        let state = second.state.borrow();
        assert_eq!(state.knowledge.control(), control);
        assert_eq!(state.knowledge.backend_epoch(), BackendEpoch::Unknown);
        assert_eq!(state.colo.told().observed.control, Some(control), "others hear it from here");
    }

    #[test]
    fn what_redis_told_is_an_answer_and_that_it_had_nothing_too() {
        let mut world = World::new(1);
        let [first, second] = two_isolates(&mut world);
        let observed = Observed { versions: vec![(SOURCE, None)], ..Observed::default() };
        learn(&first, &observed, first.now(), true);
        let leaving = Rc::clone(&first);
        world.sim.block_on(async move { leave(&leaving).await });
        assert!(matches!(asks(&world, &second), Heard::Answer(_)));
        let state = second.state.borrow();
        assert!(state.knowledge.is_informed());
        assert_eq!(state.knowledge.backend_epoch(), BackendEpoch::Told(None));
    }
}
