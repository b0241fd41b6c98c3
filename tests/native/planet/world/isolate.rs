//! A place of an isolate in a colo: the isolate that lives there, if any, and of which requests nothing can come but a hit.

use std::{cell::Cell, rc::Rc};

use model_catalog_edge::{
    cache::{Answer, Cache},
    catalog::{Listing, View},
};

use crate::planet::{plan::chance::Chance, plan::demand::SOURCES, report::floor::Periodic};

/// One that is not asked in vain while it is not due knows that within a moment.
const FINEST_MS: u64 = 64;

/// What an answer shows of the snapshot it was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    pub hash: u64,
    pub at: u64,
}

impl Made {
    /// None of what stood under a key of its own.
    pub fn of(answer: &Answer) -> Option<Self> {
        match &answer.listing {
            Listing::Ordered(snapshot, _) => Some(Self { hash: snapshot.hash(), at: answer.at.0 }),
            Listing::Foreign(_) => None,
        }
    }
}

/// The views of a source that memory answers at once, with nothing to do behind them, until something is due.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ready {
    /// When the next request must be run, whatever it asks for; none: at once.
    pub due: Option<f64>,
    /// Until when hits are counted already.
    pub since: f64,
    /// A bit for each view.
    pub views: u64,
    /// The share of requests that ask for them.
    pub share: f64,
    pub made: Option<Made>,
}

/// An isolate that lives.
pub struct Living {
    pub cache: Cache,
    pub group: u64,
    ahead: Rc<Cell<u64>>,
    pub ready: [Ready; SOURCES.len()],
    pub checks: Periodic,
    pub flushes: Periodic,
    /// Of each source.
    pub looks: [Periodic; SOURCES.len()],
    /// While the origin is out: whether it is to be left alone still.
    pub probes: [Periodic; SOURCES.len()],
    /// While it is out, and only something better would be no error: whether the backend put something there.
    pub own_keys: [Periodic; SOURCES.len()],
    /// The content of each source that was served last.
    served: [Option<u64>; SOURCES.len()],
    /// How many contents were served: each had to be fetched.
    pub contents: f64,
}

impl Living {
    pub fn new(
        cache: Cache,
        group: u64,
        ahead: Rc<Cell<u64>>,
        [checks, flushes, look, probe, own_key]: [Periodic; 5],
    ) -> Self {
        Self {
            cache,
            group,
            ahead,
            ready: [Ready::default(); SOURCES.len()],
            checks,
            flushes,
            looks: [look; SOURCES.len()],
            probes: [probe; SOURCES.len()],
            own_keys: [own_key; SOURCES.len()],
            served: [None; SOURCES.len()],
            contents: 0.0,
        }
    }

    /// Notes what was served.
    pub fn note_served(&mut self, source: usize, made: Option<Made>) {
        if let Some(made) = made
            && self.served[source] != Some(made.hash)
        {
            self.served[source] = Some(made.hash);
            self.contents += 1.0;
        }
    }

    /// How many ms from now on a hit stays one, at most `horizon`: the cache is asked what it would do then. That leaves nothing
    /// but counts.
    pub fn hits_for(&self, view: View, horizon: u64) -> u64 {
        let is_hit = |ahead: u64| {
            self.ahead.set(ahead);
            let hit = self.cache.hit(view.into()).is_some();
            self.ahead.set(0);
            hit
        };
        let (mut hit, mut due) = (0, horizon);
        while due - hit > FINEST_MS {
            let middle = u64::midpoint(hit, due);
            if is_hit(middle) { hit = middle } else { due = middle }
        }
        hit
    }
}

/// A place where an isolate lives whenever requests come.
pub struct Slot {
    pub colo: usize,
    /// Requests a ms that come here.
    pub rate: f64,
    /// What lifetimes are drawn from: they are the same however requests are simulated.
    pub fate: Chance,
    pub living: Option<Living>,
    /// Which of the arrivals that were planned still holds.
    pub planned: u64,
}
