//! This isolate's counters, added to the shared ones in Redis.

use std::time::Duration;

use crate::{
    cache::{isolate::Isolate, publish::note_refusal, redis, state::Work, tiers},
    config::Mode,
};

/// Counters go to Redis at most this often: every isolate has its own, so that they cost what isolates are many.
pub const FLUSH_EVERY: Duration = Duration::from_secs(600);
/// A flush that died gives way to another after this.
const HELD: Duration = Duration::from_secs(10);
/// A flush is one command: it ends within its deadline.
const LOOKS_MAX: u32 = 50;
/// How often another request's flush is looked at.
const PAUSE: Duration = Duration::from_millis(25);

/// Whether counters have waited long enough. The answer changes with what a request just counted.
pub(in crate::cache) fn flush_is_due(isolate: &Isolate) -> bool {
    let now = isolate.now();
    let state = isolate.state.borrow();
    isolate.policy.mode == Mode::Active
        && now.since(state.flushed_at) >= FLUSH_EVERY
        && !state.leases.is_held(Work::Flush, now)
        && state.publishing.pause.reason(now).is_none()
}

/// Adds what was counted to the shared counters, as one command, unless Redis takes no writes.
pub(in crate::cache) async fn flush(isolate: &Isolate) {
    let now = isolate.now();
    let paused = isolate.state.borrow().publishing.pause.reason(now).is_some();
    if isolate.policy.mode != Mode::Active || paused {
        return;
    }
    let Some(hold) = isolate.state.borrow_mut().leases.acquire(Work::Flush, now, HELD) else {
        return;
    };
    let counts = isolate.state.borrow_mut().counters.take_unflushed();
    if counts.is_empty() {
        isolate.state.borrow_mut().leases.release(Work::Flush, hold);
        return;
    }
    let named: Vec<(&str, u64)> =
        counts.iter().map(|(counter, by)| (counter.as_str(), *by)).collect();
    let flushed = tiers::redis(isolate, async |session| redis::count(session, &named).await).await;
    if let Err(error) = &flushed {
        note_refusal(isolate, error);
    }
    let mut state = isolate.state.borrow_mut();
    if flushed.is_err() {
        state.counters.restore(&counts);
    }
    state.flushed_at = isolate.ports.clock.now();
    state.leases.release(Work::Flush, hold);
}

/// Waits for a flush that is under way, which has taken counts that Redis does not have yet, then flushes.
pub(in crate::cache) async fn flush_after_others(isolate: &Isolate) {
    for _ in 0..LOOKS_MAX {
        let now = isolate.now();
        if !isolate.state.borrow().leases.is_held(Work::Flush, now) {
            break;
        }
        isolate.ports.clock.sleep(PAUSE).await;
    }
    flush(isolate).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::telemetry::{Counter, Reason},
        support::isolate::World,
    };

    #[test]
    fn counters_are_flushed_once_a_period_by_one_who_may() {
        let world = World::new(1);
        let isolate = Isolate::of(&world);
        assert!(!flush_is_due(&isolate));
        world.sim.run_for(FLUSH_EVERY.saturating_sub(Duration::from_millis(1)));
        assert!(!flush_is_due(&isolate));
        world.sim.run_for(Duration::from_millis(1));
        assert!(flush_is_due(&isolate));
        let now = isolate.now();
        let hold = isolate.state.borrow_mut().leases.acquire(Work::Flush, now, HELD).unwrap();
        assert!(!flush_is_due(&isolate), "another request is at it");
        isolate.state.borrow_mut().leases.release(Work::Flush, hold);
        isolate.state.borrow_mut().publishing.pause.refused(Reason::Full, now, 0);
        assert!(!flush_is_due(&isolate), "Redis takes no writes");

        let mut world = World::new(1);
        world.policy.mode = Mode::ReadOnly;
        let isolate = Isolate::of(&world);
        world.sim.run_for(FLUSH_EVERY);
        assert!(!flush_is_due(&isolate), "this deployment only reads");
    }

    #[test]
    fn what_was_counted_is_kept_where_nothing_may_be_written() {
        let left = |mode, paused| {
            let mut world = World::new(1);
            world.policy.mode = mode;
            let isolate = Isolate::of(&world);
            isolate.count(Counter::Errors);
            if paused {
                let now = isolate.now();
                isolate.state.borrow_mut().publishing.pause.refused(Reason::Full, now, 0);
            }
            let flushing = std::rc::Rc::clone(&isolate);
            world.sim.block_on(async move { flush(&flushing).await });
            let mut state = isolate.state.borrow_mut();
            assert!(!state.leases.is_held(Work::Flush, isolate.ports.clock.now()));
            state.counters.take_unflushed().len()
        };
        assert_eq!(left(Mode::Active, false), 0);
        assert_eq!(left(Mode::Active, true), 1);
        assert_eq!(left(Mode::ReadOnly, false), 1);
    }
}
