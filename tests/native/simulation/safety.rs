//! What is served: whole, of one version, in its time, and nothing that was invalidated; and what is published.

use std::time::Duration;

use model_catalog_edge::{
    cache::{Answer, Served, protocol::Version},
    catalog::{Resource, Scope, Selection, WARM},
    ports::Timestamp,
};

use super::{
    history::{History, Trouble},
    schedule::{MODELS, OTHER_MODELS, Schedule},
};
use crate::support::{catalog, isolate::World};

/// Skews of two machines, and what a call takes while its answer is on the way.
const SLACK: Duration = Duration::from_secs(15);
/// What KV shows may be so old.
const KV_LAG: Duration = Duration::from_secs(60);
/// What nobody can verify is a hit for so long.
const UNVERIFIED: Duration = Duration::from_secs(60);
/// A busy isolate's next request comes within this, or it is no busy one.
const IDLE: Duration = Duration::from_secs(5);

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}

/// What a request was given that began at `begun`.
pub fn judge(
    seed: u64,
    world: &World,
    history: &History,
    selection: Selection,
    models: u64,
    answer: &Answer,
    begun: u64,
) {
    let Some(version) = catalog::version(&answer.listing) else {
        let expected = catalog::count(1, models, selection);
        assert_eq!(expected, 0, "seed {seed}: {selection:?} is empty");
        return;
    };
    assert_ne!(version, 0, "seed {seed}: what never expires is nobody's");
    let whole = |models| answer.listing.len() == catalog::count(version, models, selection);
    // The other deployment takes what the backend writes, which is of our settings.
    let may_be_theirs = models == OTHER_MODELS || history.versions_were_lost;
    let is_whole = whole(models) || may_be_theirs && (whole(MODELS) || whole(OTHER_MODELS));
    assert!(is_whole, "seed {seed}: {selection:?} is not whole, or of other settings");
    judge_time(seed, world, history, version, answer, begun);
}

/// That what was served is not too old, and nothing that was cleared.
pub fn judge_time(
    seed: u64,
    world: &World,
    history: &History,
    version: u64,
    answer: &Answer,
    begun: u64,
) {
    let (policy, now) = (&world.policy, world.sim.now());
    let replaced = history.replaced.get(&version).map(|replaced| Timestamp(*replaced));
    let outdated = replaced.map_or(Duration::ZERO, |replaced| now.since(replaced));
    let bound = match answer.served {
        // A fresh listing was read within its TTL, from what was current then.
        Served::Hit | Served::Miss => policy.ttl,
        Served::Stale => policy.ttl + policy.stale,
    };
    let served = answer.served;
    assert!(outdated <= bound + SLACK, "seed {seed}: {served:?}, outdated by {outdated:?}");
    if served != Served::Stale {
        judge_cleared(seed, world, history, version, begun);
    }
}

/// What was cleared is current nowhere: within a check where all is well, and otherwise within the minute that nothing needs to be
/// verified for, and the one that KV may lag.
fn judge_cleared(seed: u64, world: &World, history: &History, version: u64, begun: u64) {
    let policy = &world.policy;
    let soon = ms(policy.memory_ttl + IDLE + SLACK);
    let late = ms(UNVERIFIED.max(policy.memory_ttl * 2) + KV_LAG + SLACK);
    for cleared in &history.cleared {
        // A copy that lags tells what was; whoever asked one has asked another within a check.
        let lagged = history.had(&[Trouble::Lag], begun.saturating_sub(soon).max(cleared.ended));
        if version >= cleared.current || lagged {
            continue;
        }
        // An isolate's breaker stays open for a while after a fault that was over when this was cleared.
        let since = cleared.ended.saturating_sub(Trouble::Redis.outlasts_ms());
        let unwell = history.had(&[Trouble::Redis], since);
        let limit = match (unwell, cleared.marked) {
            (false, _) => soon,
            (true, true) => late,
            // Who cannot reach Redis learns of it from the next one that does.
            (true, false) => continue,
        };
        let ended = cleared.ended;
        assert!(
            begun <= ended + limit,
            "seed {seed}: version {version} {} ms after {cleared:?}",
            begun - ended
        );
    }
}

impl Schedule {
    /// Nothing empty or truncated is ever published, and every value expires when its version says.
    pub fn check_published(&self) {
        for resource in [
            Resource::Snapshot(Scope::Active.into()),
            Resource::Snapshot(Scope::All.into()),
            Resource::Listing(WARM[0].into()),
        ] {
            let key = self.world.keys.resource(&resource);
            let in_kv = self.world.kv.newest(&key).map(|value| value.text);
            for (tier, text) in [("redis", self.world.redis.get(&key)), ("kv", in_kv)] {
                let Some(text) = text.filter(|text| text.contains("\"v1\"") || text.len() > 500)
                else {
                    continue;
                };
                let name = format!("{tier} {key}");
                if self.found_whole.borrow().get(&name) == Some(&text) {
                    continue;
                }
                let listing = catalog::stored(&text);
                catalog::version_of(&listing);
                let models = u64::try_from(listing.len()).unwrap();
                let expected = [MODELS, OTHER_MODELS];
                assert!(expected.contains(&models), "seed {}: {name} is not whole", self.seed);
                self.found_whole.borrow_mut().insert(name, text);
            }
        }
        self.check_expiries();
    }

    fn check_expiries(&self) {
        let key = self.world.keys.resource(&Resource::Snapshot(Scope::Active.into()));
        let Some(stored) = self.world.redis.stored(&key) else { return };
        let header = stored.text().and_then(|text| Version::split(text).map(|(header, _)| header));
        let (Some(header), Some(expires)) = (header, stored.expires) else { return };
        assert!(
            expires >= header.expires_at().0,
            "seed {}: {key} expires before its header says",
            self.seed
        );
    }

    /// One load at a time for a source: in an isolate always, among those of a deployment while leases hold.
    pub fn check_one_load_at_a_time(&self) {
        let everywhere = !self.history.borrow().leases_were_lost && self.other.is_none();
        let loads = self.world.origin.loads.borrow();
        // What ended before the last step began was looked at then.
        for (index, load) in loads.iter().enumerate().rev().take(12) {
            let overlap = loads[index + 1..].iter().find(|later| {
                later.source == load.source
                    && (everywhere || later.group == load.group)
                    && load.ended.is_none_or(|ended| later.begun < ended)
            });
            assert!(overlap.is_none(), "seed {}: {load:?} and {overlap:?}", self.seed);
        }
    }
}
