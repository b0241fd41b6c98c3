//! The order in which a request asks the tiers.

use std::{rc::Rc, time::Duration};

use futures_util::{
    FutureExt,
    future::{Either, select},
};

use super::{
    memory::answer_from_memory,
    origin::ask_origin,
    outcome::{Answer, ForwardReason},
    pass_through::pass_through,
    serve::serve_stale,
    shared_tiers::{read_own_key, read_shared_tiers},
    walk::Walk,
};
use crate::{
    cache::{
        background::{FollowUp, check_or_wait, has_idled, revalidate},
        rebuild::Unavailable,
        telemetry::Reason,
    },
    config::Mode,
    ports::Tier,
};

/// No cache has what the client wants, and it wants nothing else.
pub(super) const NOT_CACHED: Unavailable =
    Unavailable { retry_after: Duration::from_secs(1), reason: Reason::OnlyIfCached };

/// The walk: memory, the snapshot in the shared tiers, the view's own key, the origin, and at last what is stale.
pub(super) async fn run(walk: &mut Walk) -> Result<Answer, Unavailable> {
    if walk.isolate.mode() == Mode::Passthrough {
        if walk.directives.only_if_cached {
            return Err(NOT_CACHED);
        }
        return pass_through(walk).boxed_local().await;
    }
    if wants_validation(walk) {
        revalidate(&walk.isolate).boxed_local().await;
    } else {
        check_after_idling(walk).await;
    }
    if let Some(answer) = answer_from_memory(walk) {
        return Ok(answer);
    }
    if let Some(answer) = read_shared_tiers(walk).await {
        return Ok(answer);
    }
    let keyed = walk.isolate.state.borrow().probably_has_key(&walk.view);
    // Who waited for another's read and has something stale leaves it at that: the views' keys are many.
    let is_worth_it = keyed && !(walk.followed && walk.stale.is_some());
    if is_worth_it && let Some(answer) = read_own_key(walk).await {
        return Ok(answer);
    }
    if walk.accepts_stale()
        && let Some(answer) = serve_stale(walk)
    {
        walk.follow_ups.push(FollowUp::Refresh(walk.view.source()));
        return Ok(answer);
    }
    if walk.directives.only_if_cached {
        return Err(NOT_CACHED);
    }
    // What is not run is not compiled, if it is in a box of its own (docs/platform.md, "Code is compiled when it first runs").
    let unavailable = match ask_origin(walk).boxed_local().await {
        Ok(answer) => return Ok(answer),
        Err(unavailable) => unavailable,
    };
    walk.trace.note_forward(Tier::Origin, ForwardReason::Miss, Some(unavailable.reason));
    // Whether this view has a key at all was left open until here; the backend may have written it.
    let unknown = walk.isolate.state.borrow().has_key(&walk.view).is_none();
    if !keyed
        && unknown
        && !walk.budget_left().is_zero()
        && let Some(answer) = read_own_key(walk).await
    {
        return Ok(answer);
    }
    fall_back(walk).ok_or(unavailable)
}

/// Whether the client wants what memory has compared with Redis first.
fn wants_validation(walk: &Walk) -> bool {
    let (state, now) = (walk.isolate.state.borrow(), walk.isolate.now());
    let held = state.memory.snapshot(walk.view.source());
    held.is_some_and(|held| walk.directives.want_validation(now.since(held.at())))
}

/// A busy isolate checks its memory behind responses. One that idled for longer than that may have missed an invalidation
/// long ago, so its first request asks Redis before it is answered, for as long as Redis may be silent anyway.
async fn check_after_idling(walk: &mut Walk) {
    let isolate = Rc::clone(&walk.isolate);
    if !has_idled(&isolate, &walk.view) {
        return;
    }
    let check = check_or_wait(Rc::clone(&isolate)).boxed_local();
    if let Either::Right(((), check)) =
        select(check, isolate.ports.clock.sleep(isolate.policy.hedge)).await
    {
        walk.follow_ups.push(FollowUp::SeeThrough(check));
    }
}

/// Serves what is stale after everything else was asked without success, and notes when that was.
fn fall_back(walk: &mut Walk) -> Option<Answer> {
    let resource = walk.stale.as_ref()?.resource;
    let now = walk.isolate.now();
    if let Some(resident) = walk.isolate.state.borrow_mut().memory.get(&resource) {
        resident.fell_back_at = now;
    }
    serve_stale(walk)
}
