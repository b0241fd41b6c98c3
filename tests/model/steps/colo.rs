//! The cache of a data center: hearing what was told there, finding a snapshot there, and leaving both, at any later time and
//! whatever stands there by then.

use super::{Act, End, Next, Step};
use crate::{
    environment::Copies,
    isolate::Broken,
    state::{Published, State, Told},
};

pub fn steps(next: &mut Next<'_>, index: usize) {
    if !next.environment.parts.colo[index] {
        return;
    }
    let colo = next.before.colo;
    for told in colo.shown(next.environment) {
        hear(next, index, *told);
    }
    let isolate = next.before.isolates[index];
    find(next, index, isolate.version);
    if isolate.told.version != isolate.version && next.reader(index).is_answered(&isolate) {
        find(next, index, isolate.told.version);
    }
    if isolate.told.is_there() {
        let mut state = next.before;
        state.colo.leave(next.reader(index), isolate.told);
        next.push(Step::Isolate(index, Act::LeavesWhatWasTold), state);
    }
    if isolate.unleft.is_there() {
        let mut state = next.before;
        state.colo.leave_snapshot(isolate.unleft);
        state.isolates[index].unleft = Published::default();
        next.push(Step::Isolate(index, Act::LeavesSnapshot), state);
    }
}

/// A check that asks the data center; where that is no answer, Redis is asked by another step.
fn hear(next: &mut Next<'_>, index: usize, told: Told) {
    let (mut state, reader) = (next.before, next.reader(index));
    let isolate = &mut state.isolates[index];
    reader.hear(isolate, told);
    let is_answered = reader.is_answered(isolate);
    let lacks_a_clear = isolate.seen < overdue(next, &state);
    let kept = if is_answered && lacks_a_clear { Err(Broken::AnsweredLate) } else { Ok(()) };
    let step = Step::Isolate(index, Act::ReadsWhatWasTold);
    next.push_with(step, state, kept, is_answered.then_some(End::Answered));
}

/// The newest hard clear that every answer must know: none where Redis itself does not.
fn overdue(next: &Next<'_>, state: &State) -> u8 {
    let knows = !state.has_lost && next.environment.faults.copies == Copies::None;
    if knows { state.overdue } else { 0 }
}

fn find(next: &mut Next<'_>, index: usize, version: Published) {
    let (mut state, reader) = (next.before, next.reader(index));
    let isolate = &mut state.isolates[index];
    let Some(held) = reader.read_near(isolate, version, &next.before.colo) else { return };
    let kept = reader.check(isolate, held, true);
    let is_news = held != next.before.isolates[index].memory;
    let step = Step::Isolate(index, Act::ReadsNearSnapshot);
    next.push_with(step, state, kept, is_news.then_some(End::FoundNear));
}
