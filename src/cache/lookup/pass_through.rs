//! The rollback: the origin alone, nothing read from a cache and nothing kept in one. Requests that come together share one
//! answer.

use std::{rc::Rc, time::Duration};

use super::{
    outcome::{Answer, ForwardReason, Served},
    walk::Walk,
};
use crate::{
    cache::{
        isolate::{Isolate, poll},
        rebuild::{Unavailable, integrity, read_origin},
        state::Work,
        telemetry::Reason,
    },
    catalog::{Snapshot, Source},
    ports::{Tier, Timestamp},
};

/// When a follower looks for the second time.
const PAUSE: Duration = Duration::from_millis(5);

/// Asks the origin, or takes what another request was just given.
pub(super) async fn pass_through(walk: &mut Walk) -> Result<Answer, Unavailable> {
    for tier in [Tier::Kv, Tier::Upstash, Tier::Memory] {
        walk.trace.note_forward(tier, ForwardReason::Bypass, None);
    }
    let source = walk.view.source();
    walk.ask(Tier::Origin);
    let result = shared(&walk.isolate, source).await;
    walk.heard(Tier::Origin);
    let unavailable = |reason| Unavailable { retry_after: Duration::from_secs(1), reason };
    let snapshot = result.map_err(unavailable)?;
    let listing = snapshot.listing(&walk.view);
    // Nobody was asked for invalidations.
    let known_at = Timestamp::default();
    Ok(Answer { listing, served: Served::Miss, at: walk.begun, age: Duration::ZERO, known_at })
}

async fn shared(isolate: &Isolate, source: Source) -> Result<Rc<Snapshot>, Reason> {
    let work = Work::PassThrough(source);
    let length = isolate.policy.origin_timeout;
    let look = || {
        let now = isolate.now();
        let mut state = isolate.state.borrow_mut();
        if let Some(result) = state.passed(source, now) {
            return Some(Err(result));
        }
        state.leases.acquire(work, now, length).map(Ok)
    };
    let hold = match poll(&*isolate.ports.clock, PAUSE, look).await {
        Ok(hold) => hold,
        Err(result) => return result,
    };
    let result = match read_origin(isolate, source).await {
        Ok(load) => integrity::judge(source, load.snapshot.len(), None, false)
            .map(|()| Rc::new(load.snapshot)),
        Err(error) => Err(Reason::from(&error)),
    };
    let mut state = isolate.state.borrow_mut();
    state.note_passed(source, result.clone(), isolate.ports.clock.now());
    state.leases.release(work, hold);
    result
}
