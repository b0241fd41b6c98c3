//! `Cloudflare-CDN-Cache-Control` (RFC 9213): what the platform's cache in front of the Worker may do with a listing. It reads
//! this instead of `Cache-Control`, and passes it to nobody.

use std::time::Duration;

use super::cache_control::Lifetime;
use crate::config::Policy;

/// How long of the time that a listing is trusted it is served there while it is asked for again.
const REVALIDATE: Duration = Duration::from_secs(5);

/// A listing of this age that this Worker itself would serve for `trusted` without asking whether it is current. It may be served
/// in front for no longer, so that nobody sees there what was invalidated after it is gone here (docs/design.md, "The cache in
/// front"); unless the Worker fails, when it serves it as long as the Worker would.
pub(crate) fn front(age: Duration, trusted: Duration, policy: &Policy) -> String {
    let Lifetime { end, if_error, .. } = Lifetime::of(age, policy);
    let left = end.saturating_sub(age.as_secs());
    let revalidate = REVALIDATE.min(trusted).min(policy.revalidate).as_secs();
    let fresh = trusted.as_secs().saturating_sub(revalidate).min(left);
    // What is left of the end of everything, seen from the end of this freshness.
    let if_error = if_error.saturating_add(left).saturating_sub(fresh);
    format!(
        "public, max-age={fresh}, stale-while-revalidate={revalidate}, stale-if-error={if_error}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_front_a_listing_lives_as_long_as_it_is_trusted_here() {
        let secs = Duration::from_secs;
        let policy = |ttl, revalidate, stale| Policy {
            ttl: secs(ttl),
            revalidate: secs(revalidate),
            stale: secs(stale),
            front: true,
            ..Policy::default()
        };
        for (settings, age, trusted, expected) in [
            // ttl, revalidate, stale; max-age, stale-while-revalidate, stale-if-error.
            ((1800, 300, 86_400), 0, 35, (30, 5, 88_170)),
            ((1800, 300, 86_400), 900, 35, (30, 5, 87_270)),
            ((1800, 300, 86_400), 900, 10, (5, 5, 87_295)),
            ((1800, 300, 86_400), 900, 3, (0, 3, 87_300)),
            ((1800, 300, 86_400), 900, 0, (0, 0, 87_300)),
            // No longer than anybody else may use it.
            ((1800, 300, 86_400), 0, 605, (60, 5, 88_140)),
            ((1800, 300, 86_400), 1790, 35, (20, 5, 86_390)),
            ((10, 5, 600), 9, 35, (6, 5, 595)),
            // Where nothing old may be served at all.
            ((1800, 0, 0), 1799, 35, (1, 0, 0)),
        ] {
            let (ttl, revalidate, stale) = settings;
            let (fresh, while_revalidating, if_error) = expected;
            let said = front(secs(age), secs(trusted), &policy(ttl, revalidate, stale));
            let expected = format!(
                "public, max-age={fresh}, stale-while-revalidate={while_revalidating}, \
                 stale-if-error={if_error}"
            );
            assert_eq!(said, expected, "{settings:?} {age} {trusted}");
        }
    }
}
