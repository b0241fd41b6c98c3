//! What it costs: loads of the origin for a reason only, invocations within their bounds, busy isolates that cost next to
//! nothing, and a KV that is written seldom.

use model_catalog_edge::{
    cache::protocol::Version,
    catalog::{Scope, Source},
};

use super::{history::Trouble, schedule::Schedule};
use crate::support::{isolate::Isolate, origin::Loading, spent::Spent};

/// What an invocation was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Request,
    /// One for what several providers offer.
    All,
    Warm,
    /// One where somebody asked for what a provider offers: who the providers are is read as well.
    WarmAll,
    Clear,
}

impl Kind {
    /// How many sources it loads at the most, each once.
    fn sources(self) -> usize {
        match self {
            Self::Request | Self::Warm | Self::Clear => 1,
            Self::All | Self::WarmAll => 2,
        }
    }

    /// What so many loads ask the origin for.
    fn origin_requests(self, loads: usize) -> usize {
        match self {
            Self::Request | Self::Warm | Self::Clear => loads * LOAD_REQUESTS,
            Self::All => loads * PROVIDER_REQUESTS,
            Self::WarmAll => LOAD_REQUESTS + loads.saturating_sub(1) * PROVIDER_REQUESTS,
        }
    }
}

/// Skews of two machines, in ms.
const SKEW_MS: u64 = 10_000;
/// KV's list may be so old, in ms.
const KV_LAG_MS: u64 = 61_000;
/// Nothing is written to KV twice within this, in ms.
const REWRITTEN_AFTER_MS: u64 = 900_000;
/// What a load of 5,000 offers asks the origin for: the providers, and five pages of a thousand. That pages are asked for again,
/// tests/native/budgets.rs counts.
const LOAD_REQUESTS: usize = 6;
/// The same of a provider of a thousand models, and of who the providers are: a page, and one of prices.
const PROVIDER_REQUESTS: usize = 2;
/// What the smallest plan allows.
const SUBREQUESTS_MAX: usize = 50;

impl Schedule {
    pub fn check_costs(&self) {
        self.check_loads();
        self.check_invocations();
        self.check_kv();
    }

    /// One load for each source and TTL, unless something happened that explains another one.
    fn check_loads(&self) {
        let history = self.history.borrow();
        let loads = self.world.origin.loads.borrow();
        let ttl = u64::try_from(self.world.policy.ttl.as_millis()).unwrap() - SKEW_MS;
        for source in [Scope::Active, Scope::All].map(Source::from) {
            let of_source = |load: &&Loading| load.source == source && load.group < u64::MAX - 1;
            let ours: Vec<&Loading> = loads.iter().filter(of_source).collect();
            for pair in ours.windows(2) {
                let [previous, next] = pair else { continue };
                let foreign = self.is_ours(previous.group) != self.is_ours(next.group)
                    || self.other.is_some();
                // Who was not asked since Redis failed tries it with one request, while others go on without it.
                let overlap = previous.ended.is_none_or(|ended| next.begun < ended);
                let foreign = foreign || overlap && history.had(&[Trouble::Redis], 0);
                // Control that was lost is loaded under until somebody comes who knew it.
                let within = |at: &u64| (previous.begun..=next.begun).contains(at);
                let has_moved = self.world.redis.control_moved.borrow().iter().any(within);
                let explained = foreign
                    || has_moved
                    || next.begun - previous.begun >= ttl
                    || history.explains(previous.begun, next.begun);
                assert!(explained, "seed {}: {previous:?}, then {next:?}", self.seed);
            }
        }
    }

    fn check_invocations(&self) {
        for (id, kind) in &self.invocations {
            // Who asked is read when the run has warmed the rest.
            let asked = *kind == Kind::Warm && self.has_asked_providers;
            let kind = if asked { &Kind::WarmAll } else { kind };
            let spent = self.sim.spent(*id);
            let kv = spent.kv_reads + spent.kv_writes;
            let subrequests = spent.redis.requests + kv + kind.origin_requests(spent.loads);
            // Where a request holds one listing only, publishing takes one for each: four more than elsewhere.
            let is_split = self.world.redis.request_bytes_max.get() < usize::MAX;
            let seed = self.seed;
            let allowed = if is_split { 44 } else { 40 };
            let (allowed, most) = match kind {
                Kind::Request | Kind::Warm | Kind::Clear => (allowed, SUBREQUESTS_MAX),
                Kind::All | Kind::WarmAll => (SUBREQUESTS_MAX, SUBREQUESTS_MAX),
            };
            assert!(subrequests <= allowed, "seed {seed}: {kind:?} {spent:?}");
            let allowed = if is_split { 28 } else { 24 };
            // Who waits for two leases asks for each.
            let allowed = allowed * kind.sources();
            assert!(spent.redis.requests <= allowed, "seed {seed}: {kind:?} {spent:?}");
            // Those of a data center's cache count as well, and the smallest plan allows fifty.
            let all = subrequests + spent.colo;
            assert!(all <= most, "seed {seed}: {kind:?} {spent:?}");
            assert!(spent.lines <= 16 * kind.sources(), "seed {seed}: {kind:?} {spent:?}");
            let loads = match kind {
                Kind::Request | Kind::All | Kind::WarmAll => 2,
                Kind::Warm => 1,
                Kind::Clear => 0,
            };
            assert!(spent.loads <= loads, "seed {seed}: {kind:?} {spent:?}");
        }
    }

    /// Four minutes of an isolate that is asked each five seconds for one view.
    pub fn check_busy(&self, isolate: &Isolate, begun: u64, spent: &Spent) {
        let (history, now) = (self.history.borrow(), self.now());
        let holds_all = self.world.policy.memory_max_bytes > 1_000_000;
        // An hour's calm, so that no breaker and no back-off is left.
        let calm = !history.explains(begun.saturating_sub(3_600_000), now);
        if !holds_all || !calm || self.other.is_some() || !self.is_ours(isolate.group) {
            return;
        }
        let seed = self.seed;
        assert!(spent.loads <= 1, "seed {seed}: {spent:?}");
        // Nine checks and five flushes; a refresh is a check, a claim and what it publishes.
        let commands = 14 + 8 * spent.loads;
        assert!(spent.redis.commands <= commands, "seed {seed}: {spent:?}");
        if spent.loads == 0 {
            let bytes = spent.redis.bytes_up + spent.redis.bytes_down;
            assert!(bytes <= 20_000, "seed {seed}: {spent:?}");
        }
    }

    /// Nothing is written twice within a quarter of an hour, unless an invalidation came between.
    fn check_kv(&self) {
        let marker = self.world.keys.marker();
        for (key, writes) in
            self.world.kv.versions.borrow().iter().filter(|(key, _)| **key != marker)
        {
            let headers = writes
                .iter()
                .filter_map(|(at, value)| Some((*at, Version::read(value.metadata.as_deref()?)?)));
            let headers: Vec<(u64, Version)> = headers.collect();
            for pair in headers.windows(2) {
                let [(before, old), (after, new)] = pair else { continue };
                let same = (old.config, old.epoch) == (new.config, new.epoch);
                let soon = new.at.0.saturating_sub(old.at.0) < REWRITTEN_AFTER_MS;
                let seen = after - before > KV_LAG_MS;
                assert!(!(same && soon && seen), "seed {}: {key}: {pair:?}", self.seed);
            }
        }
    }
}
