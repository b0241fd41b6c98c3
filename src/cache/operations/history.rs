//! The list of what cron and operators did lately, which statistics show.

use crate::{
    cache::{isolate::Isolate, redis, telemetry::Operation, tiers},
    config::Mode,
};

/// Whether anything may be noted now.
pub(super) fn is_kept(isolate: &Isolate) -> bool {
    let paused = isolate.state.borrow().publishing.pause.reason(isolate.now()).is_some();
    isolate.mode() == Mode::Active && !paused
}

/// An operation as it is noted.
pub(super) fn text_of(operation: &Operation<'_>) -> String {
    serde_json::to_string(operation).unwrap_or_default()
}

/// Notes what was done. A Redis that fails has been logged, and is told nothing twice.
pub(super) async fn note(isolate: &Isolate, operation: &Operation<'_>) {
    if is_kept(isolate) {
        let text = text_of(operation);
        let _ = tiers::redis(isolate, async |session| redis::note_operation(session, &text).await)
            .await;
    }
}
