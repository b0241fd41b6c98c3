//! Breadth-first search through all that can happen: every state once, the shortest run to a broken promise first. Of
//! a state that was seen only its fingerprint is kept, and that of the state it was reached from; a run is found again
//! by replaying.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hash, Hasher},
};

use crate::{
    environment::Environment,
    isolate::Broken,
    liveness, promises,
    state::{By, Lease, Redis, State},
    steps::{End, Step, Successor, successors},
};

/// What a search came to.
#[derive(Debug)]
pub struct Report {
    pub name: &'static str,
    /// Different states that were seen.
    pub states: usize,
    /// The length of the longest run that is a shortest one.
    pub depth: usize,
    /// Whether these are all there are.
    pub is_complete: bool,
    pub ends: Vec<End>,
    pub counterexample: Option<Run>,
}

/// A run that breaks a promise.
#[derive(Debug)]
pub struct Run {
    pub is_warm: bool,
    pub steps: Vec<Step>,
    pub broken: Broken,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begin = if self.is_warm { "something is published" } else { "nothing is anywhere" };
        writeln!(f, "{:?} after {} steps, when {begin}:", self.broken, self.steps.len())?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {:>2}. {step}", number + 1)?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, states, depth, is_complete, .. } = self;
        let all = if *is_complete { "all there are" } else { "as far as the limit" };
        write!(f, "{name}: {states} states, {all}, {depth} steps deep")
    }
}

/// Where a state was reached from; the first ones from nowhere.
type Parents = HashMap<u64, u64, BuildHasherDefault<Identity>>;
const NOWHERE: u64 = 0;

struct Search<'a> {
    environment: &'a Environment,
    parents: Parents,
    frontier: Vec<State>,
    next: Vec<State>,
    ends: u32,
}

/// Searches through a world, and ends at a broken promise or beyond so many states.
pub fn search(environment: &Environment, states_max: usize) -> Report {
    let mut search = Search {
        environment,
        parents: Parents::default(),
        frontier: Vec::new(),
        next: Vec::new(),
        ends: 0,
    };
    for state in environment.begin() {
        search.parents.insert(fingerprint(environment, &state), NOWHERE);
        search.frontier.push(state);
    }
    let (mut depth, mut counterexample) = (0, None);
    while !search.frontier.is_empty() && search.parents.len() < states_max {
        depth += 1;
        counterexample = search.deepen(states_max);
        if counterexample.is_some() {
            break;
        }
        search.frontier.clear();
        std::mem::swap(&mut search.frontier, &mut search.next);
    }
    let ends = End::ALL.into_iter().filter(|end| search.ends & bit(*end) != 0).collect();
    Report {
        name: environment.name,
        states: search.parents.len(),
        depth,
        is_complete: search.frontier.is_empty() && counterexample.is_none(),
        ends,
        counterexample,
    }
}

fn bit(end: End) -> u32 {
    1 << (end as u32)
}

impl Search<'_> {
    /// All steps from all states of the frontier.
    fn deepen(&mut self, states_max: usize) -> Option<Run> {
        let mut found: Vec<Successor> = Vec::new();
        for state in std::mem::take(&mut self.frontier) {
            let from = fingerprint(self.environment, &state);
            successors(self.environment, &state, &mut found);
            for Successor { state, broken, end, .. } in &found {
                self.ends |= end.map_or(0, bit);
                if let Some(broken) = broken {
                    return Some(self.run(from, None, *broken));
                }
                let to = fingerprint(self.environment, state);
                if self.parents.contains_key(&to) {
                    continue;
                }
                self.parents.insert(to, from);
                if let Err(broken) = self.judge(state) {
                    return Some(self.run(from, Some(to), broken));
                }
                self.next.push(*state);
            }
            if self.parents.len() >= states_max {
                break;
            }
        }
        None
    }

    /// Whether a state keeps every promise, and what must come of it does.
    fn judge(&self, state: &State) -> Result<(), Broken> {
        promises::check(self.environment, state)?;
        let recovers = !self.environment.is_live || liveness::recovers(self.environment, state);
        if recovers { Ok(()) } else { Err(Broken::NeverFresh) }
    }

    /// The run to a state, and one step more: to what breaks a promise by being so, or the step that breaks it.
    fn run(&self, from: u64, to: Option<u64>, broken: Broken) -> Run {
        let mut way = vec![from];
        while let Some(parent) = way.last().and_then(|at| self.parents.get(at))
            && *parent != NOWHERE
        {
            way.push(*parent);
        }
        way.reverse();
        let print = |state: &State| fingerprint(self.environment, state);
        let begin = self.environment.begin();
        let first = begin.into_iter().find(|state| print(state) == way[0]);
        let mut state = first.expect("a way begins where the search did");
        let is_warm = state != begin[0];
        let (mut steps, mut found) = (Vec::new(), Vec::new());
        let known = way.iter().skip(1).map(|at| Some(*at)).chain([to]);
        for at in known {
            successors(self.environment, &state, &mut found);
            let taken = found.iter().find(|next| match at {
                Some(at) => print(&next.state) == at,
                None => next.broken == Some(broken),
            });
            let taken = taken.expect("what was reached once is reached again");
            steps.push(taken.step);
            state = taken.state;
        }
        Run { is_warm, steps, broken }
    }
}

/// The same for what differs in nothing but which isolate, or which invalidator, is which.
fn fingerprint(environment: &Environment, state: &State) -> u64 {
    let State { redis, isolates, invalidators, .. } = state;
    let mut isolates = [0, 1].map(|index| {
        let holds_lease = redis.lease.by == By::Ours(u8::from(index == 1));
        folded(&(isolates[index], holds_lease))
    });
    if environment.is_symmetric() {
        isolates.sort_unstable();
    }
    let mut invalidators = invalidators.map(|of| folded(&of));
    invalidators.sort_unstable();
    let lease_is_ours = matches!(redis.lease.by, By::Ours(_));
    let rest = State {
        isolates: Default::default(),
        invalidators: Default::default(),
        redis: Redis { lease: Lease { by: By::Nobody, ..redis.lease }, ..*redis },
        ..*state
    };
    let lease = (lease_is_ours, redis.lease.by == By::Other);
    folded(&(isolates, invalidators, lease, rest)).max(1)
}

fn folded(what: &impl Hash) -> u64 {
    let mut hasher = Folding::default();
    what.hash(&mut hasher);
    hasher.finish()
}

/// Packs what is written into words, and folds each in by a wide multiplication.
#[derive(Default)]
struct Folding {
    hash: u64,
    word: u64,
    bits: u32,
}

impl Folding {
    fn fold(&mut self) {
        let a = self.hash ^ 0x9E37_79B9_7F4A_7C15;
        let b = self.word ^ 0xD6E8_FEB8_6659_FD93;
        let wide = u128::from(a) * u128::from(b);
        self.hash = (wide as u64) ^ ((wide >> 64) as u64) ^ self.hash.rotate_left(23);
        (self.word, self.bits) = (0, 0);
    }

    fn add(&mut self, value: u64, bits: u32) {
        if self.bits + bits > 64 {
            self.fold();
        }
        self.word |= value << self.bits;
        self.bits += bits;
    }
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.add(u64::from(*byte), 8);
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.add(u64::from(value), 8);
    }

    fn write_u64(&mut self, value: u64) {
        self.fold();
        self.word = value;
        self.bits = 64;
    }

    fn write_u16(&mut self, value: u16) {
        self.add(u64::from(value), 16);
    }

    /// Lengths and variants are small here.
    fn write_usize(&mut self, value: usize) {
        self.add(value as u64 & 0xF, 4);
    }

    fn write_isize(&mut self, value: isize) {
        self.add(value as u64 & 0xF, 4);
    }

    fn finish(&self) -> u64 {
        let mut last = Self { hash: self.hash, word: self.word, bits: self.bits };
        last.fold();
        last.word = last.hash.rotate_left(32);
        last.fold();
        last.hash
    }
}

/// A fingerprint needs no hashing.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
