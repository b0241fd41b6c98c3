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

/// For how long a fresh listing may be used, in seconds of its age: until `end`, then for so long while it is asked for again, and
/// from `end` on for so long while nothing answers.
pub(super) struct Lifetime {
    pub(super) end: u64,
    revalidate: u64,
    pub(super) if_error: u64,
}

impl Lifetime {
    /// That of a fresh listing of this age.
    pub(super) fn of(age: Duration, policy: &Policy) -> Self {
        let (age, ttl) = (age.as_secs(), policy.ttl.as_secs());
        let least = age.saturating_add(FRESH_SECS_MIN);
        let most = age.saturating_add(FRESH_SECS);
        let end = ttl.max(least).min(most).min(ttl.saturating_add(policy.revalidate.as_secs()));
        let revalidate = ttl.saturating_sub(end);
        Self { end, revalidate, if_error: gone(policy).saturating_sub(end) }
    }
}

/// Until which age anything is served, in seconds.
fn gone(policy: &Policy) -> u64 {
    policy.ttl.as_secs().saturating_add(policy.stale.as_secs())
}

/// A listing of this age. Ages count from the origin's read on, here as in `Age` (docs/platform.md, "Age counts against
/// max-age").
///
/// A fresh one is used for a while, then while it is asked for again until its TTL ends, and while nothing answers for as
/// long as this Worker would serve it. `s-maxage` and `must-revalidate` would switch that off (docs/platform.md, "Some
/// directives switch stale serving off"), which is what a stale one is for.
///
/// Where a cache stands in front, no age is told, so times count from now on (docs/platform.md, "Workers Cache and Age").
pub fn listing(served: Served, age: Duration, policy: &Policy) -> String {
    let begin = if policy.front { age.as_secs() } else { 0 };
    if served == Served::Stale {
        let end = age.as_secs().saturating_add(STALE_SECS).min(gone(policy));
        let max_age = end.saturating_sub(begin);
        return format!("public, max-age={max_age}, must-revalidate");
    }
    let Lifetime { end, revalidate, if_error } = Lifetime::of(age, policy);
    let max_age = end.saturating_sub(begin);
    format!(
        "public, max-age={max_age}, stale-while-revalidate={revalidate}, stale-if-error={if_error}"
    )
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
    fn behind_a_cache_in_front_times_count_from_now_on() {
        let in_front = |ttl| Policy { front: true, ..policy(ttl, 300, 86_400) };
        for (served, age, expected) in [
            (
                Served::Hit,
                900,
                "public, max-age=60, stale-while-revalidate=840, stale-if-error=87240",
            ),
            (
                Served::Miss,
                1790,
                "public, max-age=20, stale-while-revalidate=0, stale-if-error=86390",
            ),
            (Served::Stale, 900, "public, max-age=5, must-revalidate"),
            (Served::Stale, 88_199, "public, max-age=1, must-revalidate"),
        ] {
            assert_eq!(of(served, age, &in_front(1800)), expected, "{served:?} {age}");
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
