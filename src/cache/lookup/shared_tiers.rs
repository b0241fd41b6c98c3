//! The part of a walk that asks Upstash and KV for one thing, and judges what they have.

use std::{rc::Rc, time::Duration};

use futures_util::{
    FutureExt,
    future::{Either, select},
};

use super::{
    answer::{Answer, Served},
    memory::answer_from_memory,
    serve::serve,
    trace::ForwardReason,
    walk::Walk,
};
use crate::{
    cache::{
        background::FollowUp,
        entry::Freshness,
        isolate::poll,
        rebuild::Publication,
        state::{ReadOutcome, Work},
        telemetry::Reason,
        tiers::{Found, hedge_delay, read_kv, read_upstash},
    },
    catalog::Resource,
    ports::{Tier, TierError},
};

/// How often a request looks at memory for what another one is reading.
const PAUSE: Duration = Duration::from_millis(5);

/// Upstash and KV, asked by one request of the isolate for all that want the same. The others look at memory for
/// what it found, with timers of their own. If it found nothing, they need not ask; if its tiers failed, the next
/// one tries, for as long as one read may take.
pub(super) async fn read_shared_tiers(walk: &mut Walk, resource: Resource) -> Option<Answer> {
    let isolate = Rc::clone(&walk.isolate);
    let work = Work::Read(resource);
    let length = isolate.policy.upstash_timeout.saturating_add(isolate.policy.kv_timeout);
    let until = isolate.now() + length;
    loop {
        let now = isolate.now();
        let hold = isolate.state.borrow_mut().leases.acquire(work, now, length);
        if let Some(hold) = hold {
            let answer = hedged_read(walk, resource).await;
            let outcome = read_outcome(walk, answer.is_some());
            let mut state = isolate.state.borrow_mut();
            state.leases.release(work, hold);
            state.reads.note(resource, outcome, isolate.ports.clock.now());
            return answer;
        }
        poll(&*isolate.ports.clock, PAUSE, || {
            let reading = isolate.state.borrow().leases.is_held(work, isolate.now());
            (!reading || isolate.now() >= until).then_some(())
        })
        .await;
        if let Some(answer) = answer_from_memory(walk) {
            return Some(answer);
        }
        let outcome = isolate.state.borrow().reads.outcome(&resource, walk.begun);
        match outcome {
            // Memory is too small for what is there: nothing is gained by taking turns.
            Some(ReadOutcome::Found) => return hedged_read(walk, resource).await,
            Some(ReadOutcome::Failed) | None if isolate.now() < until => {}
            Some(ReadOutcome::Failed | ReadOutcome::Missed) | None => {
                walk.trace.mark_collapsed();
                return None;
            }
        }
    }
}

fn read_outcome(walk: &Walk, answered: bool) -> ReadOutcome {
    match () {
        () if answered || walk.stale.is_some() => ReadOutcome::Found,
        () if walk.failed.is_empty() => ReadOutcome::Missed,
        () => ReadOutcome::Failed,
    }
}

/// Upstash, and KV when Upstash has nothing, fails, or is silent for too long. The first good answer wins; the
/// loser goes on behind the response, so that its outcome still reaches its breaker.
async fn hedged_read(walk: &mut Walk, resource: Resource) -> Option<Answer> {
    let isolate = Rc::clone(&walk.isolate);
    let mut silent = None;
    if !walk.failed.contains(&Tier::Upstash) {
        let delay = hedge_delay(Rc::clone(&isolate)).boxed_local();
        match select(read_upstash(&isolate, resource), delay).await {
            Either::Left((found, _)) => {
                if let Some(answer) = judge(walk, Tier::Upstash, resource, found) {
                    return Some(answer);
                }
            }
            Either::Right(((), read)) => silent = Some(read),
        }
    }
    if walk.failed.contains(&Tier::Kv) {
        let found = silent?.await;
        return judge(walk, Tier::Upstash, resource, found);
    }
    let kv = read_kv(&isolate, resource);
    let Some(upstash) = silent else {
        let found = kv.await;
        return judge(walk, Tier::Kv, resource, found);
    };
    let (first, found, second, later) = match select(upstash, kv).await {
        Either::Left((found, kv)) => (Tier::Upstash, found, Tier::Kv, kv),
        Either::Right((found, upstash)) => (Tier::Kv, found, Tier::Upstash, upstash),
    };
    if second == Tier::Upstash {
        walk.trace.note_forward(Tier::Upstash, ForwardReason::Miss, Some(Reason::Silent));
    }
    if let Some(answer) = judge(walk, first, resource, found) {
        walk.follow_ups.push(FollowUp::SeeThrough(later.map(drop).boxed_local()));
        return Some(answer);
    }
    let found = later.await;
    judge(walk, second, resource, found)
}

/// Judges what a tier had: an answer, something for the stale-if-error window, or nothing.
fn judge(walk: &mut Walk, tier: Tier, resource: Resource, found: Found) -> Option<Answer> {
    let entry = match found {
        Found::Entry(entry) => entry,
        Found::Nothing => {
            walk.trace.note_miss(tier);
            return None;
        }
        Found::Corrupt => {
            walk.trace.note_forward(tier, ForwardReason::Miss, Some(Reason::Corrupt));
            return None;
        }
        Found::Failed(error) => {
            let not_asked = error == TierError::Open;
            let reason = if not_asked { ForwardReason::Bypass } else { ForwardReason::Miss };
            walk.trace.note_forward(tier, reason, Some(Reason::from(&error)));
            walk.failed.push(tier);
            return None;
        }
    };
    let now = walk.isolate.now();
    let epochs = walk.isolate.state.borrow().epochs();
    let freshness = entry.freshness(now, epochs.as_ref(), &walk.isolate.policy);
    match freshness {
        Freshness::Fresh => {
            let answer = serve(walk, tier, resource, &entry, Served::Hit);
            // A Redis that is silent or failing has no use for what KV had.
            if tier == Tier::Kv && walk.trace.lacks(Tier::Upstash) {
                let publication = Publication::of(resource, &entry);
                walk.follow_ups.push(FollowUp::Publish(publication));
            }
            Some(answer)
        }
        Freshness::Revalidate => {
            walk.follow_ups.push(FollowUp::Refresh(resource));
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
