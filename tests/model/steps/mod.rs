//! Everything that can happen next in a world, one step at a time.

mod clears;
mod colo;
mod loads;
mod names;
mod reads;
mod world;

pub use names::{Act, Event, Lost, Move, Step};

use crate::{
    environment::{Copies, Environment},
    isolate::{Broken, Reader},
    redis::Caller,
    state::{Data, Record, State},
};

/// A good end that a run came to: what holds only where it never happens holds for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Published,
    Renewed,
    Derived,
    Cleared,
    Revalidated,
    TakenOver,
    Marked,
    BackendsListing,
    /// A check was answered by what the data center was told.
    Answered,
    /// A snapshot was found there.
    FoundNear,
}

impl End {
    pub const ALL: [Self; 10] = [
        Self::Published,
        Self::Renewed,
        Self::Derived,
        Self::Cleared,
        Self::Revalidated,
        Self::TakenOver,
        Self::Marked,
        Self::BackendsListing,
        Self::Answered,
        Self::FoundNear,
    ];
}

/// What a step leads to.
#[derive(Clone, Copy, Debug)]
pub struct Successor {
    pub step: Step,
    pub state: State,
    /// A promise that the step itself breaks.
    pub broken: Option<Broken>,
    pub end: Option<End>,
}

/// Collects what can happen next.
pub struct Next<'a> {
    environment: &'a Environment,
    before: State,
    found: &'a mut Vec<Successor>,
}

/// All that can happen next.
pub fn successors(environment: &Environment, state: &State, found: &mut Vec<Successor>) {
    found.clear();
    let mut next = Next { environment, before: *state, found };
    for isolate in 0..2 {
        reads::steps(&mut next, isolate);
        colo::steps(&mut next, isolate);
        loads::steps(&mut next, isolate);
    }
    for invalidator in 0..=usize::from(environment.parts.two_invalidators) {
        clears::steps(&mut next, invalidator);
    }
    world::steps(&mut next);
}

pub fn reader<'a>(environment: &'a Environment, index: usize, state: &State) -> Reader<'a> {
    let now = environment.clock(index, state.now);
    Reader { environment, index, now, cleared: state.cleared }
}

impl<'a> Next<'a> {
    fn push(&mut self, step: Step, state: State) {
        self.push_with(step, state, Ok(()), None);
    }

    fn push_end(&mut self, step: Step, state: State, end: End) {
        self.push_with(step, state, Ok(()), Some(end));
    }

    fn push_with(&mut self, step: Step, state: State, kept: Result<(), Broken>, end: Option<End>) {
        // What changes nothing is no step, unless it shows something.
        if state == self.before && kept.is_ok() {
            return;
        }
        self.found.push(Successor { step, state, broken: kept.err(), end });
    }

    fn reader(&self, isolate: usize) -> Reader<'a> {
        reader(self.environment, isolate, &self.before)
    }

    fn caller(&self, known: Record) -> Caller<'a> {
        Caller { environment: self.environment, known }
    }

    /// What copies may show of something that is written at once.
    fn shown<T: PartialEq + Copy>(&self, of: impl Fn(&Data) -> T) -> Few<T> {
        let redis = &self.before.redis;
        let mut few = Few::of(of(&redis.data));
        if self.environment.faults.copies != Copies::None {
            few.add(of(&redis.before[0]));
            few.add(of(&redis.before[1]));
        }
        few
    }
}

/// Up to three different things.
#[derive(Clone, Copy)]
struct Few<T> {
    all: [T; 3],
    count: usize,
}

impl<T: PartialEq + Copy> Few<T> {
    fn of(first: T) -> Self {
        Self { all: [first; 3], count: 1 }
    }

    fn add(&mut self, other: T) {
        if !self.iter().any(|known| *known == other) {
            self.all[self.count] = other;
            self.count += 1;
        }
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        self.all[..self.count].iter()
    }
}
