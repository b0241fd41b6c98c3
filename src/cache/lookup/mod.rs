//! One request: memory, the shared tiers, the origin, and at last what is stale. A tier that failed is not asked again in
//! the same walk.

mod asked;
mod joined;
mod memory;
mod origin;
mod outcome;
mod pass_through;
mod serve;
mod shared_tiers;
mod steps;
mod walk;

use std::rc::Rc;

use futures_util::FutureExt;

pub use asked::{Asked, Directives};
pub(super) use joined::lookup_all;
pub use joined::{Joined, Parts};
pub use outcome::{Answer, ForwardReason, Outcome, Served, Standing, TierReport, Trace, Walked};

use super::{
    background::{FollowUp, flush_is_due, mode_is_due, mode_is_unknown, read_mode},
    isolate::{Isolate, within},
    rebuild::Unavailable,
    telemetry::{Counter, Event, Lookup, Reason},
    tiers::has_unleft,
};
use crate::{catalog::View, config::Mode, ports::Tier};
use walk::Walk;

/// Finds the listing of a view.
pub(super) async fn lookup(isolate: &Rc<Isolate>, asked: Asked<'_>) -> Outcome {
    note_demand(isolate, &asked.view);
    if mode_is_unknown(isolate) {
        // Who is rolled back must not serve from caches for having just been born.
        let clock = &*isolate.ports.clock;
        within(clock, isolate.policy.hedge, read_mode(isolate).boxed_local()).await;
    }
    let mut walk = Walk::new(Rc::clone(isolate), asked);
    let answer = steps::run(&mut walk).await;
    let count = answer.as_ref().map_or(0, |answer| answer.listing.len());
    count_and_log(isolate, asked, (&answer, count), &walk.trace);
    let took = isolate.now().since(walk.begun);
    if let Some(point) = outcome::point(&answer, &walk.trace, took) {
        isolate.ports.log.point(&point);
    }
    let mut follow_ups = walk.follow_ups;
    if has_unleft(isolate) {
        follow_ups.push(FollowUp::Leave);
    }
    if mode_is_due(isolate) {
        follow_ups.push(FollowUp::ReadMode);
    }
    if flush_is_due(isolate) {
        follow_ups.push(FollowUp::FlushCounters);
    }
    Outcome { answer, trace: walk.trace, follow_ups }
}

/// Notes that a provider's catalog is asked for.
fn note_demand(isolate: &Isolate, view: &View) {
    if let View::Provider(slug) = view {
        isolate.state.borrow_mut().demand.note(*slug, isolate.now());
    }
}

/// The listing of a view, if memory has it fresh, in its order, and leaves nothing to do: an answer that awaits nothing. What
/// is none is for [`lookup`], which finds everything as it was.
pub(super) fn hit(isolate: &Rc<Isolate>, asked: Asked<'_>) -> Option<(Answer, Trace)> {
    let is_ready = isolate.mode() != Mode::Passthrough
        && memory::is_ordered(isolate, &asked.view)
        && !flush_is_due(isolate)
        && !mode_is_due(isolate);
    let mut walk = is_ready.then(|| Walk::new(Rc::clone(isolate), asked))?;
    let answer = memory::answer_from_memory(&mut walk)?;
    if answer.served != Served::Hit || !walk.follow_ups.is_empty() {
        return None;
    }
    let (count, answer) = (answer.listing.len(), Ok(answer));
    count_and_log(isolate, asked, (&answer, count), &walk.trace);
    answer.ok().map(|answer| (answer, walk.trace))
}

/// Counts a request, whose answer has so many entries, and logs it: one line, and of what memory answers only a sample.
fn count_and_log(
    isolate: &Isolate,
    Asked { view, request_id, .. }: Asked<'_>,
    (answer, count): (&Result<Answer, Unavailable>, usize),
    trace: &Trace,
) {
    match answer.as_ref().map(|answer| answer.served) {
        Ok(Served::Hit) => isolate.count(Counter::Hits),
        Ok(Served::Stale) => {
            isolate.count(Counter::Hits);
            isolate.count(Counter::Stale);
            isolate.count(Counter::StaleServes(why_stale(trace)));
        }
        Ok(Served::Miss) => isolate.count(Counter::Misses),
        // A client's wish that could not be granted is no failure, and is told nobody else.
        Err(Unavailable { reason: Reason::OnlyIfCached, .. }) => return,
        Err(_) => isolate.count(Counter::Unavailable),
    }
    for (tier, report) in trace.iter() {
        isolate.count(Counter::TierLookups(*tier, outcome(report)));
    }
    let hit = trace.iter().find_map(|(tier, report)| match report {
        TierReport::Hit { ttl_secs, derived, .. } => Some((*tier, *ttl_secs, *derived)),
        TierReport::Forward { .. } => None,
    });
    if let Some((tier, ..)) = hit {
        isolate.count(match tier {
            Tier::Memory => Counter::MemoryHits,
            Tier::Colo => Counter::ColoHits,
            Tier::Upstash => Counter::UpstashHits,
            Tier::Kv | Tier::Origin => Counter::KvHits,
        });
    }
    let from_memory = hit.is_some_and(|(tier, ..)| tier == Tier::Memory);
    if from_memory && !is_sampled(isolate) {
        return;
    }
    let key = isolate.keys.listing(&view);
    let passed = passed(trace);
    let (key, passed) = (key.as_str(), passed.as_slice());
    match (answer, hit) {
        (Ok(answer), Some((tier, ttl, derived))) => isolate.log(&Event::CacheHit {
            request_id,
            key,
            tier: tier.as_str(),
            count,
            ttl,
            stale: answer.served == Served::Stale,
            derived,
            passed,
        }),
        (Ok(_), None) => {
            isolate.log(&Event::CacheMiss { request_id, key, count, passed });
        }
        (Err(unavailable), _) => {
            let (reason, retry_after_secs) =
                (unavailable.reason, unavailable.retry_after.as_secs());
            isolate.log(&Event::Unavailable { request_id, key, reason, retry_after_secs, passed });
        }
    }
}

/// What a tier had for the request.
fn outcome(report: &TierReport) -> Lookup {
    match report {
        TierReport::Hit { stale: None, .. } => Lookup::Fresh,
        TierReport::Hit { stale: Some(_), .. } => Lookup::Stale,
        TierReport::Forward { reason: ForwardReason::Bypass, .. } => Lookup::Bypass,
        TierReport::Forward { detail: Some(_), .. } => Lookup::Error,
        TierReport::Forward { reason: ForwardReason::Stale | ForwardReason::Request, .. } => {
            Lookup::Expired
        }
        TierReport::Forward { reason: ForwardReason::Miss, .. } => Lookup::Miss,
    }
}

/// Why something stale was served: what the origin said, if it was asked, else what is known of the value.
fn why_stale(trace: &Trace) -> Reason {
    let origin = trace.iter().find_map(|(tier, report)| match report {
        TierReport::Forward { detail, .. } if *tier == Tier::Origin => *detail,
        _ => None,
    });
    let hit = trace.iter().find_map(|(_, report)| match report {
        TierReport::Hit { stale, .. } => *stale,
        TierReport::Forward { .. } => None,
    });
    origin.or(hit).unwrap_or(Reason::Stale)
}

/// Whether this is the one answer in so many that is logged.
fn is_sampled(isolate: &Isolate) -> bool {
    let one_in = isolate.policy.log_hits_one_in;
    one_in > 0 && isolate.ports.clock.random().checked_rem(one_in) == Some(0)
}

/// What the tiers said that the request went past: `upstash: timeout`.
fn passed(trace: &Trace) -> Vec<String> {
    let said = trace.iter().filter_map(|(tier, report)| match report {
        TierReport::Forward { reason, detail, .. } => {
            let why = detail.map_or(reason.as_str(), |detail| detail.as_str());
            Some(format!("{}: {why}", tier.as_str()))
        }
        TierReport::Hit { .. } => None,
    });
    said.collect()
}
