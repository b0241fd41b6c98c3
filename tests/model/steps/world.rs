//! What happens by itself: time, the origin, the backend, and what Redis suffers.

use std::time::Duration;

use super::{Event, Next, Step};
use crate::{
    environment::Leases,
    state::{By, Data, Lease, Listing, Published, Record, Snapshot, State},
    time::Stamp,
};

/// Half of the shorter lifetime.
const TICK: Duration = Duration::from_secs(900);
/// The backend's lifetime of a listing.
const BACKEND: Duration = Duration::from_secs(1800);
/// Memory's lifetime.
const SPELL: Duration = Duration::from_secs(30);

pub fn steps(next: &mut Next<'_>) {
    let before = next.before;
    if before.left.changes > 0 {
        let mut state = before;
        state.left.changes -= 1;
        state.content = 1 - state.content;
        next.push(Step::World(Event::OriginChanges), state);
    }
    if before.left.ticks > 0 {
        let mut state = before;
        state.left.ticks -= 1;
        pass_time(next, &mut state, TICK);
        next.push(Step::World(Event::TimePasses), state);
    }
    if before.left.spells > 0 {
        let mut state = before;
        state.left.spells -= 1;
        pass_time(next, &mut state, SPELL);
        next.push(Step::World(Event::MemorysLifetimePasses), state);
    }
    if before.left.listings > 0 && next.environment.parts.listings {
        backend_write(next, before.content, Event::BackendWrites);
        if before.left.changes < next.environment.left.changes {
            backend_write(next, 1 - before.content, Event::BackendWritesWhatIsOld);
        }
    }
    forget(next);
    leases(next);
    if before.left.losses > 0 {
        losses(next);
    }
    if next.environment.faults.restore && before.redis.before[1] != before.redis.data {
        let mut state = before;
        state.redis.before[1] = state.redis.data;
        next.push(Step::World(Event::RedisIsDumped), state);
    }
}

fn pass_time(next: &Next<'_>, state: &mut State, by: Duration) {
    state.now = state.now.later(by);
    if next.environment.has_colo() {
        state.overdue = state.completed;
    }
    let now = next.environment.redis_clock(state);
    let [first, second] = &mut state.redis.before;
    for data in [&mut state.redis.data, first, second] {
        data.expire(now);
    }
}

/// What the backend writes is as new as its clock says, whatever it read: nobody can tell.
fn backend_write(next: &mut Next<'_>, content: u8, event: Event) {
    let mut state = next.before;
    state.left.listings -= 1;
    state.stamp();
    let now = next.environment.redis_clock(&state);
    let expires = Stamp::of(now.time() + BACKEND);
    let listing = Listing { expires, content, generation: state.cleared, by: By::Other };
    let remembered = next.environment.is_remembered();
    state.redis.write(remembered, |redis| redis.data.listing = listing);
    next.push(Step::World(event), state);
}

/// A data center's cache keeps nothing for sure.
fn forget(next: &mut Next<'_>) {
    if !next.environment.faults.colo_forgets {
        return;
    }
    let mut state = next.before;
    state.colo.told = Default::default();
    next.push(Step::World(Event::DataCenterForgetsWhatWasTold), state);
    let mut state = next.before;
    state.colo.snapshots = Default::default();
    next.push(Step::World(Event::DataCenterForgetsSnapshots), state);
}

fn leases(next: &mut Next<'_>) {
    let (before, kind) = (next.before, next.environment.faults.leases);
    let lease = before.redis.lease;
    let is_at_work = match lease.by {
        By::Ours(index) => before.isolates[usize::from(index)].work.is_leased_load(),
        By::Nobody | By::Other => false,
    };
    let may_expire = !lease.is_endless && (!is_at_work || kind == Leases::ExpireEarly);
    if lease.by != By::Nobody && may_expire {
        let mut state = before;
        state.redis.lease = Lease::default();
        next.push(Step::World(Event::LeaseExpires), state);
    }
    if lease.by == By::Nobody && kind == Leases::Endless && before.left.losses > 0 {
        let mut state = before;
        state.left.losses -= 1;
        state.redis.lease = Lease { by: By::Other, is_endless: true };
        next.push(Step::World(Event::EndlessLeaseIsLeft), state);
    }
}

fn losses(next: &mut Next<'_>) {
    let faults = next.environment.faults;
    if faults.eviction {
        lose(next, Event::VersionIsEvicted, false, |data| data.version = Published::default());
        lose(next, Event::SnapshotIsEvicted, false, |data| data.snapshot = Snapshot::default());
        lose(next, Event::ListingIsEvicted, false, |data| data.listing = Listing::default());
        lose(next, Event::ControlIsEvicted, true, |data| data.control = Record::default());
    }
    if faults.flush {
        lose(next, Event::RedisIsFlushed, true, |data| *data = Data::default());
    }
    if faults.failover {
        let last = next.before.redis.before[0];
        lose(next, Event::RedisFailsOver, true, |data| *data = last);
    }
    if faults.restore {
        let dump = next.before.redis.before[1];
        lose(next, Event::DumpIsRestored, true, |data| *data = dump);
    }
}

/// Redis loses something; what judges all the rest, if `all`, and then leases too.
fn lose(next: &mut Next<'_>, event: Event, all: bool, loss: impl FnOnce(&mut Data)) {
    let mut state = next.before;
    loss(&mut state.redis.data);
    if state.redis.data == next.before.redis.data {
        return;
    }
    state.left.losses -= 1;
    state.has_lost |= all;
    if matches!(event, Event::RedisIsFlushed | Event::RedisFailsOver | Event::DumpIsRestored) {
        state.redis.lease = Lease::default();
    }
    if event == Event::RedisFailsOver {
        state.has_failed_over = true;
        // All copies are what the new primary is.
        state.redis.before = [state.redis.data, state.redis.before[1]];
    }
    next.push(Step::World(event), state);
}
