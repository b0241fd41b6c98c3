//! A KV namespace in memory that is eventually consistent: a reader may see what was there up to a minute ago.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

use async_trait::async_trait;
use model_catalog_edge::ports::{Kv, TierError};

use super::{redis::Fault, sim::Sim};

/// A value and its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvValue {
    pub text: String,
    /// JSON.
    pub metadata: Option<String>,
}

type Versions = Vec<(u64, KvValue)>;

/// The namespace; every isolate reads the same one, each in its own place.
#[derive(Clone)]
pub struct FakeKv {
    sim: Sim,
    pub fault: Rc<Cell<Fault>>,
    pub versions: Rc<RefCell<BTreeMap<String, Versions>>>,
    /// How late writes may be seen.
    pub lag_ms: Rc<Cell<u64>>,
    /// `get`, `put` and `list` with their keys.
    pub calls: Rc<RefCell<Vec<String>>>,
}

impl FakeKv {
    pub fn new(sim: &Sim) -> Self {
        Self {
            sim: sim.clone(),
            fault: Rc::default(),
            versions: Rc::default(),
            lag_ms: Rc::default(),
            calls: Rc::default(),
        }
    }

    pub fn set(&self, key: &str, text: &str, metadata: Option<&str>) {
        let metadata = metadata.map(str::to_owned);
        let value = KvValue { text: text.to_owned(), metadata };
        self.versions
            .borrow_mut()
            .entry(key.to_owned())
            .or_default()
            .push((self.sim.now().0, value));
    }

    pub fn newest(&self, key: &str) -> Option<KvValue> {
        self.versions.borrow().get(key)?.last().map(|(_, value)| value.clone())
    }

    fn seen(&self, key: &str) -> Option<KvValue> {
        let lag = self.lag_ms.get();
        let lag = if lag == 0 { 0 } else { self.sim.below(lag) };
        let horizon = self.sim.now().0.saturating_sub(lag);
        let versions = self.versions.borrow();
        let versions = versions.get(key)?;
        let seen = versions.iter().rev().find(|(at, _)| *at <= horizon);
        seen.map(|(_, value)| value.clone())
    }

    async fn answer(&self, call: String) -> Result<(), TierError> {
        self.sim.spend(|spent| {
            let is_write = call.starts_with("put ");
            let count = if is_write { &mut spent.kv_writes } else { &mut spent.kv_reads };
            *count += 1;
        });
        self.calls.borrow_mut().push(call);
        match self.fault.get() {
            Fault::Hung => std::future::pending().await,
            Fault::Error => Err(TierError::Unreachable),
            Fault::Limited | Fault::Quota => Err(TierError::Limited),
            Fault::Slow(ms) => {
                self.sim.sleep(Duration::from_millis(ms)).await;
                Ok(())
            }
            Fault::None | Fault::Corrupt | Fault::LostAnswer => {
                self.sim.sleep(Duration::from_millis(2)).await;
                Ok(())
            }
        }
    }
}

#[async_trait(?Send)]
impl Kv for FakeKv {
    async fn get(&self, key: &str) -> Result<Option<String>, TierError> {
        self.answer(format!("get {key}")).await?;
        let text = self.seen(key).map(|value| value.text);
        Ok(text.map(|text| match self.fault.get() {
            Fault::Corrupt => text.chars().take(text.chars().count() / 2).collect(),
            _ => text,
        }))
    }

    async fn put(
        &self,
        key: &str,
        pieces: &[&str],
        metadata: &str,
        _ttl: Option<Duration>,
    ) -> Result<(), TierError> {
        self.answer(format!("put {key}")).await?;
        self.set(key, &pieces.concat(), Some(metadata));
        if self.fault.get() == Fault::LostAnswer { Err(TierError::Timeout) } else { Ok(()) }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<(String, Option<String>)>, TierError> {
        self.answer(format!("list {prefix}")).await?;
        let names: Vec<String> = self.versions.borrow().keys().cloned().collect();
        let found = names.into_iter().filter(|name| name.starts_with(prefix));
        Ok(found.filter_map(|name| self.seen(&name).map(|value| (name, value.metadata))).collect())
    }
}
