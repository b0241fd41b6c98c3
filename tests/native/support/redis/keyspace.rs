//! What a Redis holds: keys with values of several types, and expiry.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

/// A value; its clones share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(Rc<str>),
    Hash(Rc<BTreeMap<Rc<str>, Rc<str>>>),
    /// What no command here works on: a foreign value.
    List(Rc<[String]>),
}

impl Value {
    /// As TYPE names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Hash(_) => "hash",
            Self::List(_) => "list",
        }
    }
}

/// A value and when it expires, in ms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub value: Value,
    pub expires: Option<u64>,
}

impl Stored {
    pub fn text(&self) -> Option<&Rc<str>> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Hash(_) | Value::List(_) => None,
        }
    }

    /// Redis lets a key live through the millisecond that it expires in.
    fn is_expired(&self, now: u64) -> bool {
        self.expires.is_some_and(|at| at < now)
    }
}

/// All that a Redis held at some moment.
#[derive(Clone)]
pub struct Dump(BTreeMap<Rc<str>, Stored>);

/// The keys of a Redis at a moment, which lasts as long as a command or a script.
#[derive(Default)]
pub struct Keyspace {
    now: u64,
    stored: BTreeMap<Rc<str>, Stored>,
}

impl Keyspace {
    /// The time in ms, by the clock of Redis.
    pub fn now(&self) -> u64 {
        self.now
    }

    pub fn set_now(&mut self, now: u64) {
        self.now = now;
    }

    pub fn find(&mut self, key: &str) -> Option<&Stored> {
        if self.stored.get(key)?.is_expired(self.now) {
            self.stored.remove(key);
        }
        self.stored.get(key)
    }

    pub fn write(&mut self, key: &str, value: Value, expires: Option<u64>) {
        self.stored.insert(Rc::from(key), Stored { value, expires });
    }

    pub fn remove(&mut self, key: &str) -> Option<Stored> {
        self.find(key)?;
        self.stored.remove(key)
    }

    /// Removes the keys that are not to be kept.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&str, &Stored) -> bool) {
        for key in self.names() {
            if !is_kept(&key, &self.stored[&key]) {
                self.remove(&key);
            }
        }
    }

    /// The keys that have not expired, sorted.
    pub fn names(&self) -> Vec<Rc<str>> {
        let live = self.stored.iter().filter(|(_, stored)| !stored.is_expired(self.now));
        live.map(|(key, _)| Rc::clone(key)).collect()
    }

    pub fn dump(&self) -> Dump {
        Dump(self.stored.clone())
    }

    /// Puts back what was.
    pub fn restore(&mut self, dump: &Dump) {
        self.stored = dump.0.clone();
    }
}

/// A number that stands for something, the same in every run.
pub fn place(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
