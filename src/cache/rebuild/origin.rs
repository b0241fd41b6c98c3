//! Asking the origin, and judging what it gave.

use std::{rc::Rc, time::Duration};

use super::{
    integrity,
    outcome::{Fetched, LoadOutcome, LoadSettlement},
};
use crate::{
    cache::{
        entry::{Content, Entry},
        isolate::{Isolate, within},
        protocol::{Dated, Version},
        redis::OriginHealth,
        telemetry::{Counter, Event, LoadTime, Reason},
    },
    catalog::{ChangeSet, Resource, Snapshot, Source},
    config::Mode,
    ports::{Load, OriginError, Tier, Timestamp, millis},
};

/// While the backend writes its tables, isolates ask the origin no more often than this between them.
const SYNC_PACE: Duration = Duration::from_secs(60);

/// The right to ask the origin, and what was there before.
pub(super) struct Turn {
    /// The lease's token, if Redis gave it.
    pub(super) token: Option<String>,
    /// What the load is dated by: what an invalidation overtakes is not published (docs/backend.md, "Rows from before an
    /// invalidation are cached after it").
    pub(super) dated: Dated,
    /// The version that was there.
    pub(super) there: Option<Version>,
}

/// Loads and judges a snapshot.
pub(super) async fn load_from_origin(
    isolate: &Isolate,
    source: Source,
    turn: Turn,
    force: bool,
) -> LoadOutcome {
    let mut fetched = Fetched::default();
    let result = match read_origin(isolate, source).await {
        Ok(load) => {
            fetched = Fetched { rows: load.rows, requests: load.requests };
            admit(isolate, source, load, force)
        }
        Err(error) => {
            let reason = Reason::from(&error);
            if error.is_quarantine() {
                quarantine(isolate, source, reason, 0);
            }
            Err(reason)
        }
    };
    let now = isolate.now();
    let Turn { token, dated, there } = turn;
    let settlement = |loaded, changes, health| {
        Some(LoadSettlement { source, loaded, there, changes, token, health })
    };
    let snapshot = match result {
        Ok(snapshot) => snapshot,
        Err(reason) => {
            let (failures, length) = back_off(isolate, source, now);
            let settlement = settlement(None, None, OriginHealth::Failing(failures, length));
            return LoadOutcome { fetched, settlement, ..LoadOutcome::unavailable(length, reason) };
        }
    };
    let (snapshot, changes) = compare(isolate, source, snapshot);
    let mut state = isolate.state.borrow_mut();
    let entry = Entry { content: Content::Snapshot(snapshot), dated };
    state.backoff(source).succeeded();
    state.keep(Resource::Snapshot(source), entry.clone(), now);
    state.handover.note_load(source, entry.clone(), now);
    let health = match dated {
        Dated::Provisional(_) => OriginHealth::Paced(SYNC_PACE),
        Dated::Ours { .. } | Dated::ByTime(_) => OriginHealth::Answering,
    };
    let settlement = settlement(Some(entry.clone()), changes, health);
    LoadOutcome { result: Ok(entry), from: Tier::Origin, fetched, settlement }
}

/// What was loaded, and what it changed against what memory holds, which is about to go: two catalogs are not held longer than that.
fn compare(
    isolate: &Isolate,
    source: Source,
    snapshot: Snapshot,
) -> (Rc<Snapshot>, Option<Box<ChangeSet>>) {
    let is_told = source.has_journal() && isolate.mode() == Mode::Active;
    let state = isolate.state.borrow();
    let Some(Content::Snapshot(held)) = state.memory.snapshot(source).map(|entry| &entry.content)
    else {
        return (Rc::new(snapshot), None);
    };
    // The same again need not be held twice, and what was ordered of it stays.
    if held.hash() == snapshot.hash() {
        return (Rc::clone(held), None);
    }
    let changes = is_told.then(|| Box::new(snapshot.change_set_since(held)));
    (Rc::new(snapshot), changes)
}

fn back_off(isolate: &Isolate, source: Source, now: Timestamp) -> (u32, Duration) {
    let random = isolate.ports.clock.random();
    let mut state = isolate.state.borrow_mut();
    let backoff = state.backoff(source);
    let length = backoff.failed(now, random);
    (backoff.failures(), length)
}

/// Asks the origin, within its deadline, and logs what came of it.
pub(in crate::cache) async fn read_origin(
    isolate: &Isolate,
    source: Source,
) -> Result<Load, OriginError> {
    let (begun, limit) = (isolate.now(), isolate.policy.origin_timeout);
    isolate.count(Counter::OriginLoads);
    let load = isolate.ports.origin.load(source, limit);
    let result =
        within(&*isolate.ports.clock, limit, load).await.unwrap_or(Err(OriginError::Timeout));
    let now = isolate.now();
    let called = result.as_ref().map(drop);
    isolate.state.borrow_mut().contacts.note(Tier::Origin, (begun, now), called);
    let duration_ms = millis(now.since(begun));
    count_load(isolate, duration_ms);
    let source = source.as_str();
    match &result {
        Ok(Load { snapshot, rows, requests }) => {
            let (rows, models, requests) = (*rows, snapshot.len(), *requests);
            isolate.log(&Event::OriginFetch { source, rows, models, requests, duration_ms });
        }
        Err(error) => {
            isolate.count(Counter::Errors);
            isolate.count(Counter::OriginErrors);
            isolate.log(&Event::OriginError { source, error: error.to_string(), duration_ms });
        }
    }
    result
}

fn count_load(isolate: &Isolate, duration_ms: u64) {
    let retries = isolate.ports.origin.take_retries();
    let counters = &mut isolate.state.borrow_mut().counters;
    counters.count(Counter::OriginLoadTimes(LoadTime::of(duration_ms)));
    counters.add(Counter::OriginLoadMillis, duration_ms);
    counters.add(Counter::OriginRetries, retries);
}

/// The integrity gate; `force` is an operator's word that the catalog did shrink.
fn admit(isolate: &Isolate, source: Source, load: Load, force: bool) -> Result<Snapshot, Reason> {
    let yardstick = isolate.state.borrow().extent(source);
    let models = load.snapshot.len();
    let judged = integrity::judge(source, models, yardstick.map(|extent| extent.models), force);
    judged.map(|()| load.snapshot).inspect_err(|refused| {
        quarantine(isolate, source, *refused, models);
    })
}

fn quarantine(isolate: &Isolate, source: Source, reason: Reason, models: usize) {
    isolate.count(Counter::Quarantined);
    isolate.count(Counter::Quarantines(reason));
    isolate.log(&Event::Quarantined { source: source.as_str(), reason, models });
}
