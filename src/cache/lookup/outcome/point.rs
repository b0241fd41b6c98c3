//! A request as a row of a table (docs/operations.md, "Analytics Engine").

use std::time::Duration;

use super::{
    answer::{Answer, Served},
    trace::{TierReport, Trace},
};
use crate::{
    cache::{rebuild::Unavailable, telemetry::Reason},
    ports::{Point, Tier, millis},
};

/// The row of a request; none for what memory answered, which a counter is enough for.
pub(in crate::cache::lookup) fn point(
    answer: &Result<Answer, Unavailable>,
    trace: &Trace,
    took: Duration,
) -> Option<Point> {
    let hit = trace.iter().find_map(|(tier, report)| match report {
        TierReport::Hit { stale, .. } => Some((*tier, *stale)),
        TierReport::Forward { .. } => None,
    });
    let (outcome, reason) = match answer {
        Ok(Answer { served: Served::Hit, .. }) => ("hit", None),
        Ok(Answer { served: Served::Stale, .. }) => ("stale", hit.and_then(|(_, stale)| stale)),
        Ok(Answer { served: Served::Miss, .. }) => ("miss", None),
        Err(unavailable) => ("unavailable", Some(unavailable.reason)),
    };
    let tier = hit.map_or(Tier::Origin, |(tier, _)| tier);
    let words = [outcome, tier.as_str(), reason.map_or("", Reason::as_str)];
    let millis = u32::try_from(millis(took)).unwrap_or(u32::MAX);
    (tier != Tier::Memory).then_some(Point { index: outcome, words, millis })
}
