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
        redis::OriginHealth,
        state::Resident,
        telemetry::{Counter, Event, Reason},
    },
    catalog::{Resource, Snapshot, Source},
    ports::{Load, OriginError, Tier, Timestamp, millis},
};

/// Loads and judges a snapshot. `epoch` is the one that was read before: what an invalidation overtakes is not published
/// (docs/backend.md, "Rows from before an invalidation are cached after it").
pub(super) async fn load_from_origin(
    isolate: &Isolate,
    source: Source,
    token: Option<String>,
    epoch: Option<u64>,
    force: bool,
) -> LoadOutcome {
    let begun = isolate.now();
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
    let snapshot = match result {
        Ok(snapshot) => snapshot,
        Err(reason) => {
            let (failures, length) = back_off(isolate, source, now);
            let health = OriginHealth::Failing(failures, length);
            let settlement = Some(LoadSettlement { source, loaded: None, token, health });
            return LoadOutcome { fetched, settlement, ..LoadOutcome::unavailable(length, reason) };
        }
    };
    let entry = Entry { content: Content::Snapshot(Rc::new(snapshot)), at: begun, epoch };
    let mut state = isolate.state.borrow_mut();
    state.backoff(source).succeeded();
    state.keep(Resource::Snapshot(source), Resident::new(entry.clone(), None, now));
    let (loaded, health) = (Some(entry.clone()), OriginHealth::Answering);
    let settlement = Some(LoadSettlement { source, loaded, token, health });
    LoadOutcome { result: Ok(entry), from: Tier::Origin, fetched, settlement }
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
    let duration_ms = millis(isolate.now().since(begun));
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

/// The integrity gate; `force` is an operator's word that the catalog did shrink.
fn admit(isolate: &Isolate, source: Source, load: Load, force: bool) -> Result<Snapshot, Reason> {
    let last_good = isolate.state.borrow().last_good.extent(source);
    let models = load.snapshot.len();
    let judged = integrity::judge(models, last_good.map(|extent| extent.models), force);
    judged.map(|()| load.snapshot).inspect_err(|refused| {
        quarantine(isolate, source, *refused, models);
    })
}

fn quarantine(isolate: &Isolate, source: Source, reason: Reason, models: usize) {
    isolate.count(Counter::Quarantined);
    isolate.log(&Event::Quarantined { source: source.as_str(), reason, models });
}
