//! What a client asks for: a view, and how old or stale what is cached may be (RFC 9111 §5.2.1).

use std::time::Duration;

use crate::{cache::protocol::Freshness, catalog::View, ports::Timestamp};

/// What was read less than this part of a TTL ago is as new as a client can ask for: no stranger has the origin read again sooner.
const YOUNG: u32 = 10;

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What is to be listed.
    pub view: View,
    /// What may be served.
    pub directives: Directives,
    /// The request's identifier, as the log has it; empty where nobody gave one.
    pub request_id: &'a str,
}

impl From<View> for Asked<'_> {
    fn from(view: View) -> Self {
        Self { view, directives: Directives::default(), request_id: "" }
    }
}

/// A request's cache directives (RFC 9111 §5.2.1): wishes that a cache may grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// `no-cache`: not before Redis was asked whether it is still current.
    pub no_cache: bool,
    /// `only-if-cached`: not from the origin.
    pub only_if_cached: bool,
    /// `max-age`: what is older not before Redis was asked either. Browsers send 0 with every reload.
    pub max_age: Option<Duration>,
    /// `max-stale`: so long past its TTL it is still good enough.
    pub max_stale: Option<Duration>,
    /// `min-fresh`: fresh for so long from now on.
    pub min_fresh: Option<Duration>,
}

impl Directives {
    /// Whether Redis is to be asked whether what is so old is current.
    pub(super) fn want_validation(&self, age: Duration) -> bool {
        self.no_cache || self.max_age.is_some_and(|most| age > most)
    }

    /// Whether what is so old may be served; more than a young entry nobody is given.
    pub(super) fn accept(&self, freshness: Freshness, age: Duration, ttl: Duration) -> bool {
        let is_young = age < ttl.checked_div(YOUNG).unwrap_or_default();
        freshness == Freshness::Fresh && is_young
            || self.min_fresh.is_none_or(|least| age.saturating_add(least) <= ttl)
    }

    /// Whether what is stale may be served although the origin was not asked.
    pub(super) fn accept_stale(&self, age: Duration, ttl: Duration) -> bool {
        self.max_stale.is_some_and(|most| age.saturating_sub(ttl) <= most)
    }

    /// What is wanted was read no earlier than this; none where any time will do.
    pub(super) fn not_before(&self, now: Timestamp, ttl: Duration) -> Option<Timestamp> {
        let oldest = ttl.saturating_sub(self.min_fresh?);
        Some(now.minus(oldest.max(ttl.checked_div(YOUNG).unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(1800);

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn what_is_older_than_was_wanted_is_to_be_compared() {
        let none = Directives::default();
        let max_age = Directives { max_age: Some(secs(600)), ..none };
        let wants = |directives: Directives, age| directives.want_validation(secs(age));
        assert!(!wants(none, 9_999) && !wants(max_age, 600) && wants(max_age, 601));
        assert!(wants(Directives { no_cache: true, ..none }, 0));
    }

    #[test]
    fn what_is_wanted_is_granted_but_for_what_is_young() {
        let min_fresh =
            |least| Directives { min_fresh: Some(secs(least)), ..Directives::default() };
        for (directives, age, expected) in [
            (Directives::default(), 5_000, true),
            (min_fresh(600), 1_200, true),
            (min_fresh(600), 1_201, false),
            (min_fresh(9_999), 179, true),
            (min_fresh(9_999), 180, false),
        ] {
            let fresh = directives.accept(Freshness::Fresh, secs(age), TTL);
            assert_eq!(fresh, expected, "{directives:?} {age}");
        }
        assert!(!min_fresh(1_700).accept(Freshness::Revalidate, secs(179), TTL), "it is not fresh");
        assert!(Directives::default().accept(Freshness::Revalidate, secs(1_900), TTL));
    }

    #[test]
    fn what_is_stale_is_accepted_for_as_long_as_the_client_says() {
        let max_stale = |most| Directives { max_stale: Some(secs(most)), ..Directives::default() };
        let accepts = |directives: Directives, age| directives.accept_stale(secs(age), TTL);
        assert!(!accepts(Directives::default(), 1_800));
        assert!(accepts(max_stale(60), 1_860) && !accepts(max_stale(60), 1_861));
    }

    #[test]
    fn a_load_is_as_new_as_was_wanted_and_no_newer_than_a_young_entry() {
        let now = Timestamp(10_000_000);
        let of = |min_fresh: Option<u64>| {
            let min_fresh = min_fresh.map(secs);
            let directives = Directives { min_fresh, ..Directives::default() };
            directives.not_before(now, TTL).map(|at| now.since(at).as_secs())
        };
        assert_eq!(of(None), None);
        assert_eq!(of(Some(600)), Some(1_200));
        assert_eq!(of(Some(1_700)), Some(180));
        assert_eq!(of(Some(9_999)), Some(180));
    }
}
