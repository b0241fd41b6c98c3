//! Telling the cache in front of the Worker what changed. It is told for the sake of time alone: what it was given, it keeps
//! no longer than memory would be trusted (docs/design.md, "The cache in front").

use std::time::Duration;

use crate::{
    cache::{
        isolate::{Isolate, within},
        telemetry::{Event, Reason},
    },
    catalog::Source,
    ports::FrontReply,
};

/// How long a call may take. With the pause before it and one more try all of it ends in 25 s (docs/platform.md, "Work behind a
/// response lasts 30 seconds").
const DEADLINE: Duration = Duration::from_secs(5);

/// Notes that listings of these sources changed.
pub(in crate::cache) fn note_changed(isolate: &Isolate, sources: impl IntoIterator<Item = Source>) {
    if isolate.policy.front {
        isolate.state.borrow_mut().front.note_changed(sources);
    }
}

/// Whether the cache in front is to be told of something, and nobody is about to.
pub(in crate::cache) fn front_is_due(isolate: &Isolate) -> bool {
    isolate.policy.front && isolate.state.borrow().front.is_due(isolate.now())
}

/// Tells it, when its turn has come. What is refused at once is tried again; what is refused late, by who comes next.
pub(in crate::cache) async fn tell_front(isolate: &Isolate) {
    let begun = isolate.now();
    while isolate.now().since(begun) <= DEADLINE {
        let plan = isolate.state.borrow_mut().front.plan(isolate.now());
        let Some(wait) = plan else { return };
        isolate.ports.clock.sleep(wait).await;
        call(isolate).await;
    }
}

async fn call(isolate: &Isolate) {
    let sources = isolate.state.borrow_mut().front.take();
    if sources.is_empty() {
        return;
    }
    // All providers share one.
    let mut tags: Vec<&str> = sources.iter().map(|source| source.tag()).collect();
    tags.dedup();
    let told = isolate.ports.front.invalidate(&tags);
    let reply = within(&*isolate.ports.clock, DEADLINE, told).await;
    let refused = match reply {
        Some(FrontReply::Refused(code)) => Some((Reason::Refused, code)),
        Some(FrontReply::Invalidated | FrontReply::Absent) => None,
        None => Some((Reason::Timeout, None)),
    };
    if let Some((reason, code)) = refused {
        isolate.log(&Event::FrontRefused { tags: &tags, reason, code });
    }
    let reply = reply.unwrap_or(FrontReply::Refused(None));
    isolate.state.borrow_mut().front.note_reply(sources, reply, isolate.ports.clock.now());
}
