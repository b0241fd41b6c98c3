//! The part of a walk that asks Upstash and KV for a source's snapshot, and judges what they have.

use std::{rc::Rc, time::Duration};

use futures_util::{
    FutureExt,
    future::{Either, select},
};

use super::{
    memory::answer_from_memory,
    outcome::{Answer, ForwardReason, Served},
    serve::{serve, serve_fresh},
    walk::Walk,
};
use crate::{
    cache::{
        background::FollowUp,
        entry::Entry,
        isolate::poll,
        protocol::{Freshness, Place},
        state::{ReadOutcome, Work},
        telemetry::Reason,
        tiers::{self, Found, hedge_delay, read_colo, read_kv, read_listing, read_upstash},
    },
    catalog::Resource,
    ports::{Tier, TierError},
};

/// When a request looks for the second time at what another one is reading.
const PAUSE: Duration = Duration::from_millis(5);

/// The data center, Upstash and KV, for the snapshot of the view's source.
pub(super) async fn read_shared_tiers(walk: &mut Walk) -> Option<Answer> {
    let name = Resource::Snapshot(walk.view.source());
    if was_sought(walk, &name) {
        for tier in [Tier::Kv, Tier::Upstash] {
            walk.trace.note_forward(tier, ForwardReason::Bypass, None);
        }
        return None;
    }
    read_for_all(walk, name).await
}

/// Whether memory has something stale, and all others told a moment ago that they have nothing better: then what remains is to ask
/// the origin. A check that found the version of what memory has tells that as well, and the first walk after it may still ask
/// for the view's own key.
fn was_sought(walk: &mut Walk, name: &Resource) -> bool {
    if walk.stale.is_none() {
        return false;
    }
    let (source, now, lately) =
        (walk.view.source(), walk.isolate.now(), walk.isolate.policy.memory_ttl);
    // What was told in the data center that an invalidation had taken back may be there anew meanwhile.
    let is_told = tiers::life(&walk.isolate).is_some();
    let may_be_back = is_told && walk.stale_freshness() == Some(Freshness::Invalidated);
    let mut state = walk.isolate.state.borrow_mut();
    if state.leases.is_held(Work::Read(*name), now) {
        return false;
    }
    if now.since(state.handover.sought_at(source)) < lately {
        walk.followed = true;
        return true;
    }
    let held = state.memory.peek(name);
    let is_newest = !may_be_back && held.is_some_and(|held| now.since(held.published_at) < lately);
    // What Redis does not take is in KV alone.
    let takes_writes = state.publishing.pause.reason(now).is_none();
    if is_newest && takes_writes {
        state.handover.note_sought(source, now);
    }
    is_newest && takes_writes
}

/// The view's own key in Upstash: what the backend put there, or an edge whose snapshot is gone.
pub(super) async fn read_own_key(walk: &mut Walk) -> Option<Answer> {
    if walk.failed.contains(&Tier::Upstash) {
        return None;
    }
    let name = Resource::Listing(walk.view);
    read_for_all(walk, name).await
}

/// Read by one request of the isolate for all that want the same. The others take what it found, stale or not; if it found
/// nothing, they need not ask; if its tiers failed, the next one tries, for as long as one read may take.
async fn read_for_all(walk: &mut Walk, name: Resource) -> Option<Answer> {
    if is_missing(walk, &name) {
        let tiers: &[Tier] = match name {
            Resource::Snapshot(_) => &[Tier::Kv, Tier::Upstash],
            Resource::Listing(_) => &[Tier::Upstash],
        };
        let backoff =
            walk.isolate.state.borrow_mut().backoff(walk.view.source()).remaining(walk.begun);
        let reason = backoff.map(|_| Reason::BackingOff);
        for tier in tiers {
            walk.trace.note_forward(*tier, ForwardReason::Bypass, reason);
        }
        return None;
    }
    let isolate = Rc::clone(&walk.isolate);
    let work = Work::Read(name);
    let length = isolate.policy.upstash_timeout.saturating_add(isolate.policy.kv_timeout);
    let until = isolate.now() + length;
    loop {
        let now = isolate.now();
        let hold = isolate.state.borrow_mut().leases.acquire(work, now, length);
        if let Some(hold) = hold {
            walk.found = None;
            let answer = match name {
                Resource::Snapshot(_) => match near_read(walk).await {
                    Some(answer) => Some(answer),
                    None => hedged_read(walk).await,
                },
                Resource::Listing(view) => {
                    walk.ask(Tier::Upstash);
                    let found = read_listing(&isolate, &view).await;
                    judge(walk, Tier::Upstash, name, found)
                }
            };
            let outcome = read_outcome(walk, &name);
            let mut state = isolate.state.borrow_mut();
            state.leases.release(work, hold);
            state.handover.note_read(name, outcome, isolate.ports.clock.now());
            return answer;
        }
        poll(&*isolate.ports.clock, PAUSE, || {
            let reading = isolate.state.borrow().leases.is_held(work, isolate.now());
            (!reading || isolate.now() >= until).then_some(())
        })
        .await;
        walk.followed = true;
        if let Some(answer) = answer_from_memory(walk) {
            return Some(answer);
        }
        let outcome = isolate.state.borrow().handover.read(&name, walk.begun);
        match outcome {
            Some(ReadOutcome::Found(entry)) => {
                walk.trace.mark_collapsed();
                return judge_entry(walk, Tier::Memory, name, entry);
            }
            Some(ReadOutcome::Failed) | None if isolate.now() < until => {}
            Some(ReadOutcome::Failed | ReadOutcome::Missed) | None => {
                walk.trace.mark_collapsed();
                return None;
            }
        }
    }
}

/// Whether this was looked for a moment ago and was nowhere, and the origin must not be asked yet, or is being asked: neither its
/// outage nor a load may cost reads of all other tiers with every request.
fn is_missing(walk: &Walk, name: &Resource) -> bool {
    let (now, lately) = (walk.isolate.now(), walk.isolate.policy.memory_ttl);
    let (mut state, source) = (walk.isolate.state.borrow_mut(), walk.view.source());
    let backing_off = state.backoff(source).remaining(now).is_some();
    let is_loading = state.leases.is_held(Work::Load(source), now);
    (backing_off || is_loading) && state.handover.has_missed(name, now, lately)
}

fn read_outcome(walk: &Walk, name: &Resource) -> ReadOutcome {
    let has_failed = match name {
        Resource::Snapshot(_) => !walk.failed.is_empty(),
        Resource::Listing(_) => walk.failed.contains(&Tier::Upstash),
    };
    match &walk.found {
        Some(entry) => ReadOutcome::Found(entry.clone()),
        None if has_failed => ReadOutcome::Failed,
        None => ReadOutcome::Missed,
    }
}

/// What this data center's isolates left each other. It is near: when it is silent, Redis is asked as if it had nothing, and what it
/// says later is kept in memory behind the response.
async fn near_read(walk: &mut Walk) -> Option<Answer> {
    let isolate = Rc::clone(&walk.isolate);
    tiers::life(&isolate)?;
    if walk.directives.no_cache {
        return None;
    }
    let source = walk.view.source();
    walk.ask(Tier::Colo);
    let silence = isolate.ports.clock.sleep(tiers::NEAR);
    match select(read_colo(&isolate, source), silence).await {
        Either::Left((found, _)) => judge(walk, Tier::Colo, Resource::Snapshot(source), found),
        Either::Right(((), read)) => {
            walk.heard(Tier::Colo);
            tiers::note_silence(&isolate);
            walk.trace.note_forward(Tier::Colo, ForwardReason::Miss, Some(Reason::Silent));
            walk.follow_ups.push(FollowUp::SeeThrough(read.map(drop).boxed_local()));
            None
        }
    }
}

/// Upstash, and KV when Upstash has nothing, fails, or is silent for too long. The first good answer wins; the
/// loser goes on behind the response, so that its outcome still reaches its breaker.
async fn hedged_read(walk: &mut Walk) -> Option<Answer> {
    let isolate = Rc::clone(&walk.isolate);
    let source = walk.view.source();
    let name = Resource::Snapshot(source);
    let mut silent = None;
    if !walk.failed.contains(&Tier::Upstash) {
        walk.ask(Tier::Upstash);
        let delay = hedge_delay(Rc::clone(&isolate)).boxed_local();
        match select(read_upstash(&isolate, source), delay).await {
            Either::Left((found, _)) => {
                if let Some(answer) = judge(walk, Tier::Upstash, name, found) {
                    return Some(answer);
                }
            }
            Either::Right(((), read)) => silent = Some(read),
        }
    }
    if walk.failed.contains(&Tier::Kv) {
        let found = silent?.await;
        return judge(walk, Tier::Upstash, name, found);
    }
    walk.ask(Tier::Kv);
    let kv = read_kv(&isolate, source);
    walk.asked_kv = true;
    let Some(upstash) = silent else {
        let found = kv.await;
        return judge(walk, Tier::Kv, name, found);
    };
    let (first, found, second, later) = match select(upstash, kv).await {
        Either::Left((found, kv)) => (Tier::Upstash, found, Tier::Kv, kv),
        Either::Right((found, upstash)) => (Tier::Kv, found, Tier::Upstash, upstash),
    };
    if second == Tier::Upstash {
        walk.trace.note_forward(Tier::Upstash, ForwardReason::Miss, Some(Reason::Silent));
    }
    if let Some(answer) = judge(walk, first, name, found) {
        walk.heard(second);
        walk.follow_ups.push(FollowUp::SeeThrough(later.map(drop).boxed_local()));
        return Some(answer);
    }
    let found = later.await;
    judge(walk, second, name, found)
}

/// Judges what a tier had: an answer, something for the stale-if-error window, or nothing.
fn judge(walk: &mut Walk, tier: Tier, resource: Resource, found: Found) -> Option<Answer> {
    walk.heard(tier);
    match found {
        Found::Entry(entry) => judge_entry(walk, tier, resource, entry),
        Found::Nothing => {
            walk.trace.note_miss(tier);
            None
        }
        Found::Corrupt => {
            walk.trace.note_forward(tier, ForwardReason::Miss, Some(Reason::Corrupt));
            None
        }
        Found::Failed(error) => {
            let not_asked = error == TierError::Open;
            let reason = if not_asked { ForwardReason::Bypass } else { ForwardReason::Miss };
            walk.trace.note_forward(tier, reason, Some(Reason::from(&error)));
            walk.failed.push(tier);
            None
        }
    }
}

/// Whether Redis says that this is in KV, since no request to Redis holds it.
fn is_in_kv(walk: &Walk, entry: &Entry) -> bool {
    let state = walk.isolate.state.borrow();
    let version = state.knowledge.version(walk.view.source());
    version.is_some_and(|version| {
        version.place == Place::Kv && entry.content.hash() == Some(version.hash)
    })
}

fn judge_entry(walk: &mut Walk, tier: Tier, resource: Resource, entry: Entry) -> Option<Answer> {
    let (now, source) = (walk.isolate.now(), walk.view.source());
    let freshness = {
        let state = walk.isolate.state.borrow();
        state.freshness(source, &entry, now, &walk.isolate.policy)
    };
    walk.found = Some(entry.clone());
    match freshness {
        Freshness::Fresh | Freshness::Revalidate if !walk.accepts(&entry, freshness) => {
            walk.trace.note_forward(tier, ForwardReason::Request, None);
            walk.remember(tier, resource, entry, freshness);
            None
        }
        Freshness::Fresh => {
            // A Redis that is silent or failing has no use for what KV had.
            if tier == Tier::Kv && walk.trace.lacks(Tier::Upstash) && !is_in_kv(walk, &entry) {
                walk.follow_ups.push(FollowUp::PublishAgain(source, entry.clone()));
            }
            Some(serve_fresh(walk, tier, resource, &entry))
        }
        Freshness::Revalidate => {
            walk.follow_ups.push(FollowUp::Refresh(source));
            Some(serve(walk, tier, resource, &entry, Served::Stale))
        }
        Freshness::IfError | Freshness::Invalidated => {
            walk.trace.note_forward(tier, ForwardReason::Stale, None);
            walk.remember(tier, resource, entry, freshness);
            None
        }
        Freshness::Gone => {
            walk.trace.note_miss(tier);
            None
        }
    }
}
