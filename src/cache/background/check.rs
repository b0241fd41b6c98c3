//! Comparing memory with Redis without a download: one command asks for control, the backend's epoch and the versions. What
//! is the same lives on; what is not is judged as what it is known to be from then on.

use std::{rc::Rc, time::Duration};

use super::{
    flush::{Flush, may_ride_along},
    refresh::refresh,
};
use crate::{
    cache::{
        entry::Entry,
        isolate::{Isolate, poll},
        protocol::{Dated, Freshness, Observed, Version},
        rebuild::publish_again,
        state::Work,
        tiers::{self, Heard, is_ours},
    },
    catalog::{Resource, Source, View},
    config::{Mode, Policy},
    ports::Timestamp,
};

/// How often a request looks whether another one's check has ended.
const PAUSE: Duration = Duration::from_millis(5);
/// A check that died gives way to another after this.
const HELD: Duration = Duration::from_secs(10);
/// A busy isolate's next request comes within this.
const IDLE: Duration = Duration::from_secs(5);
/// A Redis that does not answer is asked again no sooner.
const AGAIN: Duration = Duration::from_secs(5);

/// Whether a check is due for something that was compared at `checked_at`.
pub(in crate::cache) fn is_due(isolate: &Isolate, checked_at: Timestamp, now: Timestamp) -> bool {
    let tried_at = isolate.state.borrow().check_ended_at;
    let again = AGAIN.min(isolate.policy.memory_ttl);
    // To ask the data center costs nothing.
    let interval = if tiers::is_near(isolate) { again } else { isolate.policy.memory_ttl };
    now.since(checked_at) >= interval && now.since(tried_at) >= again
}

/// For how long what Redis told is taken for true without asking again.
pub(in crate::cache) fn trust(policy: &Policy) -> Duration {
    policy.memory_ttl.saturating_add(IDLE)
}

/// Whether memory holds something for a view that must be checked before it is served: nobody did for so long that the isolate must
/// have idled, or it is served only for want of anything better.
pub(in crate::cache) fn has_idled(isolate: &Isolate, view: &View) -> bool {
    let now = isolate.now();
    let mut state = isolate.state.borrow_mut();
    let (known_at, sought_at) = (state.compared_as_of, state.handover.sought_at(view.source()));
    let interval = isolate.policy.memory_ttl;
    let limit = trust(&isolate.policy);
    let names = [Resource::Snapshot(view.source()), Resource::Listing(*view)];
    names.iter().any(|name| {
        let resident = state.resident(name, now, &isolate.policy);
        resident.is_some_and(|(resident, freshness)| {
            let known_at = resident.checked_at.max(known_at);
            match freshness {
                Freshness::Fresh | Freshness::Revalidate => now.since(known_at) >= limit,
                // No check comes behind a response, and while the origin is out nobody has anything better: that is asked first.
                Freshness::IfError | Freshness::Invalidated => {
                    now.since(known_at.max(sought_at)) >= interval
                }
                Freshness::Gone => false,
            }
        })
    })
}

/// Whom a check asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whom {
    /// The data center, and Redis where that was told nothing lately.
    Nearest,
    /// Redis.
    Redis,
}

/// Checks memory, or waits for the check that another request has begun.
pub(in crate::cache) async fn check_or_wait(isolate: Rc<Isolate>) {
    check(&isolate, Whom::Nearest).await;
    end_of_check(&isolate).await;
}

/// Compares memory with Redis itself for a client who asks for that, and fetches what turned out to have been replaced. What was
/// compared a moment ago is current enough.
pub(in crate::cache) async fn revalidate(isolate: &Rc<Isolate>) {
    let is_current =
        |isolate: &Isolate| isolate.now().since(isolate.state.borrow().compared_as_of) < AGAIN;
    if is_current(isolate) {
        return;
    }
    end_of_check(isolate).await;
    if !is_current(isolate) {
        check(isolate, Whom::Redis).await;
        end_of_check(isolate).await;
    }
    refresh_replaced(isolate).await;
}

async fn end_of_check(isolate: &Isolate) {
    poll(&*isolate.ports.clock, PAUSE, || {
        let held = isolate.state.borrow().leases.is_held(Work::Check, isolate.now());
        (!held).then_some(())
    })
    .await;
}

/// Checks everything resident, unless a check is under way: by what the data center was told lately, else by asking Redis.
async fn check(isolate: &Rc<Isolate>, whom: Whom) {
    let begun = isolate.now();
    let hold = isolate.state.borrow_mut().leases.acquire(Work::Check, begun, HELD);
    let Some(hold) = hold else { return };
    let sources = isolate.state.borrow().memory.sources();
    let compared_as_of = isolate.state.borrow().compared_as_of;
    let is_current = begun.since(compared_as_of) < isolate.policy.memory_ttl;
    let heard = match whom {
        Whom::Nearest => tiers::hear(isolate, &sources, is_current).await,
        Whom::Redis => Heard::Nothing(sources.clone()),
    };
    let unpublished = match heard {
        Heard::Answer(told) => {
            note_compared(isolate, &told.observed, told.at);
            Vec::new()
        }
        Heard::Asked => Vec::new(),
        Heard::Nothing(wanted) => ask_redis(isolate, &sources, &wanted, begun).await,
    };
    {
        let mut state = isolate.state.borrow_mut();
        let now = isolate.ports.clock.now();
        state.leases.release(Work::Check, hold);
        state.check_ended_at = now;
    }
    for (source, entry) in unpublished {
        publish_again(isolate, source, &entry).await;
    }
}

/// Checks behind a response, and fetches at once what turned out to have been replaced, where that is left to others: they are told of
/// it when they find it.
pub(super) async fn check_and_refresh(isolate: &Rc<Isolate>) {
    check(isolate, Whom::Nearest).await;
    refresh_replaced(isolate).await;
}

async fn refresh_replaced(isolate: &Rc<Isolate>) {
    if tiers::life(isolate).is_some() {
        let sources = isolate.state.borrow().sources();
        for source in sources {
            if tiers::is_replaced(isolate, source) {
                refresh(isolate, source).await;
            }
        }
    }
}

/// Asks Redis; what memory has and Redis should have is to be published again.
async fn ask_redis(
    isolate: &Rc<Isolate>,
    sources: &[Source],
    wanted: &[Source],
    begun: Timestamp,
) -> Vec<(Source, Entry)> {
    let flush = if may_ride_along(isolate) { Flush::begin(isolate) } else { None };
    let counters = flush.as_ref().map(Flush::named).unwrap_or_default();
    let (result, counted) = match tiers::check_and_count(isolate, wanted, &counters).await {
        Ok((observed, counted)) => (Ok(observed), counted),
        Err(error) => (Err(error.clone()), Err(error)),
    };
    if let Some(flush) = flush {
        flush.end(isolate, counted.err().as_ref());
    }
    if is_marker_wanted(isolate, begun, result.is_ok()) {
        // Redis cannot tell of invalidations, so KV's marker does. Without either, what is in memory is soon unverified. Redis
        // may be back the next moment, and is asked sooner than that.
        let _ = tiers::read_marker(isolate).await;
    }
    let now = isolate.now();
    let Ok(observed) = result else {
        let mut state = isolate.state.borrow_mut();
        state.handover.forget(now);
        state.compared_as_of = now;
        return Vec::new();
    };
    note_compared(isolate, &observed, now);
    unpublished(isolate, sources, &observed)
}

/// Notes that memory was compared with what Redis said at `told_at`.
fn note_compared(isolate: &Isolate, observed: &Observed, told_at: Timestamp) {
    let mut state = isolate.state.borrow_mut();
    state.handover.forget(isolate.ports.clock.now());
    state.compared_as_of = state.compared_as_of.max(told_at);
    state.memory.note_checked(told_at);
    let ours = |(_, version): &&(Source, Option<Version>)| {
        version.is_some_and(|version| is_ours(isolate, &version))
    };
    for (source, version) in observed.versions.iter().filter(ours) {
        let hash = version.map_or(0, |version| version.hash);
        state.memory.note_published(*source, hash, told_at);
    }
}

/// Whether KV's marker is to be read: instead of Redis once an interval, or to mend it.
fn is_marker_wanted(isolate: &Isolate, begun: Timestamp, redis_answers: bool) -> bool {
    let knowledge = &isolate.state.borrow().knowledge;
    if redis_answers {
        isolate.mode() == Mode::Active && knowledge.is_marker_overdue(begun)
    } else {
        begun.since(knowledge.marker_at()) >= isolate.policy.memory_ttl
    }
}

/// What memory has and Redis has not, or no longer, though it should.
fn unpublished(isolate: &Isolate, sources: &[Source], observed: &Observed) -> Vec<(Source, Entry)> {
    let now = isolate.now();
    let state = isolate.state.borrow();
    if isolate.mode() != Mode::Active || !state.publishing.pause.is_over() {
        return Vec::new();
    }
    let held = sources.iter().filter_map(|source| {
        let entry = state.memory.snapshot(*source)?;
        let fresh = state.freshness(*source, entry, now, &isolate.policy) == Freshness::Fresh;
        let lacks = is_lacking(isolate, entry, observed.version(*source).as_ref());
        // A load of this isolate is under way, and publishes.
        let busy = state.leases.is_held(Work::Load(*source), now);
        (fresh && lacks && !busy).then(|| (*source, entry.clone()))
    });
    held.collect()
}

/// Whether Redis has nothing, or something older, where this could be. What another configuration published stays until a load
/// takes its place.
fn is_lacking(isolate: &Isolate, entry: &Entry, there: Option<&Version>) -> bool {
    match (there, entry.dated) {
        (_, Dated::Provisional(_)) => false,
        (None, _) => true,
        (Some(there), _) if !is_ours(isolate, there) => false,
        (Some(there), Dated::Ours { at, epoch, .. }) => there.order() < (epoch, at),
        (Some(there), Dated::ByTime(at)) => there.at < at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::{entry::Content, telemetry::Reason},
        support::{catalog::snapshot, isolate::World},
    };

    const SECOND: Duration = Duration::from_secs(1);
    const SOURCE: Source = Source::WARMED;

    fn entry(dated: Dated) -> Entry {
        Entry { content: Content::Snapshot(snapshot(1, 7).into()), dated }
    }

    fn ours(epoch: u64, at: Timestamp) -> Dated {
        Dated::Ours { at, epoch, backend_epoch: None }
    }

    #[test]
    fn a_check_is_due_when_memory_is_old_and_redis_was_not_just_asked() {
        let world = World::new(1);
        let isolate = Isolate::of(&world);
        let now = isolate.now();
        let old = isolate.policy.memory_ttl;
        let almost = |length: Duration| length.saturating_sub(Duration::from_millis(1));
        for (checked, tried, expected) in [
            (old, AGAIN, true),
            (almost(old), AGAIN, false),
            (old, almost(AGAIN), false),
            (almost(old), almost(AGAIN), false),
            (old * 2, old * 2, true),
        ] {
            isolate.state.borrow_mut().check_ended_at = now.minus(tried);
            assert_eq!(
                is_due(&isolate, now.minus(checked), now),
                expected,
                "{checked:?} {tried:?}"
            );
        }
    }

    #[test]
    fn an_isolate_has_idled_when_nobody_checked_for_longer_than_a_busy_one_would() {
        let world = World::new(1);
        let isolate = Isolate::of(&world);
        let view = SOURCE.warm_views()[0];
        assert!(!has_idled(&isolate, &view), "memory is empty");
        let begun = isolate.now();
        let held = entry(ours(0, begun));
        isolate.state.borrow_mut().keep(Resource::Snapshot(SOURCE), held, begun);
        let limit = isolate.policy.memory_ttl + IDLE;
        world.sim.run_for(limit.saturating_sub(Duration::from_millis(1)));
        assert!(!has_idled(&isolate, &view));
        world.sim.run_for(Duration::from_millis(1));
        assert!(has_idled(&isolate, &view));
        isolate.state.borrow_mut().compared_as_of = isolate.now();
        assert!(!has_idled(&isolate, &view), "it asked, whatever came of it");
    }

    #[test]
    fn redis_lacks_what_is_newer_here() {
        let world = World::new(1);
        let isolate = Isolate::of(&world);
        let at = world.sim.now();
        let there = world.version(&snapshot(1, 7), Duration::ZERO, 7);
        let other = Version { config: there.config ^ 1, ..there };
        let later = at + SECOND;
        for (there, dated, expected) in [
            (None, ours(7, at), true),
            (None, Dated::ByTime(at), true),
            (None, Dated::Provisional(later), false),
            (Some(&there), Dated::Provisional(later), false),
            (Some(&there), ours(7, at), false),
            (Some(&there), ours(7, later), true),
            (Some(&there), ours(8, at.minus(SECOND)), true),
            (Some(&there), ours(6, later), false),
            (Some(&there), Dated::ByTime(at), false),
            (Some(&there), Dated::ByTime(later), true),
            (Some(&other), ours(8, later), false),
            (Some(&other), Dated::ByTime(later), false),
        ] {
            assert_eq!(is_lacking(&isolate, &entry(dated), there), expected, "{there:?} {dated:?}");
        }
    }

    #[test]
    fn what_is_fresh_and_lacking_is_published_by_who_may_and_does_not_already() {
        let world = World::new(1);
        let isolate = Isolate::of(&world);
        let now = isolate.now();
        let observed =
            Observed { control: None, backend_epoch: None, versions: vec![(SOURCE, None)] };
        let wanted = |isolate: &Isolate| unpublished(isolate, &[SOURCE], &observed).len();
        assert_eq!(wanted(&isolate), 0, "nothing is held");
        let resource = Resource::Snapshot(SOURCE);
        isolate.state.borrow_mut().keep(resource, entry(ours(0, now)), now);
        assert_eq!(wanted(&isolate), 1);
        let work = Work::Load(SOURCE);
        let hold = isolate.state.borrow_mut().leases.acquire(work, now, SECOND).unwrap();
        assert_eq!(wanted(&isolate), 0, "a load is under way");
        isolate.state.borrow_mut().leases.release(work, hold);
        isolate.state.borrow_mut().publishing.pause.refused(Reason::Full, now, 0);
        assert_eq!(wanted(&isolate), 0, "Redis takes no writes");
        isolate.state.borrow_mut().publishing.pause.passed();
        world.sim.run_for(isolate.policy.ttl);
        assert_eq!(wanted(&isolate), 0, "it is stale");

        let mut world = World::new(1);
        world.policy.mode = Mode::ReadOnly;
        let isolate = Isolate::of(&world);
        let now = isolate.now();
        isolate.state.borrow_mut().keep(resource, entry(ours(0, now)), now);
        assert_eq!(wanted(&isolate), 0, "this deployment only reads");
    }
}
