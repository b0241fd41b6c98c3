//! `Cache-Control` (RFC 9111, RFC 5861): what caches downstream may do with a response. Every response says it
//! (docs/platform.md, "Without a directive a response is cached").

use std::time::Duration;

use crate::{cache::Served, config::Policy};

/// What changes with a deployment only.
pub(crate) const MINUTES: &str = "public, max-age=300";

/// Everything else: errors, and what operators see.
pub(crate) const NO_STORE: &str = "no-store";

/// How long a fresh listing may be used downstream before it is asked for again, in seconds: there an invalidation arrives
/// no sooner.
const FRESH_SECS: u64 = 60;
/// What of that is left at the least, however near the end of its TTL a listing is: less is not worth storing.
const FRESH_SECS_MIN: u64 = 20;
/// How long a stale listing may be used: long enough that not every client asks while something is out of order.
const STALE_SECS: u64 = 5;

/// A listing of this age. Ages count from the origin's read on, here as in `Age` (docs/platform.md, "Age counts against
/// max-age").
///
/// A fresh one is used for a while, then while it is asked for again until its TTL ends, and while nothing answers for as
/// long as this Worker would serve it. `s-maxage` and `must-revalidate` would switch that off (docs/platform.md, "Some
/// directives switch stale serving off"), which is what a stale one is for.
pub fn listing(served: Served, age: Duration, policy: &Policy) -> String {
    let (age, ttl) = (age.as_secs(), policy.ttl.as_secs());
    let gone = ttl.saturating_add(policy.stale.as_secs());
    if served == Served::Stale {
        let end = age.saturating_add(STALE_SECS).min(gone);
        return format!("public, max-age={end}, must-revalidate");
    }
    let least = age.saturating_add(FRESH_SECS_MIN);
    let most = age.saturating_add(FRESH_SECS);
    let end = ttl.max(least).min(most).min(ttl.saturating_add(policy.revalidate.as_secs()));
    let (revalidate, if_error) = (ttl.saturating_sub(end), gone.saturating_sub(end));
    format!("public, max-age={end}, stale-while-revalidate={revalidate}, stale-if-error={if_error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(ttl: u64, revalidate: u64, stale: u64) -> Policy {
        let secs = Duration::from_secs;
        let (ttl, revalidate, stale) = (secs(ttl), secs(revalidate), secs(stale));
        Policy { ttl, revalidate, stale, ..Policy::default() }
    }

    fn of(served: Served, age: u64, policy: &Policy) -> String {
        listing(served, Duration::new(age, 999_999_999), policy)
    }

    #[test]
    fn a_fresh_listing_is_used_for_a_minute_and_at_least_for_twenty_seconds() {
        let fresh = |end, revalidate, if_error| {
            format!(
                "public, max-age={end}, stale-while-revalidate={revalidate}, stale-if-error={if_error}"
            )
        };
        for (settings, age, expected) in [
            // ttl, revalidate, stale; end, then stale-while-revalidate and stale-if-error.
            ((1800, 300, 86_400), 0, (60, 1740, 88_140)),
            ((1800, 300, 86_400), 900, (960, 840, 87_240)),
            ((1800, 300, 86_400), 1739, (1799, 1, 86_401)),
            ((1800, 300, 86_400), 1760, (1800, 0, 86_400)),
            ((1800, 300, 86_400), 1780, (1800, 0, 86_400)),
            ((1800, 300, 86_400), 1781, (1801, 0, 86_399)),
            ((1800, 300, 86_400), 1799, (1819, 0, 86_381)),
            // The window of revalidation bounds it, and so does the end of everything.
            ((1800, 10, 86_400), 1799, (1810, 0, 86_390)),
            ((1800, 0, 86_400), 1799, (1800, 0, 86_400)),
            ((1800, 300, 0), 1799, (1819, 0, 0)),
            ((30, 300, 600), 0, (30, 0, 600)),
            ((10, 300, 600), 0, (20, 0, 590)),
            ((10, 5, 600), 9, (15, 0, 595)),
            ((1, 0, 0), 0, (1, 0, 0)),
            // A load that takes longer than the TTL.
            ((1, 300, 600), 3, (23, 0, 578)),
            ((31_536_000, 300, 31_536_000), 0, (60, 31_535_940, 63_071_940)),
        ] {
            let (ttl, revalidate, stale) = settings;
            let (end, while_revalidating, if_error) = expected;
            let expected = fresh(end, while_revalidating, if_error);
            for served in [Served::Hit, Served::Miss] {
                let said = of(served, age, &policy(ttl, revalidate, stale));
                assert_eq!(said, expected, "{settings:?} {age}");
            }
        }
    }

    #[test]
    fn a_stale_listing_is_used_for_seconds_whatever_its_age() {
        let defaults = Policy::default();
        for (age, end) in [
            // Of a young one nothing is told but that it is known to be wrong.
            (0, 5),
            (900, 905),
            (1800, 1805),
            (50_000, 50_005),
            (88_199, 88_200),
        ] {
            let expected = format!("public, max-age={end}, must-revalidate");
            assert_eq!(of(Served::Stale, age, &defaults), expected, "{age}");
        }
    }
}
