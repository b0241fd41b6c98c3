//! What a refused write teaches: how large a request may be, and that none is to be tried for a while.

use crate::{
    cache::{
        isolate::Isolate,
        telemetry::{Event, Reason},
    },
    ports::TierError,
};

/// Notes a write that failed. What Redis refuses to this token, or for want of room, it refuses again.
pub(in crate::cache) fn note(isolate: &Isolate, error: &TierError) {
    if !error.is_write_refusal() {
        return;
    }
    let reason = Reason::from(error);
    let (now, random) = (isolate.now(), isolate.ports.clock.random());
    let (is_news, left) = {
        let pause = &mut isolate.state.borrow_mut().publishing.pause;
        (pause.refused(reason, now, random), pause.remaining(now))
    };
    if is_news {
        isolate.log(&Event::PublishPaused { reason, secs: left.as_secs() });
    }
}

/// Notes a write that passed, however small.
pub(in crate::cache) fn note_passed(isolate: &Isolate) {
    let is_news = isolate.state.borrow_mut().publishing.pause.passed();
    if is_news {
        isolate.log(&Event::PublishResumed {});
    }
}
