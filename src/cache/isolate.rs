//! One isolate: the ground that every part of the cache is handed.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    rc::Rc,
    time::Duration,
};

use futures_util::future::{Either, select};

use super::{
    state::State,
    telemetry::{self, Counter, Event},
};
use crate::{
    catalog::KeySpace,
    config::{Mode, Policy},
    ports::{Clock, Ports, Timestamp},
};

/// The ports, the policy, the keys, and what the isolate knows. It is shared by requests, so its state is plain data and
/// is never borrowed across an await.
#[derive(Debug)]
pub(super) struct Isolate {
    pub(super) ports: Ports,
    pub(super) policy: Policy,
    pub(super) keys: KeySpace,
    pub(super) state: RefCell<State>,
    /// What KV's key said last of the mode, and when it was asked.
    pub(super) mode_in_kv: Cell<ModeInKv>,
}

/// What KV's key said last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ModeInKv {
    /// The mode, if it named one.
    pub(super) mode: Option<Mode>,
    /// Whether it named something else.
    pub(super) is_nonsense: bool,
    /// When it was asked.
    pub(super) at: Timestamp,
}

impl Isolate {
    /// An isolate that knows nothing yet.
    pub(super) fn new(ports: Ports, policy: Policy, keys: KeySpace) -> Rc<Self> {
        let state = RefCell::new(State::new(policy.memory_max_bytes, ports.clock.now()));
        Rc::new(Self { ports, policy, keys, state, mode_in_kv: Cell::default() })
    }

    /// Now, by this Worker's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// What is done with the tiers now.
    pub(super) fn mode(&self) -> Mode {
        self.mode_in_kv.get().mode.unwrap_or(self.policy.mode)
    }

    /// Counts something once.
    pub(super) fn count(&self, counter: Counter) {
        self.state.borrow_mut().counters.count(counter);
    }

    /// Logs an event.
    pub(super) fn log(&self, event: &Event<'_>) {
        telemetry::write(&*self.ports.log, event);
    }
}

#[cfg(test)]
impl Isolate {
    /// An isolate in a world of fakes, for tests of single decisions.
    pub(super) fn of(world: &crate::support::isolate::World) -> Rc<Self> {
        let ports = Ports {
            colo: Rc::new(world.colo.clone()),
            redis: Rc::new(world.redis.client()),
            kv: Rc::new(world.kv.clone()),
            origin: Rc::new(world.origin.clone()),
            front: Rc::new(world.front.clone()),
            clock: Rc::new(crate::support::sim::SimClock { sim: world.sim.clone(), skew_ms: 0 }),
            log: Rc::new(crate::support::isolate::Lines::default()),
        };
        Self::new(ports, world.policy.clone(), world.keys.clone())
    }
}

/// Waits for a future, but not for longer than `limit`.
pub(super) async fn within<T>(
    clock: &dyn Clock,
    limit: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    match select(std::pin::pin!(future), clock.sleep(limit)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

/// The longest pause between two looks.
const PAUSE_MAX: Duration = Duration::from_millis(250);

/// Looks at plain state until a look finds something, with a timer of the caller's own in between: nobody waits on
/// another request's future (docs/platform.md, "Requests do not share I/O"). Pauses grow by half, so that what is soon there is
/// soon found and what takes seconds takes few timers. Every look decides by itself when to give up.
pub(super) async fn poll<T>(
    clock: &dyn Clock,
    first: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> T {
    let mut pause = first;
    loop {
        if let Some(found) = look() {
            return found;
        }
        clock.sleep(pause).await;
        let half = pause.checked_div(2).unwrap_or_default();
        pause = pause.saturating_add(half).min(PAUSE_MAX);
    }
}
