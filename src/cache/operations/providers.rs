//! Keeping providers' catalogs warm: those that an operator names, and with cron those that clients asked for.

use std::{rc::Rc, time::Duration};

use super::rebuild::{rebuild, refused, request_of};
use crate::{
    cache::{
        background::read_mode_if_due,
        isolate::Isolate,
        protocol::Version,
        rebuild::LoadRequest,
        telemetry::{Event, Failure, ProvidersReport, Reason, WarmReport, WarmedProvider},
        tiers::{self, is_ours},
    },
    catalog::{Slug, Source},
    config::Mode,
    ports::Timestamp,
};

/// Who was not asked for within this is not kept warm.
const ASKED_WITHIN: Duration = Duration::from_hours(24);
/// What the load of a source takes beside the requests to the origin: the lease, the publication, and KV's list and copies.
const AROUND: u64 = 5;

/// Loads these providers' catalogs and publishes them, one after the other; where `subrequests` bounds it, until that is used up.
pub(in crate::cache) async fn warm_providers(
    isolate: &Rc<Isolate>,
    slugs: &[Slug],
    force: bool,
    subrequests: Option<u64>,
) -> ProvidersReport {
    read_mode_if_due(isolate).await;
    let mut report = ProvidersReport::default();
    let mut left = subrequests;
    for slug in slugs {
        if left == Some(0) {
            report.behind.push(slug.as_str().to_owned());
            continue;
        }
        let done = match isolate.mode() {
            Mode::Active => {
                rebuild(isolate, Source::Provider(*slug), request_of(isolate, force), false).await
            }
            Mode::ReadOnly => refused(isolate, Reason::ReadOnly),
            Mode::Passthrough => refused(isolate, Reason::Passthrough),
        };
        let took = u64::try_from(done.origin_requests).unwrap_or(u64::MAX).saturating_add(AROUND);
        left = left.map(|left| left.saturating_sub(took));
        isolate.log(&Event::Rebuilt { source: Source::Provider(*slug).as_str(), report: &done });
        report.warmed.push(of_provider(isolate, *slug, done));
    }
    report
}

fn of_provider(isolate: &Isolate, slug: Slug, done: WarmReport) -> WarmedProvider {
    let state = isolate.state.borrow();
    let extent = state.extent(Source::Provider(slug)).filter(|_| done.error.is_none());
    WarmedProvider {
        provider: slug.as_str().to_owned(),
        count: extent.map_or(0, |extent| extent.models),
        duration_ms: done.duration_ms,
        origin_requests: done.origin_requests,
        changes: done.changes,
        error: done.error,
        published: done.published,
    }
}

/// Keeps the catalogs warm that clients asked for in the last day, the oldest first, and the registry with them. None where nobody
/// asked for any.
pub(super) async fn warm_asked(
    isolate: &Rc<Isolate>,
    asked: &[(Slug, Timestamp)],
) -> Option<ProvidersReport> {
    let asked = lately(isolate, asked).await;
    if asked.is_empty() {
        return None;
    }
    // The run may have waited for one lease already, and its subrequests are few: what another isolate is at is left to it.
    let request = LoadRequest { unless_busy: true, ..request_of(isolate, false) };
    let registry = rebuild(isolate, Source::Registry, request, false).await;
    isolate.log(&Event::Rebuilt { source: Source::Registry.as_str(), report: &registry });
    let known = isolate.state.borrow().providers();
    if known.is_empty() {
        let error = registry.error.unwrap_or(Failure { tier: None, reason: Reason::Error });
        let failed = |slug: &Slug| WarmedProvider {
            provider: slug.as_str().to_owned(),
            count: 0,
            duration_ms: 0,
            origin_requests: 0,
            changes: None,
            error: Some(error),
            published: registry.published.clone(),
        };
        return Some(ProvidersReport {
            warmed: asked.iter().map(|(slug, _)| failed(slug)).collect(),
            behind: Vec::new(),
        });
    }
    let now = isolate.now();
    let half = isolate.policy.ttl.checked_div(2).unwrap_or_default();
    let mut due: Vec<(Timestamp, Slug)> = asked
        .into_iter()
        .filter(|(slug, _)| known.contains(&Source::Provider(*slug)))
        .map(|(slug, version)| (version.map(|version| version.at).unwrap_or_default(), slug))
        .filter(|(at, _)| now.since(*at) >= half)
        .collect();
    due.sort_unstable();
    let slugs: Vec<Slug> = due.into_iter().map(|(_, slug)| slug).collect();
    let subrequests = isolate.policy.warm_subrequests;
    Some(warm_providers(isolate, &slugs, false, Some(subrequests)).await)
}

/// The providers that clients asked for in the last day, and what is published of each.
async fn lately(isolate: &Isolate, asked: &[(Slug, Timestamp)]) -> Vec<(Slug, Option<Version>)> {
    let now = isolate.now();
    let asked = asked.iter().filter(|(_, at)| now.since(*at) < ASKED_WITHIN);
    let slugs: Vec<Slug> = asked.map(|(slug, _)| *slug).collect();
    if slugs.is_empty() {
        return Vec::new();
    }
    let sources: Vec<Source> = slugs.iter().map(|slug| Source::Provider(*slug)).collect();
    // A Redis that does not answer has been logged, and takes no publication either.
    let Ok(observed) = tiers::check(isolate, &sources).await else { return Vec::new() };
    let version = |slug: Slug| {
        let there = observed.version(Source::Provider(slug));
        there.filter(|there| is_ours(isolate, there))
    };
    slugs.into_iter().map(|slug| (slug, version(slug))).collect()
}
