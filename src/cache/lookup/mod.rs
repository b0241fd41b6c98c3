//! One request: memory, the shared tiers, the origin, and at last what is stale. A tier that failed is not asked again in
//! the same walk.

mod answer;
mod memory;
mod origin;
mod serve;
mod shared_tiers;
mod steps;
mod trace;
mod walk;

use std::rc::Rc;

pub use answer::{Answer, Outcome, Served};
pub use trace::{ForwardReason, TierReport, Trace};

use super::{
    background::{FollowUp, flush_is_due},
    isolate::Isolate,
    rebuild::Unavailable,
    telemetry::{Counter, Event},
};
use crate::{catalog::View, ports::Tier};
use walk::Walk;

/// Finds the listing of a view.
pub(super) async fn lookup(isolate: &Rc<Isolate>, view: View) -> Outcome {
    let mut walk = Walk::new(Rc::clone(isolate), view);
    let answer = steps::run(&mut walk).await;
    count_and_log(isolate, &view, &answer, &walk.trace);
    let mut follow_ups = walk.follow_ups;
    if flush_is_due(isolate) {
        follow_ups.push(FollowUp::FlushCounters);
    }
    Outcome { answer, trace: walk.trace, follow_ups }
}

fn count_and_log(
    isolate: &Isolate,
    view: &View,
    answer: &Result<Answer, Unavailable>,
    trace: &Trace,
) {
    let counter = match answer.as_ref().map(|answer| answer.served) {
        Ok(Served::Hit) => Counter::Hits,
        Ok(Served::Stale) => {
            isolate.count(Counter::Hits);
            Counter::Stale
        }
        Ok(Served::Miss) => Counter::Misses,
        Err(_) => Counter::Unavailable,
    };
    isolate.count(counter);
    let key = isolate.keys.listing(view);
    let count = answer.as_ref().map_or(0, |answer| answer.listing.len());
    for (tier, report) in trace.iter() {
        match report {
            TierReport::Hit { ttl_secs, stale, derived, .. } => {
                isolate.count(match tier {
                    Tier::Memory => Counter::MemoryHits,
                    Tier::Upstash => Counter::UpstashHits,
                    Tier::Kv | Tier::Origin => Counter::KvHits,
                });
                isolate.log(&Event::CacheHit {
                    key: &key,
                    tier: tier.as_str(),
                    count,
                    ttl: *ttl_secs,
                    stale: *stale,
                    derived: *derived,
                });
            }
            TierReport::Forward { reason, detail, .. } => isolate.log(&Event::CacheMiss {
                key: &key,
                tier: tier.as_str(),
                reason: detail.map_or(reason.as_str(), |detail| detail.as_str()),
            }),
        }
    }
    if let Err(unavailable) = answer {
        let retry_after_secs = unavailable.retry_after.as_secs();
        isolate.log(&Event::Unavailable { key: &key, retry_after_secs });
    }
}
