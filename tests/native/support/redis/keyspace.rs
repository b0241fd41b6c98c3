//! What a Redis holds: keys with values of several types, expiry, and enough of the past to show what a copy that lags
//! behind would.

use std::{
    collections::{BTreeMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

/// Writes that are remembered for copies that lag.
const HISTORY_MAX: usize = 200;

/// A value; its clones share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(Rc<str>),
    Hash(Rc<BTreeMap<Rc<str>, Rc<str>>>),
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

/// How far the copy that answers reads is behind, in effects of writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lag {
    /// The primary answers.
    #[default]
    None,
    /// All of it as it was so many effects ago.
    Whole(u64),
    /// Each key as it was so many effects on it ago.
    PerKey(u64),
    /// Each key as it was up to so many effects on it ago, some more than others.
    Torn(u64),
}

/// All that a Redis held at some moment.
#[derive(Clone)]
pub struct Dump(BTreeMap<Rc<str>, Stored>);

struct Effect {
    key: Rc<str>,
    before: Option<Stored>,
}

/// The keys of a Redis at a moment, which lasts as long as a command or a script.
#[derive(Default)]
pub struct Keyspace {
    now: u64,
    stored: BTreeMap<Rc<str>, Stored>,
    history: VecDeque<Effect>,
    /// How many effects there ever were.
    effects: u64,
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
            // Every copy expires a key by itself: that is no effect that could be late.
            self.stored.remove(key);
        }
        self.stored.get(key)
    }

    pub fn write(&mut self, key: &str, value: Value, expires: Option<u64>) {
        let known = self.stored.get_key_value(key).map(|(known, _)| Rc::clone(known));
        let key = known.unwrap_or_else(|| Rc::from(key));
        let before = self.stored.insert(Rc::clone(&key), Stored { value, expires });
        self.remember(key, before);
    }

    pub fn remove(&mut self, key: &str) -> Option<Stored> {
        self.find(key)?;
        let (key, before) = self.stored.remove_entry(key)?;
        self.remember(key, Some(before.clone()));
        Some(before)
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

    /// Puts back what was; copies are made anew from it.
    pub fn restore(&mut self, dump: &Dump) {
        self.stored = dump.0.clone();
        self.history.clear();
    }

    fn remember(&mut self, key: Rc<str>, before: Option<Stored>) {
        self.effects += 1;
        self.history.push_back(Effect { key, before });
        if self.history.len() > HISTORY_MAX {
            self.history.pop_front();
        }
    }

    /// How many effects an answer of a copy that lags so shows at least.
    pub fn shown(&self, lag: Lag) -> u64 {
        match lag {
            Lag::None => self.effects,
            Lag::Whole(behind) => self.effects.saturating_sub(behind),
            Lag::PerKey(_) | Lag::Torn(_) => 0,
        }
    }

    /// A copy that lags, but shows at least `known` effects. The same `seed` chooses the same lag of each key, so a
    /// copy that is asked again has never gone back.
    pub fn behind(&self, lag: Lag, seed: u64, known: u64) -> Self {
        let mut stored = self.stored.clone();
        let mut undone: BTreeMap<&str, u64> = BTreeMap::new();
        let newest_first = self.history.iter().rev().zip(0..self.effects.saturating_sub(known));
        for (Effect { key, before }, age) in newest_first {
            let of_key = undone.entry(key).or_default();
            let is_late = match lag {
                Lag::None => false,
                Lag::Whole(behind) => age < behind,
                Lag::PerKey(behind) => *of_key < behind,
                Lag::Torn(behind) => *of_key < place(&(seed, key)) % (behind + 1),
            };
            if !is_late {
                continue;
            }
            *of_key += 1;
            match before {
                Some(before) => drop(stored.insert(Rc::clone(key), before.clone())),
                None => drop(stored.remove(key)),
            }
        }
        Self { now: self.now, stored, ..Self::default() }
    }
}

/// A number that stands for something, the same in every run.
pub fn place(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
