//! Invalidating: the script, then KV's marker.

use super::{End, Lost, Move, Next, Step};
use crate::{
    environment::Without,
    state::{Clearing, Record, State},
};

pub fn steps(next: &mut Next<'_>, index: usize) {
    match next.before.invalidators[index].at {
        Clearing::Idle => {
            if next.before.left.hard > 0 {
                clear(next, index, true);
            }
            if next.before.left.soft > 0 {
                clear(next, index, false);
            }
        }
        Clearing::Half(hard) => second_half(next, index, hard),
        Clearing::Raised => read_marker(next, index),
        Clearing::Marking(record) => write_marker(next, index, record, Clearing::Marked(record)),
        Clearing::MarkingLast(record) => write_marker(next, index, record, Clearing::Idle),
        Clearing::Marked(record) => read_again(next, index, record),
    }
}

fn clear(next: &mut Next<'_>, index: usize, hard: bool) {
    let mut state = next.before;
    let left = if hard { &mut state.left.hard } else { &mut state.left.soft };
    *left -= 1;
    if next.environment.lacks(Without::OneStepUnlinkedFirst) {
        state.redis.write(next.environment.is_remembered(), |redis| redis.data.unlink());
        state.invalidators[index].at = Clearing::Half(hard);
        next.push(Step::Invalidator(index, Move::DoesTheFirstHalf), state);
        return;
    }
    let control = raise(next, index, &mut state, hard);
    if next.environment.lacks(Without::OneStepRaisedFirst) {
        state.invalidators[index].known = control;
        state.invalidators[index].at = Clearing::Half(hard);
        next.push(Step::Invalidator(index, Move::DoesTheFirstHalf), state);
        return;
    }
    let named = |lost| if hard { Move::Clears(lost) } else { Move::Softens(lost) };
    if next.before.left.lost > 0 && next.environment.faults.lost_replies {
        let mut state = state;
        state.left.lost -= 1;
        next.push(Step::Invalidator(index, named(Lost::AfterEffect)), state);
    }
    complete(next, index, &mut state, control);
    next.push_end(Step::Invalidator(index, named(Lost::No)), state, End::Cleared);
    for isolate in (0..2).filter(|isolate| next.environment.parts.colo[*isolate]) {
        clear_as(next, index, hard, isolate);
    }
}

/// The same as an isolate that leaves to its data center what it did.
fn clear_as(next: &mut Next<'_>, index: usize, hard: bool, as_isolate: usize) {
    let (mut state, reader) = (next.before, next.reader(as_isolate));
    let left = if hard { &mut state.left.hard } else { &mut state.left.soft };
    *left -= 1;
    let known = &mut state.invalidators[index].known;
    *known = known.merged(state.isolates[as_isolate].known);
    let control = raise(next, index, &mut state, hard);
    complete(next, index, &mut state, control);
    let isolate = &mut state.isolates[as_isolate];
    reader.learn(isolate, control);
    reader.note_raised(isolate, control);
    let named = if hard { Move::ClearsAs(as_isolate) } else { Move::SoftensAs(as_isolate) };
    next.push_end(Step::Invalidator(index, named), state, End::Cleared);
}

/// The script, or its half that raises.
fn raise(next: &Next<'_>, index: usize, state: &mut State, hard: bool) -> Record {
    state.stamp();
    let time = next.environment.redis_clock(state);
    let caller = next.caller(state.invalidators[index].known);
    let generation = hard.then_some(state.cleared + 1);
    let in_two = [Without::OneStepUnlinkedFirst, Without::OneStepRaisedFirst];
    let halved = in_two.contains(&next.environment.without);
    let control = state.redis.write(next.environment.is_remembered(), |redis| {
        if halved {
            redis.data.raise(caller, generation, time)
        } else {
            redis.data.invalidate(caller, generation, time)
        }
    });
    if !next.environment.lacks(Without::OneStepRaisedFirst) {
        note_done(state, hard);
    }
    control
}

/// A clear takes place when all of it is done.
fn note_done(state: &mut State, hard: bool) {
    if hard {
        state.cleared += 1;
        state.has_lost = false;
    }
}

/// The reply has come.
fn complete(next: &Next<'_>, index: usize, state: &mut State, control: Record) {
    let invalidator = &mut state.invalidators[index];
    invalidator.known = invalidator.known.merged(control);
    invalidator.at = if next.environment.parts.kv { Clearing::Raised } else { Clearing::Idle };
    state.completed = state.completed.max(control.generation);
}

fn second_half(next: &mut Next<'_>, index: usize, hard: bool) {
    let mut state = next.before;
    let control = if next.environment.lacks(Without::OneStepUnlinkedFirst) {
        raise(next, index, &mut state, hard)
    } else {
        state.redis.write(next.environment.is_remembered(), |redis| redis.data.unlink());
        note_done(&mut state, hard);
        state.invalidators[index].known
    };
    complete(next, index, &mut state, control);
    next.push_end(Step::Invalidator(index, Move::DoesTheSecondHalf), state, End::Cleared);
}

fn read_marker(next: &mut Next<'_>, index: usize) {
    let lag = if next.environment.faults.kv_lags { 2 } else { 1 };
    let markers = next.before.kv.marker;
    for marker in &markers[..lag] {
        let mut state = next.before;
        let invalidator = &mut state.invalidators[index];
        invalidator.known = invalidator.known.merged(*marker);
        invalidator.at = Clearing::Marking(invalidator.known);
        next.push(Step::Invalidator(index, Move::ReadsMarker), state);
    }
}

fn write_marker(next: &mut Next<'_>, index: usize, record: Record, then: Clearing) {
    let mut state = next.before;
    state.kv.marker = [record, state.kv.marker[0]];
    let then = if next.environment.lacks(Without::MarkerReadAgain) { Clearing::Idle } else { then };
    state.invalidators[index].at = then;
    let step = Step::Invalidator(index, Move::WritesMarker);
    if then == Clearing::Idle {
        note_marked(&mut state, record);
        next.push_end(step, state, End::Marked);
    } else {
        next.push(step, state);
    }
}

fn note_marked(state: &mut State, record: Record) {
    state.marked = state.marked.max(record.epoch);
    state.marked_generation = state.marked_generation.max(record.generation);
}

fn read_again(next: &mut Next<'_>, index: usize, written: Record) {
    for control in next.read_again().iter() {
        let mut state = next.before;
        let invalidator = &mut state.invalidators[index];
        let known = invalidator.known.merged(*control);
        invalidator.known = known;
        let step = Step::Invalidator(index, Move::ReadsControlAgain);
        if known.control() == written.control() {
            invalidator.at = Clearing::Idle;
            note_marked(&mut state, written);
            next.push_end(step, state, End::Marked);
            continue;
        }
        invalidator.at = match next.environment.without {
            Without::MarkerUntilStill => Clearing::MarkingLast(known),
            _ => Clearing::Marking(known),
        };
        next.push(step, state);
    }
}

impl Next<'_> {
    /// What control shows when it is read again.
    pub(super) fn read_again(&self) -> super::Few<Record> {
        if self.environment.lacks(Without::MarkerFromPrimary) {
            self.shown(|data| data.control)
        } else {
            super::Few::of(self.before.redis.data.control)
        }
    }
}
