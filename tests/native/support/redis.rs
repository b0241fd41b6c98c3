//! A Redis in memory that knows the commands the cache uses, with expiry on virtual time. The three scripts are
//! recognized by their text and done natively; what the real ones do, the specs over a real Redis show.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

use async_trait::async_trait;
use model_catalog_edge::{
    cache::redis::{PUBLISH, RAISE, RELEASE},
    ports::{Command, Redis, Reply, TierError},
};

use super::sim::Sim;

/// How a fake tier behaves just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// As it should, after this many milliseconds.
    #[default]
    None,
    /// As it should, only late.
    Slow(u64),
    /// Never answers.
    Hung,
    /// No connection.
    Error,
    /// Does it, and says it failed: the answer got lost.
    LostAnswer,
    /// What it says is broken.
    Corrupt,
    /// Too many requests.
    Limited,
    /// The plan is used up.
    Quota,
}

/// A value and when it expires.
#[derive(Clone, Debug)]
pub struct Stored {
    pub text: String,
    pub expires: Option<u64>,
}

/// The server; every isolate talks to the same one.
#[derive(Clone)]
pub struct FakeRedis {
    sim: Sim,
    pub fault: Rc<Cell<Fault>>,
    pub data: Rc<RefCell<BTreeMap<String, Stored>>>,
    hashes: Rc<RefCell<BTreeMap<String, BTreeMap<String, i64>>>>,
    /// Every pipeline, as its commands' first two words.
    pub calls: Rc<RefCell<Vec<Vec<String>>>>,
}

impl FakeRedis {
    pub fn new(sim: &Sim) -> Self {
        Self {
            sim: sim.clone(),
            fault: Rc::default(),
            data: Rc::default(),
            hashes: Rc::default(),
            calls: Rc::default(),
        }
    }

    /// Sets a value as the backend would.
    pub fn set(&self, key: &str, text: &str, ttl: Option<Duration>) {
        let expires = ttl.map(|ttl| self.sim.now().0 + u64::try_from(ttl.as_millis()).unwrap());
        let stored = Stored { text: text.to_owned(), expires };
        self.data.borrow_mut().insert(key.to_owned(), stored);
    }

    pub fn get(&self, key: &str) -> Option<String> {
        let now = self.sim.now().0;
        let mut data = self.data.borrow_mut();
        if data.get(key).is_some_and(|stored| stored.expires.is_some_and(|at| at <= now)) {
            data.remove(key);
        }
        data.get(key).map(|stored| stored.text.clone())
    }

    pub fn keys(&self) -> Vec<String> {
        let names: Vec<String> = self.data.borrow().keys().cloned().collect();
        names.into_iter().filter(|name| self.get(name).is_some()).collect()
    }

    pub fn flush(&self) {
        self.data.borrow_mut().clear();
        self.hashes.borrow_mut().clear();
    }

    fn pttl(&self, key: &str) -> i64 {
        if self.get(key).is_none() {
            return -2;
        }
        let expires = self.data.borrow()[key].expires;
        expires.map_or(-1, |at| i64::try_from(at - self.sim.now().0).unwrap())
    }

    fn increment(&self, key: &str) -> i64 {
        let value = self.get(key).map_or(0, |text| text.parse::<i64>().unwrap()) + 1;
        self.set(key, &value.to_string(), None);
        value
    }

    fn apply(&self, command: &Command) -> Reply {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let text = |value: Option<String>| value.map_or(Reply::Nil, Reply::Text);
        match words.as_slice() {
            ["GET", key] => text(self.get(key)),
            ["PTTL", key] => Reply::Integer(self.pttl(key)),
            ["EXISTS", key] => Reply::Integer(i64::from(self.get(key).is_some())),
            ["SET", key, value] => {
                self.set(key, value, None);
                Reply::Text("OK".into())
            }
            ["SET", key, value, "NX"] => self.set_absent(key, value, None),
            ["SET", key, value, "NX", "PX", ttl] => self.set_absent(key, value, Some(ttl)),
            ["SET", key, value, "PX", ttl] => {
                self.set(key, value, Some(Duration::from_millis(ttl.parse().unwrap())));
                Reply::Text("OK".into())
            }
            ["DEL" | "UNLINK", keys @ ..] => {
                let there = keys.iter().filter(|key| self.get(key).is_some()).count();
                for key in keys {
                    self.data.borrow_mut().remove(*key);
                }
                Reply::Integer(i64::try_from(there).unwrap())
            }
            ["SCAN", "0", "MATCH", pattern, "COUNT", _] => {
                let prefix = pattern.strip_suffix('*').unwrap();
                let found = self.keys().into_iter().filter(|key| key.starts_with(prefix));
                let found = found.map(Reply::Text).collect();
                Reply::Array(vec![Reply::Text("0".into()), Reply::Array(found)])
            }
            ["HINCRBY", key, field, by] => {
                let mut hashes = self.hashes.borrow_mut();
                let fields = hashes.entry((*key).to_owned()).or_default();
                let value = fields.entry((*field).to_owned()).or_default();
                *value += by.parse::<i64>().unwrap();
                Reply::Integer(*value)
            }
            ["HGETALL", key] => {
                let hashes = self.hashes.borrow();
                let fields = hashes.get(*key).cloned().unwrap_or_default();
                let pairs = fields
                    .into_iter()
                    .flat_map(|(name, value)| [Reply::Text(name), Reply::Text(value.to_string())]);
                Reply::Array(pairs.collect())
            }
            ["EVAL", script, ..] if *script == PUBLISH => self.publish(&words[2..]),
            ["EVAL", script, "1", key, token] if *script == RELEASE => {
                let ours = self.get(key).as_deref() == Some(token);
                if ours {
                    self.data.borrow_mut().remove(*key);
                }
                Reply::Integer(i64::from(ours))
            }
            ["EVAL", script, "3", epoch, barrier, fence, now, hard, fence_ms]
                if *script == RAISE =>
            {
                self.set_absent(epoch, now, None);
                let raised = self.increment(epoch);
                if *hard == "1" {
                    self.set(barrier, &raised.to_string(), None);
                }
                match fence_ms.parse().unwrap() {
                    0 => drop(self.data.borrow_mut().remove(*fence)),
                    ms => self.set(fence, "1", Some(Duration::from_millis(ms))),
                }
                Reply::Integer(raised)
            }
            other => panic!("the fake Redis does not know {other:?}"),
        }
    }

    fn set_absent(&self, key: &str, value: &str, ttl_ms: Option<&str>) -> Reply {
        if self.get(key).is_some() {
            return Reply::Nil;
        }
        self.set(key, value, ttl_ms.map(|ms| Duration::from_millis(ms.parse().unwrap())));
        Reply::Text("OK".into())
    }

    fn publish(&self, words: &[&str]) -> Reply {
        let count: usize = words[0].parse().unwrap();
        let (keys, args) = words[1..].split_at(count);
        let (epoch, life) = (args[0], args[1].parse::<i64>().unwrap());
        let fenced = self.get(keys[1]).is_some();
        let refused = if fenced || self.get(keys[0]).unwrap_or_default() != epoch {
            Some("moved")
        } else if self.get(keys[2]).is_some() {
            Some("syncing")
        } else if self.pttl(keys[3]) > life {
            Some("newer")
        } else {
            None
        };
        if refused.is_none() {
            let life = Duration::from_millis(u64::try_from(life).unwrap());
            for (key, value) in keys[3..].iter().zip(&args[2..]) {
                self.set(key, value, Some(life));
            }
        }
        Reply::Text(refused.unwrap_or("published").into())
    }
}

#[async_trait(?Send)]
impl Redis for FakeRedis {
    async fn pipeline(
        &self,
        commands: Vec<Command>,
        _timeout: Duration,
    ) -> Result<Vec<Reply>, TierError> {
        let call = |command: &Command| match command[0].as_str() {
            "EVAL" => "EVAL".to_owned(),
            _ => command.iter().take(2).cloned().collect::<Vec<String>>().join(" "),
        };
        self.calls.borrow_mut().push(commands.iter().map(call).collect());
        let fault = self.fault.get();
        match fault {
            Fault::Hung => std::future::pending::<()>().await,
            Fault::Error => return Err(TierError::Unreachable),
            Fault::Limited => return Err(TierError::Limited),
            Fault::Quota => return Err(TierError::Quota),
            Fault::Slow(ms) => self.sim.sleep(Duration::from_millis(ms)).await,
            Fault::None | Fault::LostAnswer | Fault::Corrupt => {}
        }
        let mut replies = Vec::new();
        for command in &commands {
            // A pipeline is not atomic: others get in between.
            self.sim.sleep(Duration::from_millis(1 + self.sim.below(2))).await;
            replies.push(self.apply(command));
        }
        match fault {
            Fault::LostAnswer => Err(TierError::Timeout),
            Fault::Corrupt => Ok(replies
                .into_iter()
                .zip(&commands)
                .map(|(reply, command)| match reply {
                    Reply::Text(text) if command[0] == "GET" && text.starts_with('[') => {
                        Reply::Text(text.chars().take(text.chars().count() / 2).collect())
                    }
                    reply => reply,
                })
                .collect()),
            _ => Ok(replies),
        }
    }
}
