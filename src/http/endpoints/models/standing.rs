//! How an answer was served that stands on several catalogs: as the worst of those that it lists; as who the providers are, where that
//! alone is stale or nothing else is listed.

use std::{cmp::Ordering, time::Duration};

use crate::{
    cache::{Answer, Served, Trace},
    config::Policy,
    http::headers::last_modified,
    ports::Timestamp,
};

/// How an answer was served.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) served: Served,
    /// Whether it is of what is listed, and not of who the providers are.
    pub(super) is_listed: bool,
    /// When the oldest was read.
    pub(super) at: Timestamp,
    /// How long ago that was.
    pub(super) age: Duration,
    /// For how much longer all would be served without asking whether they are current.
    pub(super) trusted: Duration,
    /// What the tiers reported of the worst.
    pub(super) trace: Trace,
}

impl Standing {
    /// That of one catalog.
    pub(super) fn of(answer: &Answer, is_listed: bool, trace: Trace, policy: &Policy) -> Self {
        let Answer { served, at, age, .. } = *answer;
        Self { served, is_listed, at, age, trusted: answer.trusted_for(policy), trace }
    }

    /// That of what stands on both.
    pub(super) fn join(self, other: Self) -> Self {
        let (at, age) = (self.at.min(other.at), self.age.max(other.age));
        let trusted = self.trusted.min(other.trusted);
        let told = match other.weight().cmp(&self.weight()) {
            Ordering::Greater => other,
            Ordering::Equal | Ordering::Less => self,
        };
        Self { at, age, trusted, ..told }
    }

    /// What of several is told is what weighs most. A stale part makes the whole stale; that a part was read of the origin says nothing
    /// of the others, and where who the providers are comes from nothing of what they offer.
    fn weight(&self) -> (bool, bool, bool) {
        (self.served == Served::Stale, self.is_listed, self.served == Served::Miss)
    }

    /// When the oldest was read, as the backend writes times (RFC 3339).
    pub(super) fn timestamp(&self) -> String {
        timestamp(self.at)
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A time out of its HTTP date: the calendar is reckoned there.
fn timestamp(at: Timestamp) -> String {
    let date = last_modified(at);
    let words: Vec<&str> = date.split(' ').collect();
    let [_, day, month, year, time, _] = words[..] else { return date };
    let month = MONTHS.iter().zip(1_u8..).find(|(name, _)| **name == month).map_or(0, |(_, n)| n);
    format!("{year}-{month:02}-{day}T{time}+00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339_has_them() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00+00:00"),
            (784_111_777_999, "1994-11-06T08:49:37+00:00"),
            (1_798_761_599_000, "2026-12-31T23:59:59+00:00"),
            (u64::MAX, "9999-12-31T23:59:59+00:00"),
        ] {
            assert_eq!(timestamp(Timestamp(ms)), expected);
        }
    }

    #[test]
    fn what_stands_on_several_is_as_the_worst_of_them() {
        let standing = |served, at, age, trusted| Standing {
            served,
            is_listed: true,
            at: Timestamp(at),
            age: Duration::from_secs(age),
            trusted: Duration::from_secs(trusted),
            trace: Trace::default(),
        };
        let (hit, stale, miss) = (
            standing(Served::Hit, 2, 8, 3),
            standing(Served::Stale, 1, 9, 0),
            standing(Served::Miss, 10, 0, 9),
        );
        for (parts, served) in [
            ([&hit, &miss], Served::Miss),
            ([&miss, &hit], Served::Miss),
            ([&stale, &miss], Served::Stale),
            ([&miss, &stale], Served::Stale),
        ] {
            let [a, b] = parts.map(Standing::clone);
            let expected = (a.at.min(b.at), a.age.max(b.age), a.trusted.min(b.trusted));
            let joined = a.join(b);
            assert_eq!((joined.at, joined.age, joined.trusted), expected);
            assert_eq!(joined.served, served);
        }
    }

    #[test]
    fn what_is_told_is_told_of_what_is_listed_unless_only_the_providers_are_stale() {
        let standing = |served, is_listed, at| Standing {
            served,
            is_listed,
            at: Timestamp(at),
            age: Duration::from_secs(100 - at),
            trusted: Duration::ZERO,
            trace: Trace::default(),
        };
        for (providers, listed, expected) in [
            (Served::Hit, Served::Hit, (Served::Hit, true)),
            (Served::Miss, Served::Hit, (Served::Hit, true)),
            (Served::Hit, Served::Miss, (Served::Miss, true)),
            (Served::Stale, Served::Stale, (Served::Stale, true)),
            (Served::Hit, Served::Stale, (Served::Stale, true)),
            (Served::Miss, Served::Stale, (Served::Stale, true)),
            (Served::Stale, Served::Hit, (Served::Stale, false)),
            (Served::Stale, Served::Miss, (Served::Stale, false)),
        ] {
            let providers = standing(providers, false, 10);
            let joined = providers.clone().join(standing(listed, true, 90));
            assert_eq!((joined.served, joined.is_listed), expected, "{providers:?} {listed:?}");
            assert_eq!((joined.at, joined.age), (providers.at, providers.age), "of the oldest");
        }
    }
}
