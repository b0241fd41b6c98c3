//! This isolate's counters, added to the shared ones in Redis.

use std::time::Duration;

use crate::{
    cache::{
        isolate::Isolate,
        publish::note_refusal,
        redis,
        state::{Hold, Work},
        telemetry::Counter,
        tiers,
    },
    catalog::Slug,
    config::Mode,
    ports::{TierError, Timestamp},
};

/// Counters go to Redis at most this often, in the request of a check.
pub const FLUSH_EVERY: Duration = Duration::from_secs(600);
/// So long a check is waited for: most of those of an isolate are answered by its data center.
const ALONE_AFTER: Duration = Duration::from_secs(60);
/// A flush that died gives way to another after this.
const HELD: Duration = Duration::from_secs(10);
/// A flush is one command: it ends within its deadline.
const LOOKS_MAX: u32 = 50;
/// How often another request's flush is looked at.
const PAUSE: Duration = Duration::from_millis(25);

/// Whether counters have waited long enough for a request of their own.
pub(in crate::cache) fn flush_is_due(isolate: &Isolate) -> bool {
    have_waited(isolate, FLUSH_EVERY.saturating_add(ALONE_AFTER))
}

/// Whether counters have waited long enough for a command of their own in a request that is made anyway.
pub(super) fn may_ride_along(isolate: &Isolate) -> bool {
    have_waited(isolate, FLUSH_EVERY)
}

fn have_waited(isolate: &Isolate, long_enough: Duration) -> bool {
    let now = isolate.now();
    let state = isolate.state.borrow();
    isolate.mode() == Mode::Active
        && now.since(state.flushed_at) >= long_enough
        && !state.leases.is_held(Work::Flush, now)
        && state.publishing.pause.reason(now).is_none()
}

/// What was counted, on its way to Redis.
pub(super) struct Flush {
    hold: Hold,
    counts: Vec<(Counter, u64)>,
    /// Which providers were asked for, and when.
    asked: Vec<(Slug, Timestamp)>,
}

impl Flush {
    /// Takes what was counted. None where there is nothing, another request is at it, or Redis takes no writes.
    pub(super) fn begin(isolate: &Isolate) -> Option<Self> {
        let now = isolate.now();
        let mut state = isolate.state.borrow_mut();
        let paused = state.publishing.pause.reason(now).is_some();
        if isolate.mode() != Mode::Active || paused {
            return None;
        }
        let hold = state.leases.acquire(Work::Flush, now, HELD)?;
        let counts = state.counters.take_unflushed();
        if counts.is_empty() {
            state.leases.release(Work::Flush, hold);
            return None;
        }
        let asked = state.demand.take_untold();
        Some(Self { hold, counts, asked })
    }

    /// The counts by their names in Redis.
    pub(super) fn named(&self) -> Vec<(String, u64)> {
        named(&self.counts, &self.asked)
    }

    /// Notes what became of it: what did not reach Redis is counted again.
    pub(super) fn end(self, isolate: &Isolate, refused: Option<&TierError>) {
        if let Some(error) = refused {
            note_refusal(isolate, error);
        }
        let mut state = isolate.state.borrow_mut();
        if refused.is_some() {
            state.counters.restore(&self.counts);
            state.demand.restore(&self.asked);
        }
        state.flushed_at = isolate.ports.clock.now();
        state.leases.release(Work::Flush, self.hold);
    }
}

/// What was counted and asked for, by the names that Redis has for it: a time's begins with `@`.
pub(in crate::cache) fn named(
    counts: &[(Counter, u64)],
    asked: &[(Slug, Timestamp)],
) -> Vec<(String, u64)> {
    let counts = counts.iter().map(|(counter, by)| (counter.to_string(), *by));
    let asked = asked.iter().map(|(slug, at)| (format!("@{}", slug.as_str()), at.0));
    counts.chain(asked).collect()
}

/// Adds what was counted to the shared counters, as one command.
pub(in crate::cache) async fn flush(isolate: &Isolate) {
    let Some(flush) = Flush::begin(isolate) else { return };
    let named = flush.named();
    let flushed = tiers::redis(isolate, async |session| redis::count(session, &named).await).await;
    flush.end(isolate, flushed.err().as_ref());
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
    fn counters_are_flushed_every_ten_minutes_by_one_who_may() {
        let world = World::new(1);
        let isolate = Isolate::of(&world);
        assert!(!flush_is_due(&isolate));
        world.sim.run_for(FLUSH_EVERY.saturating_sub(Duration::from_millis(1)));
        assert!(!may_ride_along(&isolate));
        world.sim.run_for(Duration::from_millis(1));
        assert!(may_ride_along(&isolate));
        world.sim.run_for(ALONE_AFTER.saturating_sub(Duration::from_millis(1)));
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
        world.sim.run_for(FLUSH_EVERY + ALONE_AFTER);
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
            // What the flush itself cost is there again.
            let left = state.counters.take_unflushed().into_iter();
            left.filter(|(counter, _)| *counter == Counter::Errors).count()
        };
        assert_eq!(left(Mode::Active, false), 0);
        assert_eq!(left(Mode::Active, true), 1);
        assert_eq!(left(Mode::ReadOnly, false), 1);
    }
}
