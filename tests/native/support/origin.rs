//! An origin in memory: a catalog that changes, and fails.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use async_trait::async_trait;
use model_catalog_edge::{
    catalog::{Snapshot, Source},
    ports::{Load, Origin, OriginError},
};

use super::{
    catalog::{offered, provided, registry},
    redis::Fault,
    sim::Sim,
};

/// The database; every isolate asks the same one.
#[derive(Clone)]
pub struct FakeOrigin {
    pub sim: Sim,
    pub fault: Rc<Cell<Fault>>,
    /// Which version the catalog is at.
    pub version: Rc<Cell<u64>>,
    /// What it holds instead, where a test says so.
    pub held: Rc<RefCell<Option<Rc<Snapshot>>>>,
    /// How many models it has.
    pub models: Rc<Cell<u64>>,
    /// How many offers the largest of them has.
    pub offers_max: Rc<Cell<u64>>,
    /// Times a whole read takes.
    pub latency_ms: Rc<Cell<u64>>,
    /// Who asks.
    pub group: u64,
    /// How many providers there are.
    pub providers: Rc<Cell<u64>>,
    /// The sources that fail though others do not.
    pub failing: Rc<RefCell<Vec<Source>>>,
    /// How often it was probed.
    pub probes: Rc<Cell<u64>>,
    /// Every load.
    pub loads: Rc<RefCell<Vec<Loading>>>,
}

/// A load, while it runs and after.
#[derive(Clone, Copy, Debug)]
pub struct Loading {
    pub group: u64,
    pub source: Source,
    pub begun: u64,
    pub ended: Option<u64>,
}

/// Notes the end of a load, however it ends.
struct Running {
    origin: FakeOrigin,
    index: usize,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.origin.loads.borrow_mut()[self.index].ended = Some(self.origin.sim.now().0);
    }
}

impl FakeOrigin {
    pub fn new(sim: &Sim) -> Self {
        Self {
            sim: sim.clone(),
            fault: Rc::default(),
            version: Rc::new(Cell::new(1)),
            held: Rc::default(),
            models: Rc::new(Cell::new(10)),
            offers_max: Rc::new(Cell::new(5)),
            latency_ms: Rc::new(Cell::new(100)),
            group: 0,
            providers: Rc::new(Cell::new(3)),
            failing: Rc::default(),
            probes: Rc::default(),
            loads: Rc::default(),
        }
    }

    /// A change of the catalog.
    pub fn change(&self) {
        self.version.set(self.version.get() + 1);
    }
}

#[async_trait(?Send)]
impl Origin for FakeOrigin {
    async fn load(&self, source: Source, _timeout: Duration) -> Result<Load, OriginError> {
        self.sim.spend(|spent| spent.loads += 1);
        let begun = self.sim.now().0;
        let index = self.loads.borrow().len();
        self.loads.borrow_mut().push(Loading { group: self.group, source, begun, ended: None });
        let _running = Running { origin: self.clone(), index };
        let refused = |status, code: &str| OriginError::Refused { status, code: code.to_owned() };
        let latency = match self.fault.get() {
            Fault::Hung => std::future::pending().await,
            Fault::Error | Fault::LostAnswer => return Err(OriginError::Unreachable),
            Fault::Limited | Fault::Quota => return Err(refused(429, "")),
            Fault::Corrupt => {
                return Err(OriginError::CountMismatch { expected: 10, distinct: 5 });
            }
            Fault::Slow(ms) => ms,
            Fault::None => self.latency_ms.get(),
        };
        if self.failing.borrow().contains(&source) {
            return Err(OriginError::Unreachable);
        }
        // What is read is what was there when the read began; it arrives later.
        let held = self.held.borrow().as_deref().cloned();
        let snapshot: Snapshot = match source {
            Source::Registry => registry(self.providers.get()),
            Source::Provider(slug) => provided(self.version.get(), slug, self.models.get()),
            _ => held.unwrap_or_else(|| {
                offered(self.version.get(), self.models.get(), self.offers_max.get())
            }),
        };
        self.sim.sleep(Duration::from_millis(latency)).await;
        let rows = snapshot.len();
        Ok(Load { snapshot, rows, requests: 2 })
    }

    async fn probe(&self, timeout: Duration) -> Result<(), OriginError> {
        self.probes.set(self.probes.get() + 1);
        match self.fault.get() {
            Fault::None | Fault::Corrupt => Ok(()),
            Fault::Hung => std::future::pending().await,
            Fault::Slow(ms) if Duration::from_millis(ms) < timeout => Ok(()),
            Fault::Slow(_) => Err(OriginError::Timeout),
            Fault::Limited | Fault::Quota => {
                Err(OriginError::Refused { status: 429, code: String::new() })
            }
            Fault::Error | Fault::LostAnswer => Err(OriginError::Unreachable),
        }
    }
}
