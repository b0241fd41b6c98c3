//! The planet's catalog as it changes, and the origin that gives it.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::Duration,
};

use async_trait::async_trait;
use model_catalog_edge::{
    catalog::{Scope, Snapshot, Source},
    ports::{Load, Origin, OriginError},
};
use serde_json::value::RawValue;

use crate::planet::report::meter::{Kind, Meter, Who};
use crate::support::{self, redis::Fault, sim::Sim, vectors};

/// A load of a thousand rows and more takes about as long.
const LATENCY: Duration = Duration::from_millis(700);
const SMALL_MODELS: u64 = 20;
/// Thousands of isolates hold a snapshot each: of the golden vectors' catalog they have a quarter, for them to fit into a
/// developer's machine.
const ONE_MODEL_IN: usize = 4;

/// Every content that the catalog ever had.
#[derive(Default)]
pub struct History {
    base: String,
    current: Option<Snapshot>,
    /// Which content a hash is of, counted from 0.
    by_hash: HashMap<u64, usize>,
    /// When each content was replaced, in ms.
    replaced: Vec<u64>,
}

impl History {
    pub fn new(is_full_size: bool) -> Self {
        let base = if is_full_size {
            let all = vectors::text(
                "mid/expected/gw:models:unique:filtered:inactive:minp1:sortname:desc.json",
            );
            let models: Vec<&RawValue> = serde_json::from_str(&all).unwrap();
            let taken = models.iter().step_by(ONE_MODEL_IN).map(|model| model.get());
            format!("[{}]", taken.collect::<Vec<&str>>().join(","))
        } else {
            support::catalog::snapshot(1, SMALL_MODELS).text().to_string()
        };
        let mut history = Self { base, ..Self::default() };
        history.read();
        history
    }

    fn read(&mut self) {
        let number = self.replaced.len();
        let text = self.base.replacen("\"name\":\"", &format!("\"name\":\"{number}: "), 1);
        let snapshot = Snapshot::decode(Scope::Active.into(), text).unwrap();
        self.by_hash.insert(snapshot.hash(), number);
        self.current = Some(snapshot);
    }

    /// The catalog changes.
    pub fn change(&mut self, now: u64) {
        self.replaced.push(now);
        self.read();
    }

    /// When the content with this hash was replaced; none while it is the newest.
    pub fn replaced(&self, hash: u64) -> Option<u64> {
        self.replaced.get(*self.by_hash.get(&hash)?).copied()
    }

    pub fn current(&self) -> &Snapshot {
        self.current.as_ref().unwrap()
    }

    /// How long each content lasted until `end`, in ms.
    pub fn spans(&self, begin: u64, end: u64) -> Vec<u64> {
        let ends: Vec<u64> = self.replaced.iter().copied().chain([end]).collect();
        let begins = [begin].into_iter().chain(self.replaced.iter().copied());
        begins.zip(ends).map(|(begin, end)| end.saturating_sub(begin)).collect()
    }

    /// How often it changed.
    pub fn changes(&self) -> usize {
        self.replaced.len()
    }
}

/// The database, as one isolate asks it.
#[derive(Clone)]
pub struct PlanetOrigin {
    pub sim: Sim,
    pub history: Rc<RefCell<History>>,
    pub fault: Rc<Cell<Fault>>,
    pub meter: Rc<Meter>,
    pub who: Who,
}

#[async_trait(?Send)]
impl Origin for PlanetOrigin {
    async fn load(&self, _source: Source, _timeout: Duration) -> Result<Load, OriginError> {
        let has_failed = self.fault.get() != Fault::None;
        let kind = if has_failed { Kind::FailedLoad } else { Kind::Load };
        self.meter.note(self.who, kind, 0, 0);
        if has_failed {
            self.sim.sleep(LATENCY).await;
            return Err(OriginError::Unreachable);
        }
        let snapshot = self.history.borrow().current().clone();
        self.sim.sleep(LATENCY).await;
        let rows = snapshot.len();
        Ok(Load { snapshot, rows, requests: 2 })
    }

    async fn probe(&self, _: Duration) -> Result<(), OriginError> {
        Ok(())
    }
}
