//! Time-bounded rights within an isolate: who holds one does the work, and the others look at what it leaves in
//! memory. It expires by itself, since a request that dies runs no destructor (docs/platform.md, "A request can end without
//! destructors").

use std::{collections::HashMap, time::Duration};

use crate::{
    catalog::{Resource, Source},
    ports::Timestamp,
};

/// What a lease is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::cache) enum Work {
    /// Loading a source's snapshot from the origin.
    Load(Source),
    /// Asking Upstash and KV for a snapshot, or Upstash for a listing.
    Read(Resource),
    /// Refreshing something stale behind a response.
    Refresh(Source),
    /// Asking the origin for everyone who passes through.
    PassThrough(Source),
    /// Publishing listings that are not kept warm.
    Derive(Source),
    /// Checking memory against Redis.
    Check,
    /// Writing the counters to Redis.
    Flush,
    /// Asking each tier whether it answers.
    Probe,
    /// Rebuilding after the tables changed.
    Follow,
}

/// Proof of a lease: only its holder's release counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cache) struct Hold(u64);

/// The leases of an isolate.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct Leases {
    held: HashMap<Work, (Hold, Timestamp)>,
    issued: u64,
}

impl Leases {
    /// Takes a free or expired lease for `length`. Check and set are one step: nothing awaits in between.
    pub(in crate::cache) fn acquire(
        &mut self,
        work: Work,
        now: Timestamp,
        length: Duration,
    ) -> Option<Hold> {
        if self.is_held(work, now) {
            return None;
        }
        self.held.retain(|_, (_, until)| now < *until);
        self.issued = self.issued.saturating_add(1);
        let hold = Hold(self.issued);
        self.held.insert(work, (hold, now + length));
        Some(hold)
    }

    /// Whether somebody holds it.
    pub(in crate::cache) fn is_held(&self, work: Work, now: Timestamp) -> bool {
        self.held.get(&work).is_some_and(|(_, until)| now < *until)
    }

    /// Lets it last for `length` from now on; says whether it is still its holder's.
    pub(in crate::cache) fn extend(
        &mut self,
        work: Work,
        hold: Hold,
        now: Timestamp,
        length: Duration,
    ) -> bool {
        let Some((_, until)) = self.held.get_mut(&work).filter(|(held, _)| *held == hold) else {
            return false;
        };
        *until = now + length;
        true
    }

    /// Gives it back, unless it expired and is another's by now.
    pub(in crate::cache) fn release(&mut self, work: Work, hold: Hold) {
        if self.held.get(&work).is_some_and(|(held, _)| *held == hold) {
            self.held.remove(&work);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(10);

    #[test]
    fn one_holder_until_it_is_released_or_expires() {
        let mut leases = Leases::default();
        let hold = leases.acquire(Work::Check, Timestamp(0), LENGTH).unwrap();
        assert_eq!(leases.acquire(Work::Check, Timestamp(9_999), LENGTH), None);
        assert!(leases.acquire(Work::Load(Source::WARMED), Timestamp(0), LENGTH).is_some());
        leases.release(Work::Check, hold);
        let second = leases.acquire(Work::Check, Timestamp(1), LENGTH).unwrap();
        let third = leases.acquire(Work::Check, Timestamp(10_001), LENGTH).unwrap();
        assert_ne!(second, third);
    }

    #[test]
    fn a_lease_lasts_on_unless_another_took_it() {
        let mut leases = Leases::default();
        let first = leases.acquire(Work::Check, Timestamp(0), LENGTH).unwrap();
        assert!(leases.extend(Work::Check, first, Timestamp(9_000), LENGTH));
        assert!(leases.is_held(Work::Check, Timestamp(18_999)));
        let second = leases.acquire(Work::Check, Timestamp(19_000), LENGTH).unwrap();
        assert!(!leases.extend(Work::Check, first, Timestamp(19_001), LENGTH));
        leases.release(Work::Check, second);
        assert!(!leases.extend(Work::Check, second, Timestamp(19_002), LENGTH));
    }

    #[test]
    fn a_late_release_does_not_take_anothers_lease() {
        let mut leases = Leases::default();
        let late = leases.acquire(Work::Check, Timestamp(0), LENGTH).unwrap();
        leases.acquire(Work::Check, Timestamp(10_000), LENGTH).unwrap();
        leases.release(Work::Check, late);
        assert!(leases.is_held(Work::Check, Timestamp(10_001)));
    }

    #[test]
    fn a_lease_ends_to_the_millisecond_and_is_forgotten() {
        let mut leases = Leases::default();
        leases.acquire(Work::Check, Timestamp(5), LENGTH).unwrap();
        assert!(leases.is_held(Work::Check, Timestamp(10_004)));
        assert!(!leases.is_held(Work::Check, Timestamp(10_005)));
        leases.acquire(Work::Flush, Timestamp(10_004), LENGTH).unwrap();
        assert_eq!(leases.held.len(), 2);
        leases.acquire(Work::Load(Source::WARMED), Timestamp(10_005), LENGTH).unwrap();
        assert_eq!(leases.held.len(), 2);
    }
}
