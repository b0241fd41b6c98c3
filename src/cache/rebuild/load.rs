//! One snapshot load for everyone who waits: a lease within the isolate, one in Redis across isolates, and a
//! back-off for an origin that fails. It all works without Redis too, only less thriftily.
//!
//! Nobody waits on another request's future (PLATFORM.md §4): followers look at plain memory with their own timer.

use std::{rc::Rc, time::Duration};

use super::{
    Cache,
    answer::Unavailable,
    counters::Counter,
    entry::{Content, Entry, Freshness},
    events::Event,
    gate,
    lease::{Hold, Work},
    memory::Slot,
    redis::{self, Claim, Verdict},
    replies::Life,
    tiers::{Found, within},
};
use crate::{
    catalog::{Resource, Scope, Snapshot},
    config::Mode,
    ports::{Load, OriginError, Tier, TierError, Timestamp, millis},
};

/// A lease, in the isolate and in Redis, outlasts the load it is for by this (DESIGN.md §4: 10 s for 8 s).
const LEASE_MARGIN: Duration = Duration::from_secs(2);
/// How often a follower looks at memory.
const POLL_MEMORY: Duration = Duration::from_millis(15);
/// How often a follower looks at Redis.
const POLL_REDIS: Duration = Duration::from_millis(150);

/// What is left to do when a load is over: publish or note the failure, and give the lease back.
#[derive(Clone, Debug)]
pub struct After {
    pub(super) scope: Scope,
    pub(super) loaded: Option<Entry>,
    /// The token of the lease in Redis, if we hold it.
    pub(super) token: Option<String>,
    pub(super) verdict: Verdict,
}

impl After {
    /// Only the lease is to be given back: the origin was not asked.
    fn untouched(scope: Scope, token: String) -> Self {
        Self { scope, loaded: None, token: Some(token), verdict: Verdict::Unknown }
    }
}

/// What is wanted of a load.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoadWish {
    /// Not what was read before this.
    pub(super) not_before: Option<Timestamp>,
    /// Let in a snapshot that shrank, and ask an origin that is backed off from: an operator's word.
    pub(super) force: bool,
    /// Ask Redis for the lease; a walk in which Redis failed already does not ask again.
    pub(super) leased: bool,
}

impl Default for LoadWish {
    fn default() -> Self {
        Self { not_before: None, force: false, leased: true }
    }
}

/// How a load ended.
#[derive(Debug)]
pub(super) struct LoadEnd {
    pub(super) result: Result<Entry, Unavailable>,
    /// Where the snapshot came from; memory means another request's load.
    pub(super) from: Tier,
    pub(super) fetched: Fetched,
    pub(super) after: Option<After>,
}

/// What a load took of the origin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fetched {
    pub(super) rows: usize,
    pub(super) requests: usize,
}

/// What a look at memory comes to.
enum Turn {
    /// Somebody else's load is there, or must not be tried.
    Over(LoadEnd),
    /// Nobody is at it: we are.
    Lead(Hold),
    /// Somebody is at it.
    Wait,
}

impl LoadEnd {
    fn of(result: Result<Entry, Unavailable>, from: Tier) -> Self {
        Self { result, from, fetched: Fetched::default(), after: None }
    }

    fn unavailable(retry_after: Duration, reason: &'static str) -> Self {
        Self::of(Err(Unavailable { retry_after, reason }), Tier::Origin)
    }
}

impl Cache {
    /// A fresh snapshot of a scope.
    pub(super) async fn load(self: Rc<Self>, scope: Scope, wish: LoadWish) -> LoadEnd {
        let give_up = self.now() + self.lease();
        let hold = loop {
            match self.turn(scope, wish, give_up) {
                Turn::Over(end) => return end,
                Turn::Lead(hold) => break hold,
                Turn::Wait => self.ports.clock.sleep(POLL_MEMORY).await,
            }
        };
        self.lead(scope, wish, hold).await
    }

    /// One look at plain memory: check and set are one step.
    fn turn(&self, scope: Scope, wish: LoadWish, give_up: Timestamp) -> Turn {
        let now = self.now();
        if let Some(entry) = self.resident_snapshot(scope, wish.not_before) {
            return Turn::Over(LoadEnd::of(Ok(entry), Tier::Memory));
        }
        let mut state = self.state.borrow_mut();
        let backoff = state.backoff.entry(scope).or_default().remaining(now);
        if let Some(left) = backoff.filter(|_| !wish.force) {
            return Turn::Over(LoadEnd::unavailable(left, "backing-off"));
        }
        match state.leases.acquire(Work::Load(scope), now, self.lease()) {
            Some(hold) => Turn::Lead(hold),
            None if now < give_up => Turn::Wait,
            None => Turn::Over(LoadEnd::unavailable(Duration::from_secs(1), "busy")),
        }
    }

    fn resident_snapshot(&self, scope: Scope, not_before: Option<Timestamp>) -> Option<Entry> {
        let now = self.now();
        let mut state = self.state.borrow_mut();
        let (slot, freshness) = state.resident(&Resource::Snapshot(scope), now, &self.policy)?;
        let young = not_before.is_none_or(|not_before| slot.entry.at >= not_before);
        (freshness == Freshness::Fresh && young).then_some(slot.entry)
    }

    /// The isolate's one load: with the lease in Redis if Redis answers, without it if not.
    async fn lead(self: &Rc<Self>, scope: Scope, wish: LoadWish, hold: Hold) -> LoadEnd {
        let work = Work::Load(scope);
        let give_up = self.now() + self.lease();
        let token = format!("{:016x}{:016x}", self.ports.clock.random(), self.ports.clock.random());
        let (ours, epoch) = loop {
            // Read-only deployments take no lease, and without Redis there is none to take.
            if self.policy.mode != Mode::Active || !wish.leased {
                break (None, self.known_epoch());
            }
            let begun = self.now();
            let Ok(claim) = self.claim(scope, &token).await else {
                break (None, self.known_epoch());
            };
            self.state.borrow_mut().observe(claim.epochs, begun, self.ports.clock.now());
            let ours = claim.acquired.then(|| token.clone());
            if let Some(end) = self.spared(scope, wish, &claim).await {
                let after = ours.map(|token| After::untouched(scope, token));
                self.state.borrow_mut().leases.release(work, hold);
                return LoadEnd { after, ..end };
            }
            if claim.acquired {
                break (ours, claim.epochs.current);
            }
            if self.now() >= give_up {
                self.state.borrow_mut().leases.release(work, hold);
                return LoadEnd::unavailable(Duration::from_secs(1), "busy");
            }
            self.ports.clock.sleep(POLL_REDIS).await;
        };
        // What came before took its time; the lease must outlast the load.
        let renewed = self.state.borrow_mut().leases.renew(work, hold, self.now(), self.lease());
        let Some(hold) = renewed else {
            // Another request of this isolate took over meanwhile; what we hold in Redis must not stop it.
            let end = LoadEnd::unavailable(Duration::from_secs(1), "busy");
            return LoadEnd { after: ours.map(|token| After::untouched(scope, token)), ..end };
        };
        let end = self.load_from_origin(scope, ours, epoch, wish.force).await;
        self.state.borrow_mut().leases.release(work, hold);
        end
    }

    /// How long a lease lasts: longer than a load may take.
    fn lease(&self) -> Duration {
        self.policy.origin_timeout.saturating_add(LEASE_MARGIN)
    }

    async fn claim(&self, scope: Scope, token: &str) -> Result<Claim, TierError> {
        let timeout = self.policy.upstash_timeout;
        let now = self.now().0;
        self.redis(redis::claim(
            &*self.ports.redis,
            &self.keys,
            scope,
            token,
            self.lease(),
            now,
            timeout,
        ))
        .await
    }

    /// Whether the claim shows that the origin need not, or must not, be asked by us.
    async fn spared(
        self: &Rc<Self>,
        scope: Scope,
        wish: LoadWish,
        claim: &Claim,
    ) -> Option<LoadEnd> {
        let now = self.now();
        if let Some((failures, left)) = claim.backoff.filter(|_| !wish.force) {
            let mut state = self.state.borrow_mut();
            state.backoff.entry(scope).or_default().adopt(failures, left, now);
            return Some(LoadEnd::unavailable(left, "backing-off"));
        }
        let Life::Expires(_) = claim.snapshot else { return None };
        let (at, _) = self.born(claim.snapshot, now);
        if wish.not_before.is_some_and(|not_before| at < not_before) {
            return None;
        }
        match self.read_upstash(Resource::Snapshot(scope)).await {
            Found::Entry(entry) => Some(LoadEnd::of(Ok(entry), Tier::Upstash)),
            Found::Nothing | Found::Corrupt | Found::Failed(_) => None,
        }
    }

    fn known_epoch(&self) -> Option<u64> {
        self.state.borrow().epochs().and_then(|epochs| epochs.current)
    }

    /// `epoch` is the one that was read before: what an invalidation overtakes is not published (REFERENCE.md D40).
    async fn load_from_origin(
        &self,
        scope: Scope,
        token: Option<String>,
        epoch: Option<u64>,
        force: bool,
    ) -> LoadEnd {
        let begun = self.now();
        let mut fetched = Fetched::default();
        let result = match self.ask_origin(scope).await {
            Ok(load) => {
                fetched = Fetched { rows: load.rows, requests: load.requests };
                self.let_in(scope, load, force)
            }
            Err(error) => {
                if error.is_quarantine() {
                    self.quarantined(scope, error.as_str(), 0);
                }
                Err(error.as_str())
            }
        };
        let now = self.now();
        let snapshot = match result {
            Ok(snapshot) => snapshot,
            Err(reason) => {
                let (failures, length) = self.failed(scope, now);
                let verdict = Verdict::Failing(failures, length);
                let after = Some(After { scope, loaded: None, token, verdict });
                return LoadEnd { fetched, after, ..LoadEnd::unavailable(length, reason) };
            }
        };
        let entry = Entry { content: Content::Snapshot(Rc::new(snapshot)), at: begun, epoch };
        let mut state = self.state.borrow_mut();
        state.backoff.entry(scope).or_default().succeeded();
        state.keep(Resource::Snapshot(scope), Slot::new(entry.clone(), None, now));
        let loaded = Some(entry.clone());
        let after = Some(After { scope, loaded, token, verdict: Verdict::Well });
        LoadEnd { result: Ok(entry), from: Tier::Origin, fetched, after }
    }

    fn failed(&self, scope: Scope, now: Timestamp) -> (u32, Duration) {
        let random = self.ports.clock.random();
        let mut state = self.state.borrow_mut();
        let backoff = state.backoff.entry(scope).or_default();
        let length = backoff.failed(now, random);
        (backoff.failures(), length)
    }

    /// Asks the origin, within its deadline, and logs what it said.
    pub(super) async fn ask_origin(&self, scope: Scope) -> Result<Load, OriginError> {
        let (begun, limit) = (self.now(), self.policy.origin_timeout);
        self.count(Counter::OriginLoads);
        let load = self.ports.origin.load(scope, limit);
        let result =
            within(&*self.ports.clock, limit, load).await.unwrap_or(Err(OriginError::Timeout));
        let duration_ms = millis(self.now().since(begun));
        match &result {
            Ok(Load { snapshot, rows, requests }) => self.log(&Event::OriginFetch {
                scope: scope.as_str(),
                rows: *rows,
                models: snapshot.len(),
                requests: *requests,
                duration_ms,
            }),
            Err(error) => {
                self.count(Counter::Errors);
                self.count(Counter::OriginErrors);
                let error = error.to_string();
                self.log(&Event::OriginError { scope: scope.as_str(), error, duration_ms });
            }
        }
        result
    }

    fn let_in(&self, scope: Scope, load: Load, force: bool) -> Result<Snapshot, &'static str> {
        let last_good = self.state.borrow().last_good(scope).map(|good| good.models);
        let models = load.snapshot.len();
        gate::judge(models, last_good, force).map(|()| load.snapshot).map_err(|refused| {
            self.quarantined(scope, refused.as_str(), models);
            refused.as_str()
        })
    }

    fn quarantined(&self, scope: Scope, reason: &str, models: usize) {
        self.count(Counter::Quarantined);
        self.log(&Event::Quarantined { scope: scope.as_str(), reason, models });
    }
}
