//! What cron and an operator do: the views that are kept warm are published anew, and then providers' catalogs that clients asked for.

use std::rc::Rc;

use super::{
    providers::warm_asked,
    rebuild::{rebuild, refused, request_of},
};
use crate::{
    cache::{
        background::{named, read_mode_if_due},
        isolate::Isolate,
        redis,
        telemetry::{Counter, Event, Reason, WarmOutcome, WarmReport},
        tiers,
    },
    catalog::{Slug, Source},
    config::Mode,
    ports::Timestamp,
};

/// Warms the views of the source that is kept warm. `force` admits a snapshot that lost more than half of its entries.
pub(in crate::cache) async fn warm(isolate: &Rc<Isolate>, force: bool) -> WarmReport {
    read_mode_if_due(isolate).await;
    let mut report = match isolate.mode() {
        Mode::Active => {
            let request = request_of(isolate, force);
            rebuild(isolate, Source::WARMED, request, true).await
        }
        Mode::ReadOnly => refused(isolate, Reason::ReadOnly),
        Mode::Passthrough => refused(isolate, Reason::Passthrough),
    };
    isolate.log(&Event::Warm { report: &report });
    let outcome = if report.error.is_none() { WarmOutcome::Ok } else { WarmOutcome::Error };
    isolate.count(Counter::WarmRuns(outcome));
    let asked = save(isolate, &report).await;
    if let Some(providers) = warm_asked(isolate, &asked).await {
        report.providers = Some(providers);
        save(isolate, &report).await;
    }
    report
}

/// Keeps the report for statistics, and takes the counters along: cron's isolate may never see a request that would. When providers were
/// asked for last, in any isolate.
async fn save(isolate: &Isolate, report: &WarmReport) -> Vec<(Slug, Timestamp)> {
    let paused = isolate.state.borrow().publishing.pause.reason(isolate.now()).is_some();
    if isolate.mode() != Mode::Active || paused {
        return Vec::new();
    }
    let Ok(text) = serde_json::to_string(report) else { return Vec::new() };
    let (counts, asked) = {
        let mut state = isolate.state.borrow_mut();
        (state.counters.take_unflushed(), state.demand.take_untold())
    };
    let named = named(&counts, &asked);
    // The log has the report; a Redis that fails is logged where it is found.
    let saved =
        tiers::redis(isolate, async |session| redis::save_report(session, &text, &named).await)
            .await;
    let mut state = isolate.state.borrow_mut();
    if saved.is_err() {
        state.counters.restore(&counts);
        state.demand.restore(&asked);
    }
    state.flushed_at = isolate.ports.clock.now();
    let asked = saved.unwrap_or_default().into_iter();
    asked.filter_map(|(slug, at)| Some((Slug::new(&slug)?, Timestamp(at)))).collect()
}
