//! What cron and an operator do: the views that are kept warm are published anew, and then providers' catalogs that clients asked for.

use std::rc::Rc;

use super::{
    history::{is_kept, note, text_of},
    providers::{warm_asked, warm_providers},
    rebuild::{rebuild, refused, request_of},
};
use crate::{
    cache::{
        background::{named, read_mode_if_due},
        isolate::Isolate,
        redis::{self, WarmRun},
        telemetry::{
            Counter, Event, Operation, ProvidersReport, Reason, WarmCause, WarmOutcome, WarmReport,
        },
        tiers,
    },
    catalog::{Slug, Source},
    config::Mode,
    ports::{Timestamp, millis},
};

/// Warms the views of the source that is kept warm. `force` admits a snapshot that lost more than half of its entries.
pub(in crate::cache) async fn warm(
    isolate: &Rc<Isolate>,
    cause: WarmCause,
    force: bool,
) -> WarmReport {
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
    let noted = text_of(&operation(&report, cause, force));
    let asked = save(isolate, &report, &noted, "").await;
    if let Some(providers) = warm_asked(isolate, &asked).await {
        report.providers = Some(providers);
        let replacement = text_of(&operation(&report, cause, force));
        save(isolate, &report, &replacement, &noted).await;
    }
    report
}

/// Warms the catalogs of the providers that an operator names.
pub(in crate::cache) async fn warm_named(
    isolate: &Rc<Isolate>,
    slugs: &[Slug],
    force: bool,
) -> ProvidersReport {
    let begun = isolate.now();
    let report = warm_providers(isolate, slugs, force, None).await;
    let now = isolate.now();
    let noted = Operation::Warm {
        at_ms: now.0,
        cause: WarmCause::Operator,
        forced: force,
        providers: Some(names(&report)),
        error: report.warmed.iter().find_map(|warmed| warmed.error),
        duration_ms: millis(now.since(begun)),
        changes: None,
    };
    note(isolate, &noted).await;
    report
}

fn operation(report: &WarmReport, cause: WarmCause, forced: bool) -> Operation<'_> {
    Operation::Warm {
        at_ms: report.at_ms,
        cause,
        forced,
        providers: report.providers.as_ref().map(names),
        error: report.error,
        duration_ms: report.duration_ms,
        changes: report.changes,
    }
}

fn names(report: &ProvidersReport) -> Vec<&str> {
    report.warmed.iter().map(|warmed| warmed.provider.as_str()).collect()
}

/// Keeps the report for statistics, and takes the counters along: cron's isolate may never see a request that would. When providers were
/// asked for last, in any isolate.
async fn save(
    isolate: &Isolate,
    report: &WarmReport,
    note: &str,
    replaces: &str,
) -> Vec<(Slug, Timestamp)> {
    if !is_kept(isolate) {
        return Vec::new();
    }
    let Ok(text) = serde_json::to_string(report) else { return Vec::new() };
    let (counts, asked) = {
        let mut state = isolate.state.borrow_mut();
        (state.counters.take_unflushed(), state.demand.take_untold())
    };
    let named = named(&counts, &asked);
    let run = WarmRun { report: &text, note, replaces };
    // The log has the report; a Redis that fails is logged where it is found.
    let saved =
        tiers::redis(isolate, async |session| redis::save_report(session, run, &named).await).await;
    let mut state = isolate.state.borrow_mut();
    if saved.is_err() {
        state.counters.restore(&counts);
        state.demand.restore(&asked);
    }
    state.flushed_at = isolate.ports.clock.now();
    let asked = saved.unwrap_or_default().into_iter();
    asked.filter_map(|(slug, at)| Some((Slug::new(&slug)?, Timestamp(at)))).collect()
}
