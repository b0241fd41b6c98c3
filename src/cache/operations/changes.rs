//! The tables changed: rebuilding what is made of them, however often that is said.

use std::{rc::Rc, time::Duration};

use futures_util::FutureExt;

use super::rebuild::rebuild;
use crate::{
    cache::{
        background::{FollowUp, read_mode_if_due, tell_front},
        isolate::Isolate,
        rebuild::LoadRequest,
        redis,
        state::{Hold, Work},
        telemetry::{Counter, Event, WebhookOutcome},
        tiers,
    },
    catalog::Source,
    config::Mode,
    ports::{TierError, Timestamp},
};

/// Rebuilding begins when nothing was told for so long,
const QUIET: Duration = Duration::from_secs(1);
/// or this long after it could have begun.
const PATIENCE: Duration = Duration::from_secs(3);
/// So long one request rebuilds for those that come after it; later ones have another. With the rebuild that is under way then, and the one
/// after it, all of it ends in time (docs/platform.md, "Work behind a response lasts 30 seconds").
const TURN: Duration = Duration::from_secs(8);
/// A rebuild that failed is tried again after this, while its turn lasts; then it is for cron.
const AGAIN: Duration = Duration::from_secs(2);
/// Clocks of isolates are apart by less: a load that began so long after a change has read it.
const CLOCKS_APART: Duration = Duration::from_millis(250);
/// So many providers' catalogs are rebuilt for a change, the oldest first: there may be dozens, and a turn is short.
const PROVIDERS_A_TURN: usize = 4;
/// In Redis it is noted at most this often.
const NOTED: Duration = Duration::from_secs(1);

/// What came of being told of a change.
#[derive(Debug)]
pub enum ChangeOutcome {
    /// It is followed: by the follow-up, where there is one, else by a request that is at it.
    Accepted(Vec<FollowUp>),
    /// The same was told before.
    Replayed,
}

/// Hears of a change. A `signature` counts once, for `lasts` and in all isolates; while Redis cannot tell it counts again, which
/// costs a rebuild.
pub(in crate::cache) async fn hear_of_change(
    isolate: &Rc<Isolate>,
    signature: Option<(&str, Duration)>,
) -> Result<ChangeOutcome, TierError> {
    read_mode_if_due(isolate).await;
    if isolate.mode() != Mode::Active {
        return Err(TierError::ReadOnly);
    }
    let now = isolate.now();
    let noted_at = isolate.state.borrow().change_noted_at;
    let to_note = (now.since(noted_at) >= NOTED).then_some(now);
    let noted = tiers::redis(isolate, async |session| {
        redis::note_change(session, to_note, signature).await
    });
    if noted.await == Ok(false) {
        isolate.count(Counter::Webhooks(WebhookOutcome::Replayed));
        return Ok(ChangeOutcome::Replayed);
    }
    isolate.count(Counter::Webhooks(WebhookOutcome::Accepted));
    let mut state = isolate.state.borrow_mut();
    state.change_noted_at = to_note.unwrap_or(noted_at);
    state.changed_at = state.changed_at.max(now);
    let hold = state.leases.acquire(Work::Follow, now, TURN);
    drop(state);
    let following = Rc::clone(isolate);
    let follow = hold.map(|hold| {
        FollowUp::SeeThrough(async move { follow(&following, hold).await }.boxed_local())
    });
    Ok(ChangeOutcome::Accepted(follow.into_iter().collect()))
}

/// Rebuilds until the last change is read that was told in this turn: one rebuild at a time, and one after it for all that was told
/// meanwhile.
async fn follow(isolate: &Rc<Isolate>, hold: Hold) {
    let end = isolate.now() + TURN;
    loop {
        let told = quiet(isolate).await;
        let is_read = rebuild_all(isolate, told + CLOCKS_APART).await;
        let changed_at = isolate.state.borrow().changed_at;
        // What was told since then has another to follow it. What was told before has not, so it is read even when the turn is over.
        let is_others = changed_at >= end;
        let is_done = if is_read { changed_at <= told } else { isolate.now() >= end };
        if is_done || is_others {
            break;
        }
        if !is_read {
            isolate.ports.clock.sleep(AGAIN).await;
        }
    }
    isolate.state.borrow_mut().leases.release(Work::Follow, hold);
    // What this request has no time left for is for the next one.
    tell_front(isolate).await;
}

/// Waits until nothing was told for a moment; when the last was told.
async fn quiet(isolate: &Isolate) -> Timestamp {
    let begun = isolate.now();
    loop {
        let (now, told) = (isolate.now(), isolate.state.borrow().changed_at);
        let patience = PATIENCE.saturating_sub(now.since(begun));
        let pause = QUIET.saturating_sub(now.since(told)).min(patience);
        if pause.is_zero() {
            return told;
        }
        isolate.ports.clock.sleep(pause).await;
    }
}

/// Rebuilds what others are given; whether all but providers' catalogs were read no earlier than `not_before`: of those some are read
/// in each turn, and the others by cron.
async fn rebuild_all(isolate: &Rc<Isolate>, not_before: Timestamp) -> bool {
    let mut is_read = true;
    for source in published(isolate).await {
        let request = LoadRequest {
            not_before: Some(not_before),
            only_to_publish: true,
            ..LoadRequest::default()
        };
        let report = rebuild(isolate, source, request, false).await;
        isolate.log(&Event::Rebuilt { source: source.as_str(), report: &report });
        is_read &= report.error.is_none() || matches!(source, Source::Provider(_));
    }
    is_read
}

/// What is kept warm, and what is published besides.
async fn published(isolate: &Isolate) -> Vec<Source> {
    let sources = isolate.state.borrow().sources();
    let observed = tiers::check(isolate, &sources).await.ok();
    let state = isolate.state.borrow();
    let version = |source: Source| observed.as_ref()?.version(source);
    let is_there = |source: &Source| {
        *source == Source::WARMED
            || version(*source).is_some()
            || state.memory.snapshot(*source).is_some()
    };
    let there = sources.into_iter().filter(is_there);
    let (mut providers, mut others): (Vec<Source>, Vec<Source>) =
        there.partition(|source| matches!(source, Source::Provider(_)));
    providers.sort_by_key(|source| version(*source).map(|version| version.at));
    others.extend(providers.into_iter().take(PROVIDERS_A_TURN));
    others
}
