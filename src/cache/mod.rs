//! The policy: one walk over the tiers, freshness, leases, breakers, publishing, warming, invalidating, counting.
//! Everything is decided from plain state and `now`; the world is reached through the ports only.
//!
//! A failing cache tier is a miss and never an error; only the origin's failure can reach a client, and only after
//! everything stale was tried.

mod answer;
mod ask;
mod backoff;
mod breaker;
mod check;
mod counters;
mod entry;
mod events;
mod follow_up;
mod gate;
mod hedge;
mod invalidate;
mod lease;
mod load;
mod lookup;
mod memory;
mod publish;
pub mod redis;
mod refresh;
mod replies;
mod serve;
mod state;
mod statistics;
mod tiers;
mod warm;

use std::{cell::RefCell, rc::Rc};

pub use answer::{Answer, Outcome, Said, Served, Trace, Unavailable};
pub use breaker::{Breaker, State as BreakerState};
pub use counters::Counter;
pub use entry::{Content, Entry, Epochs, Freshness};
pub use follow_up::FollowUp;
pub use invalidate::{Invalidated, InvalidationMode};
pub use publish::Publication;
pub use replies::Life;
pub use statistics::Statistics;
pub use warm::{WarmReport, WarmedVariant};

use crate::{catalog::KeySpace, config::Policy, ports::Ports};
use state::State;

/// The cache of one isolate. It is shared by requests, so its state is plain data and is never borrowed across an
/// await.
#[derive(Debug)]
pub struct Cache {
    ports: Ports,
    policy: Policy,
    keys: KeySpace,
    state: RefCell<State>,
}

impl Cache {
    /// A cache with empty memory.
    pub fn new(ports: Ports, policy: Policy, keys: KeySpace) -> Rc<Self> {
        let state = RefCell::new(State::new(policy.memory_max_bytes));
        Rc::new(Self { ports, policy, keys, state })
    }

    /// The keys of this deployment.
    pub fn keys(&self) -> &KeySpace {
        &self.keys
    }

    /// Bytes that memory holds.
    pub fn memory_bytes(&self) -> usize {
        self.state.borrow().memory.bytes()
    }

    /// How often something happened in this isolate.
    pub fn counted(&self, counter: Counter) -> u64 {
        self.state.borrow().counters.get(counter)
    }
}
