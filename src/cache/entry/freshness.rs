//! How a cached thing may be served now: a function of its age, of the epochs and of the policy.

use super::{dated::Entry, epochs::Epochs};
use crate::{config::Policy, ports::Timestamp};

/// How long something may still be served, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

impl Entry {
    /// Whether a hard invalidation came after this. An epoch above the current one is of a Redis that lost its data
    /// since, and whether the barrier came after it cannot be told: then it did.
    fn is_behind_barrier(&self, epochs: &Epochs) -> bool {
        let lost = self.epoch > epochs.current;
        epochs.barrier.is_some_and(|barrier| self.epoch < Some(barrier) || lost)
    }

    /// How this may be served. `epochs` are the last ones seen; none were when Redis never answered, and then age
    /// alone decides.
    pub fn freshness(&self, now: Timestamp, epochs: Option<&Epochs>, policy: &Policy) -> Freshness {
        let age = now.since(self.at);
        if age >= policy.ttl.saturating_add(policy.stale) {
            return Freshness::Gone;
        }
        let recent = age < policy.ttl.saturating_add(policy.revalidate);
        let hard = epochs.is_some_and(|epochs| self.is_behind_barrier(epochs));
        let changed = epochs.is_some_and(|epochs| epochs.current != self.epoch);
        match () {
            () if hard => Freshness::Invalidated,
            () if !changed && age < policy.ttl => Freshness::Fresh,
            // An epoch that vanished with the rest of Redis counts as changed, not as a hard invalidation.
            () if recent => Freshness::Revalidate,
            () => Freshness::IfError,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::cache::entry::Content;

    #[test]
    fn freshness_is_a_table() {
        let policy = Policy::default();
        let epochs = |current, barrier| Some(Epochs { current, barrier });
        let known = epochs(Some(7), None);
        for (age_secs, epoch, epochs, expected) in [
            (0, Some(7), known, Freshness::Fresh),
            (1799, Some(7), known, Freshness::Fresh),
            (1800, Some(7), known, Freshness::Revalidate),
            (2099, Some(7), known, Freshness::Revalidate),
            (2100, Some(7), known, Freshness::IfError),
            (88_199, Some(7), known, Freshness::IfError),
            (88_200, Some(7), known, Freshness::Gone),
            // A soft invalidation, an epoch that vanished, a value from before there was one.
            (0, Some(6), known, Freshness::Revalidate),
            (0, Some(7), epochs(None, None), Freshness::Revalidate),
            (0, None, known, Freshness::Revalidate),
            (2100, Some(6), known, Freshness::IfError),
            // A hard one.
            (0, Some(6), epochs(Some(7), Some(7)), Freshness::Invalidated),
            (0, None, epochs(Some(7), Some(7)), Freshness::Invalidated),
            (0, Some(7), epochs(Some(7), Some(7)), Freshness::Fresh),
            (0, Some(7), epochs(Some(8), Some(7)), Freshness::Revalidate),
            // From before Redis lost its data.
            (0, Some(9), epochs(Some(7), Some(6)), Freshness::Invalidated),
            (0, Some(9), epochs(Some(7), None), Freshness::Revalidate),
            // Redis never answered; Redis without epochs, as the backend leaves it.
            (0, Some(6), None, Freshness::Fresh),
            (0, None, epochs(None, None), Freshness::Fresh),
        ] {
            let now = Timestamp(1_000_000_000_000);
            let at = now.minus(std::time::Duration::from_secs(age_secs));
            let entry = Entry { content: Content::Listing(Rc::default()), at, epoch };
            let freshness = entry.freshness(now, epochs.as_ref(), &policy);
            assert_eq!(freshness, expected, "{age_secs} s, {epoch:?}, {epochs:?}");
        }
    }

    #[test]
    fn another_machines_clock_never_makes_a_negative_age() {
        let entry =
            Entry { content: Content::Listing(Rc::default()), at: Timestamp(9_000), epoch: None };
        assert_eq!(entry.freshness(Timestamp(0), None, &Policy::default()), Freshness::Fresh);
    }
}
