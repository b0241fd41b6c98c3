//! The data center's cache: what one of its isolates learned from Redis, for the others. A copy of Redis that lags, and may be
//! none at all; what it says is learned as from any other copy.

use std::{future::Future, rc::Rc, time::Duration};

use futures_util::{FutureExt, future::LocalBoxFuture};

use super::{
    found::{Found, corrupt, keep_snapshot},
    kv::read_kv,
    upstash::{is_ours, learn, read_upstash},
};
use crate::{
    cache::{
        entry::Entry,
        isolate::{Isolate, within},
        protocol::{Control, Freshness, Place, Told, Version},
        state::{Unleft, Work},
        telemetry::{Counter, Event},
    },
    catalog::{Resource, Source},
    ports::{Tier, TierError, Timestamp},
};

/// A data center is near: what takes longer than this is no gain.
pub(super) const READ: Duration = Duration::from_millis(250);
pub(super) const WRITE: Duration = Duration::from_secs(1);
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

/// Asks the data center what a check would ask Redis. `is_current` is whether memory was compared lately, so that it may wait for
/// what another isolate hears. Who is told nothing has said so there, and is to ask Redis.
pub(in crate::cache) async fn hear(
    isolate: &Isolate,
    sources: &[Source],
    is_current: bool,
) -> Heard {
    let Some(life) = life(isolate) else { return Heard::Nothing(sources.to_vec()) };
    let read = read_told(isolate).await;
    let now = isolate.now();
    let told = isolate.state.borrow().colo.told().clone();
    if told.answers(sources, now, life) {
        return Heard::Answer(told);
    }
    if is_current && is_asked(read.as_ref(), now) {
        return Heard::Asked;
    }
    Heard::Nothing(set_out(isolate, sources).await)
}

/// Asks the data center whether a source is published that is fresh; whatever it was told lately, Redis may know better. One
/// isolate asks, and then does what is to be done: each would ask for the same lease else.
pub(in crate::cache) async fn hear_fresh(isolate: &Isolate, source: Source) -> Heard {
    let Some(life) = life(isolate) else { return Heard::Nothing(vec![source]) };
    let read = read_told(isolate).await;
    let now = isolate.now();
    let told = isolate.state.borrow().colo.told().clone();
    let is_fresh = |version: &Version| {
        let known = isolate.state.borrow().knowledge.known(source);
        let dated = version.dated();
        is_ours(isolate, version)
            && dated.freshness(Some(version.hash), &known, now, &isolate.policy) == Freshness::Fresh
    };
    let version = told.observed.version(source);
    if told.answers(&[source], now, life) && version.as_ref().is_some_and(is_fresh) {
        return Heard::Answer(told);
    }
    if is_asked(read.as_ref(), now) {
        return Heard::Asked;
    }
    Heard::Nothing(set_out(isolate, &[source]).await)
}

/// Whether another isolate has set out to ask Redis just now.
fn is_asked(there: Option<&Told>, now: Timestamp) -> bool {
    there.is_some_and(|there| now.since(there.asked_at) < ASKING)
}

/// Says in the data center that this isolate is asking Redis; for which sources, since the others want to know of theirs.
async fn set_out(isolate: &Isolate, sources: &[Source]) -> Vec<Source> {
    let mut wanted = sources.to_vec();
    {
        let now = isolate.now();
        let mut state = isolate.state.borrow_mut();
        let told = state.colo.told_mut(false);
        told.asked_at = now;
        wanted.extend(told.observed.sources().filter(|source| !sources.contains(source)));
    }
    write_told(isolate).await;
    wanted
}

/// Reads a source's snapshot from the data center, if what was told there is recent and tells of one that is of use.
pub(in crate::cache) fn read_colo(
    isolate: &Rc<Isolate>,
    source: Source,
) -> LocalBoxFuture<'static, Found> {
    let isolate = Rc::clone(isolate);
    async move {
        let Some(life) = life(&isolate) else { return Found::Failed(TierError::Open) };
        read_told(&isolate).await;
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

/// Reads the snapshot of a version from the data center, or from where the version says that it is.
pub(in crate::cache) async fn read_published(
    isolate: &Rc<Isolate>,
    source: Source,
    version: &Version,
) -> (Tier, Found) {
    if let Found::Entry(entry) = read_version(isolate, source, version).await {
        return (Tier::Colo, Found::Entry(entry));
    }
    match version.place {
        Place::Redis => (Tier::Upstash, read_upstash(isolate, source).await),
        Place::Kv => (Tier::Kv, read_kv(isolate, source).await),
    }
}

/// Reads the snapshot of a version, if it is of use. What memory holds already is not read again.
pub(in crate::cache) async fn read_version(
    isolate: &Isolate,
    source: Source,
    version: &Version,
) -> Found {
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
    if life(isolate).is_some() {
        isolate.state.borrow_mut().colo.note_unleft(Unleft { source, hash, value });
    }
}

/// Notes what this isolate published.
pub(in crate::cache) fn note_published(isolate: &Isolate, source: Source, version: Version) {
    isolate.state.borrow_mut().colo.note_published(source, version);
}

/// Notes what this isolate raised control to.
pub(in crate::cache) fn note_raised(isolate: &Isolate, control: Control) {
    isolate.state.borrow_mut().colo.told_mut(true).note_raised(control);
}

/// Whether something is to be left.
pub(in crate::cache) fn has_unleft(isolate: &Isolate) -> bool {
    life(isolate).is_some()
        && isolate.state.borrow().colo.has_unleft()
        && !Source::ALL.into_iter().any(|source| is_being_fetched(isolate, source))
}

/// Whether a check is asking, or what it was told of is on its way: who is told of a snapshot that is not here yet would fetch it as
/// well.
fn is_being_fetched(isolate: &Isolate, source: Source) -> bool {
    let is_held = |work| isolate.state.borrow().leases.is_held(work, isolate.now());
    is_held(Work::Check) || is_held(Work::Refresh(source)) && is_replaced(isolate, source)
}

/// Whether memory has other content than what is published, and that is fresh.
pub(in crate::cache) fn is_replaced(isolate: &Isolate, source: Source) -> bool {
    let (state, now) = (isolate.state.borrow(), isolate.now());
    let known = state.knowledge.known(source);
    let is_other = |version: &&Version| {
        let held = state.memory.snapshot(source).and_then(|entry| entry.content.hash());
        held.is_some_and(|held| held != version.hash)
    };
    state.knowledge.version(source).filter(is_other).is_some_and(|version| {
        let freshness = version.dated().freshness(Some(version.hash), &known, now, &isolate.policy);
        freshness == Freshness::Fresh
    })
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
        read_told(isolate).await;
        isolate.state.borrow_mut().colo.tell_published();
        write_told(isolate).await;
    }
}

/// Reads what is told, and learns from it.
async fn read_told(isolate: &Isolate) -> Option<Told> {
    let name = told_name(isolate);
    let text = call(isolate, READ, isolate.ports.colo.get(&name)).await.ok()??;
    let now = isolate.now();
    let told = Told::read(&text, now);
    isolate.state.borrow_mut().colo.note_answer(Some(true), now);
    let Some(told) = told else {
        isolate.count(Counter::Corrupt);
        return None;
    };
    learn(isolate, &told.observed, told.at.min(now), false);
    let mut state = isolate.state.borrow_mut();
    // Who leaves news must not take back that another isolate is asking.
    let known = state.colo.told_mut(false);
    known.asked_at = known.asked_at.max(told.asked_at);
    drop(state);
    Some(told)
}

/// Leaves what is known to have been told. The first time it is read again: a cache that is none keeps nothing, and does not say so.
async fn write_told(isolate: &Isolate) {
    let Some(life) = life(isolate) else { return };
    let name = told_name(isolate);
    let text = isolate.state.borrow().colo.told().to_text();
    let is_known = isolate.state.borrow().colo.is_present();
    // It tells for longer which snapshot may be found here, though not whether that is the newest.
    let lasting = isolate.policy.ttl.saturating_add(isolate.policy.stale).max(life);
    if call(isolate, WRITE, isolate.ports.colo.put(&name, &text, lasting)).await.is_err()
        || is_known
    {
        return;
    }
    if let Ok(kept) = call(isolate, READ, isolate.ports.colo.get(&name)).await {
        isolate
            .state
            .borrow_mut()
            .colo
            .note_answer(Some(kept.is_some()), isolate.ports.clock.now());
    }
}

/// A bounded call. A data center that fails is not asked again for long, since all that it does is save.
pub(super) async fn call<T>(
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
