//! What an isolate of the planet reaches the world through: the fakes, each behind what counts and delays it.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::Duration,
};

use async_trait::async_trait;
use model_catalog_edge::{
    cache::redis::{
        ADD, ASKED, CLAIM, CONTROL, COUNT, DERIVED, EXTEND, INVALIDATE, LISTING, OPERATIONS,
        PUBLISH, RELEASE, RENEW, STANDING, TALLY,
    },
    ports::{Clock, Command, Kv, Log, Ports, Redis, Reply, TierError, Timestamp, Word},
};

use crate::planet::{
    report::meter::{Kind, Meter, Who},
    world::catalog::{History, PlanetOrigin},
};
use crate::support::{
    colo::FakeColo,
    front::FakeFront,
    kv::FakeKv,
    redis::{FakeRedis, Fault},
    sim::Sim,
};

/// One call of Redis in so many is slow, by this.
const SLOW_ONE_IN: u64 = 200;
const SLOW: Duration = Duration::from_millis(300);

/// What all isolates of a planet share.
#[derive(Clone)]
pub struct Shared {
    pub sim: Sim,
    pub redis: FakeRedis,
    pub kv: FakeKv,
    pub history: Rc<RefCell<History>>,
    pub origin_fault: Rc<Cell<Fault>>,
    pub meter: Rc<Meter>,
    kinds: Rc<HashMap<String, Kind>>,
    /// The caches of data centers.
    colos: Rc<Vec<FakeColo>>,
}

impl Shared {
    pub fn new(seed: u64, is_full_size: bool, colos: usize) -> Self {
        let sim = Sim::new(seed);
        let (redis, kv) = (FakeRedis::new(&sim), FakeKv::new(&sim));
        kv.lag_ms.set(60_000);
        Self {
            redis,
            kv,
            history: Rc::new(RefCell::new(History::new(is_full_size))),
            origin_fault: Rc::default(),
            meter: Rc::default(),
            kinds: Rc::new(scripts()),
            colos: Rc::new((0..colos).map(|_| FakeColo::new(&sim)).collect()),
            sim,
        }
    }

    /// All that an isolate is handed: the one place where the planet decides where cached data is read from. `distance` is how
    /// long a call of Redis is on its way; `ahead` sets the isolate's clock forward while it is asked what it would do then.
    pub fn ports(&self, who: Who, colo: usize, distance: Duration, ahead: &Rc<Cell<u64>>) -> Ports {
        let meter = Rc::clone(&self.meter);
        let (sim, is_asked) = (self.sim.clone(), Rc::clone(ahead));
        let kinds = Rc::clone(&self.kinds);
        Ports {
            colo: Rc::new(self.colos[colo].clone()),
            redis: Rc::new(MeteredRedis {
                inner: self.redis.client(),
                sim: self.sim.clone(),
                meter: Rc::clone(&meter),
                kinds,
                who,
                distance,
            }),
            kv: Rc::new(MeteredKv { inner: self.kv.clone(), meter: Rc::clone(&meter), who }),
            origin: Rc::new(PlanetOrigin {
                sim: self.sim.clone(),
                history: Rc::clone(&self.history),
                fault: Rc::clone(&self.origin_fault),
                meter: Rc::clone(&meter),
                who,
            }),
            front: Rc::new(FakeFront::new(&self.sim)),
            clock: Rc::new(PlanetClock { sim, ahead: Rc::clone(ahead) }),
            log: Rc::new(MeteredLog { meter, who, is_asked }),
        }
    }

    /// Forgets what the fakes remember for tests that look at it.
    pub fn forget(&self) {
        self.redis.calls.borrow_mut().clear();
        self.kv.calls.borrow_mut().clear();
        self.colos.iter().for_each(FakeColo::forget_past);
        self.sim.forget_spent();
        let horizon = self.sim.now().0.saturating_sub(120_000);
        for versions in self.kv.versions.borrow_mut().values_mut() {
            let seen = versions.iter().rposition(|(at, _)| *at <= horizon).unwrap_or(0);
            versions.drain(..seen);
        }
    }
}

/// The kinds of scripts, by their text as it is sent.
fn scripts() -> HashMap<String, Kind> {
    let sent = |script: &str| {
        let lines = script.lines().map(str::trim_start);
        let code = lines.filter(|line| !line.starts_with("--") && !line.is_empty());
        code.collect::<Vec<&str>>().join("\n")
    };
    let kinds = [
        (CLAIM, Kind::Claim),
        (PUBLISH, Kind::Publish),
        (ADD, Kind::Derived),
        (RENEW, Kind::Renew),
        (INVALIDATE, Kind::Control),
        (CONTROL, Kind::Control),
        (RELEASE, Kind::Lease),
        (EXTEND, Kind::Lease),
        (LISTING, Kind::Listing),
        (DERIVED, Kind::Look),
        (COUNT, Kind::Flush),
        (TALLY, Kind::Look),
        (ASKED, Kind::Report),
        (OPERATIONS, Kind::Report),
        (STANDING, Kind::Look),
    ];
    kinds.into_iter().map(|(script, kind)| (sent(script), kind)).collect()
}

struct MeteredRedis {
    inner: FakeRedis,
    sim: Sim,
    meter: Rc<Meter>,
    kinds: Rc<HashMap<String, Kind>>,
    who: Who,
    distance: Duration,
}

impl MeteredRedis {
    fn kind(&self, command: &Command) -> Kind {
        let word = |index: usize| command.get(index).map(Word::to_string).unwrap_or_default();
        match (word(0).as_str(), command.last()) {
            ("MGET", Some(last)) if last.to_string().contains(":snapshot:") => Kind::Snapshot,
            ("MGET", _) => Kind::Check,
            ("EVAL" | "EVAL_RO", _) => *self.kinds.get(&word(1)).expect("one of our scripts"),
            ("SET", _) => Kind::Report,
            _ => Kind::Control,
        }
    }
}

#[async_trait(?Send)]
impl Redis for MeteredRedis {
    async fn pipeline(
        &self,
        commands: Vec<Command>,
        timeout: Duration,
    ) -> Result<Vec<Reply>, TierError> {
        let asked: Vec<(Kind, usize)> = commands
            .iter()
            .map(|command| (self.kind(command), command.iter().map(Word::len).sum()))
            .collect();
        let is_slow = self.sim.below(SLOW_ONE_IN) == 0;
        let delay = if is_slow { self.distance + SLOW } else { self.distance };
        self.sim.sleep(delay).await;
        let result = self.inner.pipeline(commands, timeout).await;
        let mut first = None;
        for (index, (kind, up)) in asked.into_iter().enumerate() {
            let reply = result.as_ref().ok().and_then(|replies| replies.get(index));
            let kind = if kind == Kind::Claim && !is_usable(reply) { Kind::Wait } else { kind };
            first = first.or(Some(kind));
            // Who got no reply was not connected: nothing is billed.
            if let Some(reply) = reply {
                self.meter.note(self.who, kind, up, text_bytes(reply));
            }
        }
        if let Some(kind) = first.filter(|_| result.is_ok()) {
            self.meter.note_request(self.who, kind);
        }
        result
    }
}

/// Whether a claim's reply gives the lease, and tells of no failures of the origin.
fn is_usable(reply: Option<&Reply>) -> bool {
    let Some(Reply::Array(parts)) = reply else { return false };
    let has_failed = matches!(parts.get(3), Some(Reply::Text(failures)) if !matches!(failures.as_str(), "" | "0"));
    parts.first() == Some(&Reply::Integer(1)) && !has_failed
}

fn text_bytes(reply: &Reply) -> usize {
    match reply {
        Reply::Nil => 0,
        Reply::Integer(value) => value.to_string().len(),
        Reply::Text(text) | Reply::Error(text) => text.len(),
        Reply::Array(items) => items.iter().map(text_bytes).sum(),
    }
}

struct MeteredKv {
    inner: FakeKv,
    meter: Rc<Meter>,
    who: Who,
}

#[async_trait(?Send)]
impl Kv for MeteredKv {
    async fn get(&self, key: &str) -> Result<Option<String>, TierError> {
        let got = self.inner.get(key).await;
        let bytes = got.as_ref().ok().and_then(Option::as_ref).map_or(0, String::len);
        self.meter.note(self.who, Kind::KvRead, 0, bytes);
        got
    }

    async fn put(
        &self,
        key: &str,
        pieces: &[&str],
        metadata: &str,
        ttl: Option<Duration>,
    ) -> Result<(), TierError> {
        let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
        self.meter.note(self.who, Kind::KvWrite, bytes + metadata.len(), 0);
        self.inner.put(key, pieces, metadata, ttl).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<(String, Option<String>)>, TierError> {
        self.meter.note(self.who, Kind::KvList, 0, 0);
        self.inner.list(prefix).await
    }
}

/// The world's clock, which can be set forward.
struct PlanetClock {
    sim: Sim,
    ahead: Rc<Cell<u64>>,
}

#[async_trait(?Send)]
impl Clock for PlanetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.sim.now().0 + self.ahead.get())
    }

    async fn sleep(&self, duration: Duration) {
        self.sim.sleep(duration).await;
    }

    fn random(&self) -> u64 {
        self.sim.random()
    }
}

/// Counts lines, but for those of what is only asked.
struct MeteredLog {
    meter: Rc<Meter>,
    who: Who,
    is_asked: Rc<Cell<u64>>,
}

impl Log for MeteredLog {
    fn write(&self, _line: &str) {
        if self.is_asked.get() == 0 {
            self.meter.note(self.who, Kind::LogLine, 0, 0);
        }
    }
}
