//! What Redis told one isolate of a data center, for the others. A copy of Redis that lags: what it says is learned as from any other
//! copy.

use std::time::Duration;

use super::{
    colo::{NEAR, get_near, life, put_near},
    observe::{is_ours, learn},
};
use crate::{
    cache::{
        isolate::Isolate,
        protocol::{Freshness, Told, Version},
        telemetry::{Counter, Event},
    },
    catalog::Source,
    config::Mode,
    ports::{Tier, TierError, Timestamp},
};

const TOLD: &str = "told";
/// Who set out to ask Redis has an answer by then, or will have none.
const ASKING: Duration = Duration::from_secs(5);

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
    if is_current && is_asked(isolate, &there, now) {
        return Heard::Asked;
    }
    Heard::Nothing(set_out(isolate, sources, there).await)
}

/// Asks the data center whether a source is published that is fresh; whatever it was told lately, Redis may know better. One
/// isolate asks, and then does what is to be done: each would ask for the same lease else.
pub(in crate::cache) async fn hear_fresh(isolate: &Isolate, source: Source) -> Heard {
    let Some(life) = life(isolate) else { return Heard::Nothing(vec![source]) };
    let there = read_told(isolate).await;
    let now = isolate.now();
    let told = isolate.state.borrow().colo.told().clone();
    let is_fresh = |version: &Version| {
        let state = isolate.state.borrow();
        is_ours(isolate, version)
            && state.version_freshness(source, version, now, &isolate.policy) == Freshness::Fresh
    };
    let version = told.observed.version(source);
    if told.answers(&[source], now, life) && version.as_ref().is_some_and(is_fresh) {
        return Heard::Answer(told);
    }
    if is_asked(isolate, &there, now) {
        return Heard::Asked;
    }
    Heard::Nothing(set_out(isolate, &[source], there).await)
}

/// What stands in the data center, as it was read.
type There = Result<Option<Told>, TierError>;

/// Whether another isolate has set out to ask Redis just now. A check of this one must not keep it from refreshing what it found
/// to be over.
fn is_asked(isolate: &Isolate, there: &There, now: Timestamp) -> bool {
    let state = isolate.state.borrow();
    let of_another = |told: &&Told| !state.colo.has_set_out(told.asked_at);
    let mut others = there.iter().flatten().filter(of_another);
    others.any(|there| now.since(there.asked_at) < ASKING)
}

/// Says in the data center that this isolate is asking Redis; for which sources, since the others want to know of theirs.
async fn set_out(isolate: &Isolate, sources: &[Source], there: There) -> Vec<Source> {
    let now = isolate.now();
    let mut wanted = sources.to_vec();
    {
        let state = isolate.state.borrow();
        let known = state.colo.told().observed.sources();
        wanted.extend(known.filter(|source| !sources.contains(source)));
    }
    if let Ok(there) = there {
        isolate.state.borrow_mut().colo.note_set_out(now);
        let asked = Told { asked_at: now, ..there.unwrap_or_default() };
        write_told(isolate, &asked, NEAR).await;
    }
    wanted
}

/// Reads what is told, and learns from it.
pub(super) async fn read_told(isolate: &Isolate) -> There {
    let text = get_near(isolate, TOLD, NEAR).await?;
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
        isolate.log(&Event::Corrupt { key: TOLD, tier: Tier::Colo.as_str() });
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
    let mut state = isolate.state.borrow_mut();
    // Who leaves news must not take back that another isolate is asking.
    let known = state.colo.told_mut(false);
    known.asked_at =
        known.asked_at.max(told.as_ref().map(|told| told.asked_at).unwrap_or_default());
    drop(state);
    Ok(told)
}

/// Leaves a record of what was told. The first time it is read again: a cache that is none keeps nothing, and does not say so.
pub(super) async fn write_told(isolate: &Isolate, told: &Told, limit: Duration) {
    let Some(life) = life(isolate).filter(|_| isolate.mode() == Mode::Active) else { return };
    let text = told.to_text();
    let is_known = isolate.state.borrow().colo.is_present();
    // It tells for longer which snapshot may be found here, though not whether that is the newest.
    let lasting = isolate.policy.ttl.saturating_add(isolate.policy.stale).max(life);
    if put_near(isolate, TOLD, &text, lasting, limit).await.is_err() || is_known {
        return;
    }
    if let Ok(kept) = get_near(isolate, TOLD, NEAR).await {
        isolate
            .state
            .borrow_mut()
            .colo
            .note_answer(Some(kept.is_some()), isolate.ports.clock.now());
    }
}
