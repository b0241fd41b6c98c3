//! What may go wrong, what may happen how often, and which rule of the protocol is taken out.

use model_catalog_edge::config::Policy;

use crate::{
    state::{Budget, State, TTLS},
    time::Stamp,
};

/// How far the copies of Redis that answer reads are behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Copies {
    #[default]
    None,
    /// Up to two writes, all keys alike.
    Whole,
    /// Up to two writes, each key by itself.
    Torn,
}

/// What becomes of a lease besides being given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leases {
    /// It outlives a holder that died, for a while.
    #[default]
    Expire,
    /// It may expire while its holder works.
    ExpireEarly,
    /// Somebody may leave one that never does.
    Endless,
}

/// What may go wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Replies are lost, before the effect or after it.
    pub lost_replies: bool,
    pub deaths: bool,
    pub copies: Copies,
    /// KV shows what it held before the last write, of the value and of the marker each by itself.
    pub kv_lags: bool,
    pub eviction: bool,
    /// Redis loses everything, as in the backend's own invalidation.
    pub flush: bool,
    /// A copy takes over that has not seen the last write.
    pub failover: bool,
    /// An old dump is restored.
    pub restore: bool,
    pub leases: Leases,
    /// The clock of one isolate, or of Redis, is fast.
    pub fast_isolate: bool,
    pub fast_redis: bool,
    /// The clock of Redis goes back when a copy takes over.
    pub clock_goes_back: bool,
    /// Isolates load without the lease.
    pub unleased: bool,
    /// The cache of a data center forgets.
    pub colo_forgets: bool,
    /// It shows what was replaced.
    pub colo_lags: bool,
}

/// Who takes part besides two isolates over Redis.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts {
    pub kv: bool,
    /// Listings: isolates add and derive them, and read the backend's key.
    pub listings: bool,
    /// A second invalidator.
    pub two_invalidators: bool,
    /// Which isolates have a data center's cache, the same one.
    pub colo: [bool; 2],
}

/// A rule of the protocol that is taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Without {
    #[default]
    Nothing,
    /// 1: the epoch and the barrier under one key.
    OneControl,
    /// 1: an epoch is at least the time of its raise.
    EpochsOfTime,
    /// 2: what is known of control only grows.
    Growth,
    /// 2: a missing record changes nothing that is known.
    MissingTellsNothing,
    /// 2: a version tells of the epoch that it was read under.
    VersionsEpoch,
    /// 2: what a data center was told is learned as from any other copy.
    ToldIsLearned,
    /// 2: and what is told only grows as well.
    ToldGrows,
    /// 2: what was told is an answer for a while only.
    ToldExpires,
    /// 2: for less than memory's lifetime by what clocks differ.
    ToldExpiresSooner,
    /// 2: what was told is dated by when Redis was asked.
    ToldWhenAsked,
    /// Who asks Redis publishes again what memory has and Redis lacks.
    PublishingAgain,
    /// 3: writers lift.
    Lifting,
    /// 4: a listing is the version's by its exact expiry.
    ExactExpiry,
    /// 4: a listing of the backend's has no epoch.
    DatedByItself,
    /// 4: a data center's snapshot is found by its hash and dated by its header.
    NearDatedByItself,
    /// 6: a load belongs to the epoch of its claim's reply.
    ClaimsEpoch,
    /// 7: publishing is guarded.
    Guard,
    /// 8: every key that is renewed expires when the version says.
    RenewedExpiry,
    /// 9: an invalidation is one step. Unlinked first here.
    OneStepUnlinkedFirst,
    /// 9: the same, raised first.
    OneStepRaisedFirst,
    /// 10: control is read again when KV's marker was written.
    MarkerReadAgain,
    /// 10: until it stands still.
    MarkerUntilStill,
    /// 10: from Redis itself, not from a copy.
    MarkerFromPrimary,
    /// 10: whoever mends the marker does the same.
    MarkerMendedSo,
    /// 11: a lease without end is taken over in one step.
    TakeoverInOneStep,
}

/// One world to be searched.
#[derive(Clone, Debug)]
pub struct Environment {
    pub name: &'static str,
    pub faults: Faults,
    pub parts: Parts,
    pub left: Budget,
    pub without: Without,
    /// Which of [`TTLS`] each isolate has.
    pub ttls: [u8; 2],
    /// Whether it is asked what comes of each state once nothing goes wrong.
    pub is_live: bool,
    /// By lifetime.
    policies: [Policy; 3],
}

/// Enough for what is of interest, and few enough to be searched.
const LEFT: Budget = Budget {
    hard: 1,
    soft: 0,
    changes: 1,
    loads: 2,
    derived: 0,
    listings: 0,
    ticks: 0,
    spells: 0,
    deaths: 0,
    lost: 0,
    losses: 0,
};

impl Environment {
    /// Two isolates and an invalidator over a Redis where nothing goes wrong.
    pub fn new(name: &'static str) -> Self {
        let policies = TTLS.map(|ttl| Policy { ttl, ..Policy::default() });
        Self {
            name,
            faults: Faults::default(),
            parts: Parts::default(),
            left: LEFT,
            without: Without::Nothing,
            ttls: [0, 0],
            is_live: true,
            policies,
        }
    }

    pub fn with(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    pub fn parts(mut self, parts: Parts) -> Self {
        self.parts = parts;
        self
    }

    pub fn left(mut self, change: impl FnOnce(&mut Budget)) -> Self {
        change(&mut self.left);
        self
    }

    pub fn without(mut self, rule: Without) -> Self {
        self.without = rule;
        self
    }

    pub fn ttls(mut self, ttls: [u8; 2]) -> Self {
        self.ttls = ttls;
        self
    }

    pub fn lacks(&self, rule: Without) -> bool {
        self.without == rule
    }

    pub fn policy(&self, isolate: usize) -> &Policy {
        &self.policies[usize::from(self.ttls[isolate])]
    }

    /// What an isolate's clock shows.
    pub fn clock(&self, isolate: usize, now: Stamp) -> Stamp {
        if self.faults.fast_isolate && isolate == 1 { now.fast() } else { now }
    }

    /// What the clock of Redis shows.
    pub fn redis_clock(&self, state: &State) -> Stamp {
        let goes_back = self.faults.clock_goes_back && state.has_failed_over;
        if self.faults.fast_redis && !goes_back { state.now.fast() } else { state.now }
    }

    /// Whether what Redis held before the last writes is of interest.
    pub fn is_remembered(&self) -> bool {
        self.faults.copies != Copies::None || self.faults.failover
    }

    /// Whether it makes no difference which isolate is which.
    pub fn is_symmetric(&self) -> bool {
        let (ttls, colo) = (self.ttls, self.parts.colo);
        !self.faults.fast_isolate && ttls[0] == ttls[1] && colo[0] == colo[1]
    }

    /// Whether a lease may end while its holder works.
    pub fn may_lose_leases(&self) -> bool {
        let Faults { flush, failover, restore, leases, .. } = self.faults;
        flush || failover || restore || leases == Leases::ExpireEarly
    }

    /// Whether any isolate has a data center's cache.
    pub fn has_colo(&self) -> bool {
        self.parts.colo != [false; 2]
    }

    /// Where searches begin: with nothing anywhere, and with something published.
    pub fn begin(&self) -> [State; 2] {
        [State::cold(self.left), State::warm(self.left)]
    }
}
