//! An isolate: a cache of its own over the ports that all share.

use std::{cell::RefCell, rc::Rc, time::Duration};

use futures_util::future::join_all;
use model_catalog_edge::{
    cache::{
        Answer, Cache, FollowUp, Outcome, Trace, Unavailable,
        protocol::{Control, Place, Version},
    },
    catalog::{KeySpace, Resource, Scope, Snapshot, Source, View},
    config::Policy,
    http::cache_status,
    ports::{Log, Ports},
};

use super::{
    colo::FakeColo,
    front::FakeFront,
    kv::FakeKv,
    origin::FakeOrigin,
    redis::FakeRedis,
    sim::{Sim, SimClock},
};

/// The source of the active scope.
pub const ACTIVE: Source = Source::Unique(Scope::Active);

/// Keeps log lines, and counts them for whoever wrote them where a simulation tells.
#[derive(Default)]
pub struct Lines(pub RefCell<Vec<String>>, pub Option<Sim>);

impl Log for Lines {
    fn write(&self, line: &str) {
        self.0.borrow_mut().push(line.to_owned());
        if let Some(sim) = &self.1 {
            sim.spend(|spent| spent.lines += 1);
        }
    }
}

/// What all isolates share.
#[derive(Clone)]
pub struct World {
    pub sim: Sim,
    /// The data center's cache, which isolates use where the policy says so.
    pub colo: FakeColo,
    pub redis: FakeRedis,
    pub kv: FakeKv,
    pub origin: FakeOrigin,
    pub front: FakeFront,
    pub policy: Policy,
    pub keys: KeySpace,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let sim = Sim::new(seed);
        Self {
            colo: FakeColo::new(&sim),
            redis: FakeRedis::new(&sim),
            kv: FakeKv::new(&sim),
            origin: FakeOrigin::new(&sim),
            front: FakeFront::new(&sim),
            policy: Policy { log_hits_one_in: 1, colo: None, ..Policy::default() },
            keys: KeySpace::new("t:"),
            sim,
        }
    }

    /// The version record of a catalog that was read `age` ago under `epoch`.
    pub fn version(&self, catalog: &Snapshot, age: Duration, epoch: u64) -> Version {
        let extent = catalog.extent();
        Version {
            v: Version::FORMAT,
            config: self.policy.fingerprint,
            at: self.sim.now().minus(age),
            ttl: u64::try_from(self.policy.ttl.as_millis()).unwrap(),
            epoch,
            backend_epoch: None,
            hash: catalog.hash(),
            n: extent.models,
            offers_max: extent.offers_max,
            bytes: catalog.text().len(),
            place: Place::Redis,
            listings: 0,
            packed: None,
            barrier_at: None,
        }
    }

    /// Puts a snapshot of the active scope into Redis, as it would be if it had been read `age` ago under `epoch`.
    pub fn put_in_redis(&self, catalog: &Snapshot, age: Duration, epoch: u64) {
        let version = self.version(catalog, age, epoch);
        let left = (self.policy.ttl + self.policy.stale).saturating_sub(age);
        self.redis.set(&self.keys.version(ACTIVE), &version.to_text(), Some(left));
        let fresh = self.policy.ttl.saturating_sub(age);
        if !fresh.is_zero() {
            let value = format!("{}\n{}", version.to_text(), catalog.text());
            self.redis.set(&self.keys.resource(&Resource::Snapshot(ACTIVE)), &value, Some(fresh));
        }
    }

    /// The same in KV, with the marker that tells of `epoch`.
    pub fn put_in_kv(&self, catalog: &Snapshot, age: Duration, epoch: u64) {
        let header = self.version(catalog, age, epoch).to_text();
        let value = format!("{header}\n{}", catalog.text());
        self.kv.set(&self.keys.resource(&Resource::Snapshot(ACTIVE)), &value, Some(&header));
        let marker = Control { epoch, ..Control::default() }.to_text();
        self.kv.set(&self.keys.marker(), &marker, Some(&marker));
    }

    pub fn isolate(&self, group: u64) -> Isolate {
        self.skewed_isolate(group, 0)
    }

    pub fn skewed_isolate(&self, group: u64, skew_ms: i64) -> Isolate {
        let log = Rc::new(Lines(RefCell::default(), Some(self.sim.clone())));
        let ports = Ports {
            colo: Rc::new(self.colo.clone()),
            redis: Rc::new(self.redis.client()),
            kv: Rc::new(self.kv.clone()),
            origin: Rc::new(FakeOrigin { group, ..self.origin.clone() }),
            front: Rc::new(self.front.clone()),
            clock: Rc::new(SimClock { sim: self.sim.clone(), skew_ms }),
            log: Rc::clone(&log) as Rc<dyn Log>,
        };
        let cache = Cache::new(ports, self.policy.clone(), self.keys.clone());
        Isolate { sim: self.sim.clone(), group, cache, log }
    }
}

/// One isolate.
#[derive(Clone)]
pub struct Isolate {
    pub sim: Sim,
    pub group: u64,
    pub cache: Cache,
    pub log: Rc<Lines>,
}

impl Isolate {
    /// A request as the Worker serves it: the answer, then the follow-ups behind it.
    pub async fn ask(&self, view: impl Into<View>) -> Result<Answer, Unavailable> {
        self.ask_traced(view.into()).await.0
    }

    async fn ask_traced(&self, view: View) -> (Result<Answer, Unavailable>, Trace) {
        let Outcome { answer, trace, follow_ups } = self.cache.lookup(view.into()).await;
        self.run_behind(follow_ups);
        (answer, trace)
    }

    /// Does what a lookup left to do, behind its answer.
    pub fn run_behind(&self, follow_ups: Vec<FollowUp>) {
        let cache = self.cache.clone();
        self.sim.spawn(self.group, async move {
            join_all(follow_ups.into_iter().map(|next| cache.run(next))).await;
        });
    }

    /// The same, with the world running until the answer is there; with how long that took.
    pub fn get(&self, view: impl Into<View>) -> (Result<Answer, Unavailable>, Duration) {
        let (answer, _, took) = self.get_traced(view);
        (answer, took)
    }

    /// The same, with what the tiers said as the header says it.
    pub fn get_traced(
        &self,
        view: impl Into<View>,
    ) -> (Result<Answer, Unavailable>, String, Duration) {
        let (begun, view) = (self.sim.now(), view.into());
        let isolate = self.clone();
        let (answer, trace) = self.sim.block_on(async move { isolate.ask_traced(view).await });
        (answer, cache_status(&trace), self.sim.now().since(begun))
    }

    /// Lets everything behind responses finish.
    pub fn settle(&self) {
        self.sim.run_for(Duration::from_secs(3));
    }
}
