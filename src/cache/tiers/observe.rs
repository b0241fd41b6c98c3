//! Learning what Redis told, here or to another isolate.

use crate::{
    cache::{
        isolate::Isolate,
        protocol::{Observed, Version},
        telemetry::Event,
    },
    ports::Timestamp,
};

/// Learns what a read of Redis told that began at `begun`.
pub(in crate::cache) fn observe(isolate: &Isolate, observed: &Observed, begun: Timestamp) {
    learn(isolate, observed, begun, true);
}

/// Learns what Redis told at `begun`; `is_news` is whether others of this data center may not know it.
pub(super) fn learn(isolate: &Isolate, observed: &Observed, begun: Timestamp, is_news: bool) {
    let mut state = isolate.state.borrow_mut();
    state.colo.told_mut(is_news).hear(observed, begun);
    state.knowledge.learn_control(observed.control, begun);
    state.knowledge.learn_backend_epoch(observed.backend_epoch, begun);
    let mut other = None;
    for (source, version) in &observed.versions {
        match version {
            Some(version) if is_ours(isolate, version) => state.learn_version(*source, *version),
            Some(version) if state.note_other_configuration(*source, version.config) => {
                other = Some(*source);
            }
            _ => {}
        }
    }
    drop(state);
    if let Some(source) = other {
        isolate.log(&Event::OtherConfiguration { key: &isolate.keys.version(source) });
    }
}

/// Whether a version was made under the settings that shape this deployment's content.
pub(in crate::cache) fn is_ours(isolate: &Isolate, version: &Version) -> bool {
    version.config == isolate.policy.fingerprint
}
