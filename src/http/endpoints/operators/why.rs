//! Why a walk came to what it came to, in a sentence.

use std::time::Duration;

use crate::{
    cache::{Served, Standing, TierReport, Walked},
    config::Policy,
    ports::Tier,
};

/// The sentence.
pub(super) fn why(walked: &Walked, policy: &Policy) -> String {
    let hit = walked.trace.iter().find_map(|(tier, report)| match report {
        TierReport::Hit { stale, .. } => Some((*tier, *stale)),
        TierReport::Forward { .. } => None,
    });
    let failed = walked.trace.iter().find_map(|(tier, report)| match report {
        TierReport::Forward { detail: Some(detail), .. } => {
            Some(format!(" ({}: {})", name(*tier), detail.as_str()))
        }
        _ => None,
    });
    let failed = failed.unwrap_or_default();
    match (&walked.found, hit) {
        (Ok(Standing { served: Served::Hit, age, .. }), hit) => {
            let tier = hit.map_or("another isolate", |(tier, _)| name(tier));
            let left = policy.ttl.saturating_sub(*age).as_secs();
            format!(
                "{tier} had it, read from the origin {} s ago; by the time to live of {} s it is fresh for {left} s more",
                age.as_secs(),
                policy.ttl.as_secs(),
            )
        }
        (Ok(standing), Some((tier, reason))) if standing.served == Served::Stale => {
            let reason = reason.map_or("stale", |reason| reason.as_str());
            format!(
                "{} had it, but {}: it was read from the origin {} s ago, {}{failed}",
                name(tier),
                in_words(reason),
                standing.age.as_secs(),
                within(standing.age, policy),
            )
        }
        (Ok(_), _) => {
            "no tier had anything that might be served, so the origin was read for it".to_owned()
        }
        (Err(reason), _) => {
            format!(
                "nothing that is cached may be served, and the origin gave nothing: {}{failed}",
                reason.as_str()
            )
        }
    }
}

fn name(tier: Tier) -> &'static str {
    match tier {
        Tier::Memory => "memory of this isolate",
        Tier::Colo => "the data center's cache",
        Tier::Upstash => "Redis",
        Tier::Kv => "Workers KV",
        Tier::Origin => "the origin",
    }
}

fn in_words(reason: &str) -> &str {
    match reason {
        "stale" => "stale",
        "unverified" => "nothing could tell for a while whether it was invalidated",
        other => other,
    }
}

/// Which window what is so old is served in.
fn within(age: Duration, policy: &Policy) -> &'static str {
    let revalidated = policy.ttl.saturating_add(policy.revalidate);
    if age <= policy.ttl {
        "so an invalidation made it stale, or none could be ruled out"
    } else if age <= revalidated {
        "within the stale-while-revalidate window"
    } else {
        "within the stale-if-error window"
    }
}
