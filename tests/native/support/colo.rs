//! The caches of data centers in memory: each forgets what is over, and can fail, be none, or give what was replaced.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::Duration,
};

use async_trait::async_trait;
use model_catalog_edge::ports::{Colo, TierError};

use super::{redis::Fault, sim::Sim};

/// What stood under a name, oldest first: from when on, until when, and the value.
type Values = Vec<(u64, u64, String)>;

/// One data center's cache; its clones are the same one.
#[derive(Clone)]
pub struct FakeColo {
    sim: Sim,
    pub fault: Rc<Cell<Fault>>,
    /// Whether anything stays there: a deployment without a domain of its own has no cache, and is not told.
    pub keeps: Rc<Cell<bool>>,
    /// How long ago what it gives was left there.
    pub lag_ms: Rc<Cell<u64>>,
    values: Rc<RefCell<HashMap<String, Values>>>,
    /// `get` and `put` with their names.
    pub calls: Rc<RefCell<Vec<String>>>,
}

impl FakeColo {
    pub fn new(sim: &Sim) -> Self {
        Self {
            sim: sim.clone(),
            fault: Rc::default(),
            keeps: Rc::new(Cell::new(true)),
            lag_ms: Rc::default(),
            values: Rc::default(),
            calls: Rc::default(),
        }
    }

    /// Everything that can be found, by name.
    pub fn found(&self) -> Vec<(String, String)> {
        let names: Vec<String> = self.values.borrow().keys().cloned().collect();
        names.into_iter().filter_map(|name| self.seen(&name).map(|value| (name, value))).collect()
    }

    pub fn set(&self, name: &str, value: &str, ttl: Duration) {
        let now = self.sim.now().0;
        let until = now + u64::try_from(ttl.as_millis()).unwrap();
        let value = (now, until, value.to_owned());
        self.values.borrow_mut().entry(name.to_owned()).or_default().push(value);
    }

    pub fn forget(&self) {
        self.values.borrow_mut().clear();
    }

    /// Forgets what was replaced and what is over, and the calls: of what it gives nothing is left there, unless it lags.
    pub fn forget_past(&self) {
        self.calls.borrow_mut().clear();
        let now = self.sim.now().0;
        let mut values = self.values.borrow_mut();
        for known in values.values_mut() {
            known.drain(..known.len().saturating_sub(1));
        }
        values.retain(|_, known| known.last().is_some_and(|(_, until, _)| *until > now));
    }

    fn seen(&self, name: &str) -> Option<String> {
        let now = self.sim.now().0;
        let horizon = now.saturating_sub(self.lag_ms.get());
        let values = self.values.borrow();
        let (_, until, value) = values.get(name)?.iter().rev().find(|(at, ..)| *at <= horizon)?;
        (*until > now).then(|| value.clone())
    }

    async fn answer(&self, call: String) -> Result<(), TierError> {
        self.sim.spend(|spent| spent.colo += 1);
        self.calls.borrow_mut().push(call);
        match self.fault.get() {
            Fault::Hung => std::future::pending().await,
            Fault::Error | Fault::Limited | Fault::Quota => Err(TierError::Unreachable),
            Fault::Slow(ms) => {
                self.sim.sleep(Duration::from_millis(ms)).await;
                Ok(())
            }
            Fault::None | Fault::Corrupt | Fault::LostAnswer => {
                self.sim.sleep(Duration::from_millis(1)).await;
                Ok(())
            }
        }
    }
}

#[async_trait(?Send)]
impl Colo for FakeColo {
    async fn get(&self, name: &str) -> Result<Option<String>, TierError> {
        self.answer(format!("get {name}")).await?;
        Ok(self.seen(name).map(|text| match self.fault.get() {
            Fault::Corrupt => text.chars().take(text.chars().count() / 2).collect(),
            _ => text,
        }))
    }

    async fn put(&self, name: &str, value: &str, ttl: Duration) -> Result<(), TierError> {
        self.answer(format!("put {name}")).await?;
        if self.keeps.get() {
            self.set(name, value, ttl);
        }
        if self.fault.get() == Fault::LostAnswer { Err(TierError::Timeout) } else { Ok(()) }
    }
}
