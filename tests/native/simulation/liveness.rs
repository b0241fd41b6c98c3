//! How long a request may take, when there may be no answer, and that all is well again after everything.

use std::time::Duration;

use model_catalog_edge::{
    cache::{Answer, InvalidationMode, Served, Unavailable},
    catalog::WARM,
};

use super::{
    history::{History, Trouble},
    schedule::Schedule,
};
use crate::support::{catalog, isolate::World};

/// After this no breaker is open any more for a fault that ended.
const BREAKER_MS: u64 = 700_000;
/// A call that hangs goes on after the fault that made it hang is mended, in ms; who holds a lease meanwhile is waited for.
const HANGS_MS: u64 = 9_000;
/// What a request may take: each tier's deadline, and one more look for what the backend wrote.
const BUDGET_MS: u64 = 12_500;
/// How long a dead holder's lease may be waited for, in the isolate or in Redis, and what calls take on their way.
const PATIENCE_MS: u64 = 3_300;

/// How long a dead request keeps its isolate's lease.
const DEAD_MS: u64 = 2_500;

/// What a request came to that began at `begun`.
pub fn judge(
    seed: u64,
    world: &World,
    history: &History,
    deployments: u64,
    answer: &Result<Answer, Unavailable>,
    begun: u64,
) {
    let took = world.sim.now().0 - begun;
    assert!(took <= BUDGET_MS, "seed {seed}: {took} ms");
    let networks = [Trouble::Redis, Trouble::Kv, Trouble::Origin];
    let latency = world.origin.latency_ms.get();
    // Where nothing is published while the backend writes, or a copy does not show it yet, those who wait load one by one.
    let is_shared = !history.had(&[Trouble::Sync, Trouble::Lag], begun.saturating_sub(1));
    if is_shared && !history.had(&networks, begun.saturating_sub(HANGS_MS)) {
        // What died in the isolate is waited for first, and then what is nobody's in Redis.
        let is_endless = history.had(&[Trouble::Lease], begun);
        let patience = if is_endless { PATIENCE_MS + DEAD_MS } else { PATIENCE_MS };
        // Where a publication was refused, those who waited for it load once more, and what another deployment loaded is of its
        // settings.
        let most = 2 * deployments * latency + patience;
        assert!(took <= most, "seed {seed}: {took} ms where the origin takes {latency}");
    }
    if let Err(unavailable) = answer {
        // A slow origin, and a publication that was refused meanwhile, are two loads one after the other.
        let well = !history.had(&networks, begun.saturating_sub(BREAKER_MS)) && latency <= 400;
        assert!(!well, "seed {seed}: {unavailable:?} when all is well");
    }
}

impl Schedule {
    /// When all is well again, everybody gets the newest catalog, and KV's marker tells all that control does.
    pub fn recover(&mut self) {
        self.heal();
        drop(self.world.redis.data.borrow_mut().remove(&self.world.keys.sync_marker()));
        self.sim.run_for(Duration::from_millis(BREAKER_MS));
        let ours = self.isolates.iter().find(|isolate| self.is_ours(isolate.group)).cloned();
        let ours = ours.unwrap_or_else(|| self.world.isolate(u64::MAX - 1));
        let (cache, seed) = (ours.cache.clone(), self.seed);
        self.history.borrow_mut().cause(self.now());
        self.sim.block_on(async move {
            let done = cache.invalidate(InvalidationMode::Hard).await.unwrap();
            assert!(done.marked, "seed {seed}");
            let report = cache.warm(false).await;
            assert_eq!(report.error, None, "seed {seed}");
        });
        let control = self.world.redis.get(&self.world.keys.control());
        let marker = self.world.kv.newest(&self.world.keys.marker()).map(|value| value.text);
        assert_eq!(marker, control, "seed {seed}");
        self.sim.run_for(self.world.policy.memory_ttl + Duration::from_secs(10));
        let newest = self.world.origin.version.get();
        let (ours, theirs): (Vec<_>, Vec<_>) =
            self.isolates.iter().partition(|isolate| self.is_ours(isolate.group));
        for (isolate, is_ours) in
            ours.iter().map(|isolate| (isolate, true)).chain(theirs.iter().map(|of| (of, false)))
        {
            let (answer, took) = isolate.get(WARM[0]);
            let answer = answer.expect("an answer when all is well");
            let version = catalog::version(&answer.listing);
            let served = answer.served;
            assert_eq!(version, Some(newest), "seed {seed}: {served:?}, ours {is_ours}");
            if is_ours {
                assert_eq!(answer.served, Served::Hit, "seed {seed}");
                assert!(took <= Duration::from_secs(2), "seed {seed}: {took:?}");
            }
        }
    }
}
