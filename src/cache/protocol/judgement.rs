//! How a value may be served now: a function of what it is dated by, of what is known, and of the policy.

use std::time::Duration;

use super::{
    control::Control,
    dating::Dated,
    known::{CLOCKS, Known},
};
use crate::{config::Policy, ports::Timestamp};

/// How long something is served that was read while the backend was writing its tables.
const PROVISIONAL: Duration = Duration::from_secs(60);

/// How long something may still be served, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Freshness {
    /// Within its TTL, and nothing was invalidated since.
    Fresh,
    /// Served at once, with a refresh behind it (RFC 5861 §3).
    Revalidate,
    /// Served only when nothing better can be had (RFC 5861 §4).
    IfError,
    /// Known to be wrong, by a hard invalidation: served only when the origin cannot answer at all.
    Invalidated,
    /// Never served.
    Gone,
}

impl Dated {
    /// How a value may be served; `hash` is a snapshot's, none of what is no snapshot.
    pub fn freshness(
        &self,
        hash: Option<u64>,
        known: &Known,
        now: Timestamp,
        policy: &Policy,
    ) -> Freshness {
        let age = now.since(self.at());
        if age >= policy.ttl.saturating_add(policy.stale) {
            return Freshness::Gone;
        }
        let is_withdrawn = known.barrier_at.is_some_and(|barrier_at| self.at() <= barrier_at);
        if is_withdrawn || known.control.is_some_and(|control| self.is_behind_barrier(&control)) {
            return Freshness::Invalidated;
        }
        let superseded = hash.is_some_and(|hash| self.is_superseded(hash, known));
        match () {
            () if age < policy.ttl && !superseded && !self.has_changed(known, age) => {
                Freshness::Fresh
            }
            () if age < policy.ttl.saturating_add(policy.revalidate) => Freshness::Revalidate,
            () => Freshness::IfError,
        }
    }

    /// Whether a later version holds other content than a value with this hash.
    pub fn is_superseded(&self, hash: u64, known: &Known) -> bool {
        let Some((order, current)) = known.version else { return false };
        match self {
            Self::Ours { at, epoch, .. } => current != hash && order > (*epoch, *at),
            Self::ByTime(_) | Self::Provisional(_) => false,
        }
    }

    /// Whether a hard invalidation came after this.
    fn is_behind_barrier(&self, control: &Control) -> bool {
        match self {
            Self::Ours { epoch, .. } => *epoch < control.barrier,
            Self::ByTime(at) | Self::Provisional(at) => {
                control.barrier > 0 && *at <= control.barrier_at + CLOCKS
            }
        }
    }

    /// Whether something tells that the origin may give other content by now.
    fn has_changed(&self, known: &Known, age: Duration) -> bool {
        let raised = |is_before: &dyn Fn(u64) -> bool| {
            known.control.is_some_and(|control| is_before(control.epoch))
        };
        match self {
            Self::Ours { epoch, backend_epoch, .. } => {
                raised(&|current| current != *epoch) || known.backend_epoch.differs(*backend_epoch)
            }
            // An epoch is at least the time when it was raised.
            Self::ByTime(at) => raised(&|current| *at <= Timestamp(current)),
            Self::Provisional(at) => {
                age >= PROVISIONAL || raised(&|current| *at <= Timestamp(current))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::protocol::BackendEpoch::{self, Told, Unknown};

    const NOW: Timestamp = Timestamp(1_000_000_000_000);

    fn known(epoch: u64, barrier: u64, backend_epoch: BackendEpoch) -> Known {
        let barrier_at = NOW.minus(Duration::from_secs(100));
        Known {
            control: Some(Control { epoch, barrier, barrier_at }),
            backend_epoch,
            version: None,
            barrier_at: None,
        }
    }

    #[test]
    fn freshness_of_ours_is_a_table() {
        let policy = Policy::default();
        for (age_secs, epoch, backend_epoch, known, expected) in [
            (0, 7, None, known(7, 0, Unknown), Freshness::Fresh),
            (1799, 7, None, known(7, 0, Unknown), Freshness::Fresh),
            (1800, 7, None, known(7, 0, Unknown), Freshness::Revalidate),
            (2099, 7, None, known(7, 0, Unknown), Freshness::Revalidate),
            (2100, 7, None, known(7, 0, Unknown), Freshness::IfError),
            (88_199, 7, None, known(7, 0, Unknown), Freshness::IfError),
            (88_200, 7, None, known(7, 0, Unknown), Freshness::Gone),
            // A soft invalidation; one that was not heard of here.
            (0, 6, None, known(7, 0, Unknown), Freshness::Revalidate),
            (0, 8, None, known(7, 0, Unknown), Freshness::Revalidate),
            (2100, 6, None, known(7, 0, Unknown), Freshness::IfError),
            // A hard one.
            (0, 6, None, known(7, 7, Unknown), Freshness::Invalidated),
            (0, 7, None, known(7, 7, Unknown), Freshness::Fresh),
            (0, 7, None, known(8, 7, Unknown), Freshness::Revalidate),
            (88_200, 6, None, known(7, 7, Unknown), Freshness::Gone),
            // The backend's epoch: the same, another in either direction, gone, unknown.
            (0, 7, Some(3), known(7, 0, Told(Some(3))), Freshness::Fresh),
            (0, 7, Some(3), known(7, 0, Told(Some(4))), Freshness::Revalidate),
            (0, 7, Some(3), known(7, 0, Told(Some(2))), Freshness::Revalidate),
            (0, 7, Some(3), known(7, 0, Told(None)), Freshness::Revalidate),
            (0, 7, Some(3), known(7, 0, Unknown), Freshness::Fresh),
        ] {
            let at = NOW.minus(Duration::from_secs(age_secs));
            let dated = Dated::Ours { at, epoch, backend_epoch };
            let freshness = dated.freshness(None, &known, NOW, &policy);
            assert_eq!(freshness, expected, "{age_secs} s, {dated:?}, {known:?}");
        }
    }

    #[test]
    fn freshness_by_expiry_is_a_table() {
        let policy = Policy::default();
        let soft = |secs_ago| known(NOW.minus(Duration::from_secs(secs_ago)).0, 0, Unknown);
        for (age_secs, known, expected) in [
            (50, known(7, 0, Unknown), Freshness::Fresh),
            (50, known(7, 0, Told(Some(3))), Freshness::Fresh),
            (1800, known(7, 0, Unknown), Freshness::Revalidate),
            // The barrier was 100 s ago.
            (50, known(7, 7, Unknown), Freshness::Fresh),
            (94, known(7, 7, Unknown), Freshness::Fresh),
            (95, known(7, 7, Unknown), Freshness::Invalidated),
            (150, known(7, 7, Unknown), Freshness::Invalidated),
            // A soft invalidation, by its epoch.
            (50, soft(60), Freshness::Fresh),
            (60, soft(60), Freshness::Revalidate),
        ] {
            let dated = Dated::ByTime(NOW.minus(Duration::from_secs(age_secs)));
            let freshness = dated.freshness(None, &known, NOW, &policy);
            assert_eq!(freshness, expected, "{age_secs} s, {known:?}");
        }
    }

    #[test]
    fn where_nothing_ever_told_age_alone_decides() {
        let dated = Dated::Ours { at: NOW, epoch: 7, backend_epoch: Some(3) };
        let freshness = dated.freshness(None, &Known::default(), NOW, &Policy::default());
        assert_eq!(freshness, Freshness::Fresh);
    }

    #[test]
    fn what_was_read_while_the_backend_wrote_is_not_fresh_for_long() {
        let soft = |secs_ago| known(NOW.minus(Duration::from_secs(secs_ago)).0, 0, Unknown);
        for (age_secs, known, expected) in [
            (0, known(7, 0, Unknown), Freshness::Fresh),
            (59, known(7, 0, Unknown), Freshness::Fresh),
            (60, known(7, 0, Unknown), Freshness::Revalidate),
            // An invalidation after it; or before.
            (30, soft(20), Freshness::Revalidate),
            (30, soft(30), Freshness::Revalidate),
            (30, soft(31), Freshness::Fresh),
        ] {
            let dated = Dated::Provisional(NOW.minus(Duration::from_secs(age_secs)));
            let freshness = dated.freshness(None, &known, NOW, &Policy::default());
            assert_eq!(freshness, expected, "{age_secs} s, {known:?}");
        }
    }

    #[test]
    fn what_a_later_version_replaced_is_revalidated() {
        let at = NOW.minus(Duration::from_secs(10));
        let dated = Dated::Ours { at, epoch: 7, backend_epoch: None };
        let version =
            |epoch, at, hash| Known { version: Some(((epoch, at), hash)), ..known(7, 0, Unknown) };
        for (known, expected) in [
            (version(7, NOW, 2), Freshness::Revalidate),
            (version(7, NOW, 1), Freshness::Fresh),
            (version(7, at, 2), Freshness::Fresh),
            (version(7, Timestamp(1), 2), Freshness::Fresh),
            (version(6, NOW, 2), Freshness::Fresh),
        ] {
            assert_eq!(
                dated.freshness(Some(1), &known, NOW, &Policy::default()),
                expected,
                "{known:?}"
            );
        }
    }

    #[test]
    fn another_machines_clock_never_makes_a_negative_age() {
        let dated = Dated::ByTime(Timestamp(9_000));
        let freshness = dated.freshness(None, &Known::default(), Timestamp(0), &Policy::default());
        assert_eq!(freshness, Freshness::Fresh);
    }
}
