//! When each tier was heard of last, and what became of it: for operators who look.

use std::time::Duration;

use crate::ports::{Tier, TierError, Timestamp};

/// The same failure of a tier is logged at most this often.
const SAME_ERROR: Duration = Duration::from_secs(60);

/// What became of the calls of a tier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cache) struct Contact {
    /// When it answered last, and how long that took.
    pub(in crate::cache) answered: Option<(Timestamp, Duration)>,
    /// When it failed last, and why.
    pub(in crate::cache) failed: Option<(Timestamp, String)>,
}

/// The last calls of the tiers that are asked over the network.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct Contacts {
    /// In the order of [`Self::TIERS`].
    calls: [Contact; 4],
    /// The last failure of each tier that was logged.
    logged: Vec<(Tier, TierError, Timestamp)>,
}

impl Contacts {
    /// The tiers, the one that is nearest to the client first.
    pub(in crate::cache) const TIERS: [Tier; 4] =
        [Tier::Colo, Tier::Upstash, Tier::Kv, Tier::Origin];

    /// Notes what became of a call that began at `begun`.
    pub(in crate::cache) fn note<E: ToString>(
        &mut self,
        tier: Tier,
        (begun, now): (Timestamp, Timestamp),
        outcome: Result<(), &E>,
    ) {
        let contacts = Self::TIERS.into_iter().zip(&mut self.calls);
        let Some((_, contact)) = contacts.into_iter().find(|(of, _)| *of == tier) else { return };
        match outcome {
            Ok(()) => contact.answered = Some((now, now.since(begun))),
            Err(error) => contact.failed = Some((now, error.to_string())),
        }
    }

    /// Each tier with what became of its calls.
    pub(in crate::cache) fn iter(&self) -> impl Iterator<Item = (Tier, &Contact)> {
        Self::TIERS.into_iter().zip(&self.calls)
    }

    /// Notes a failure that is to be logged; says whether it is news: another one than the last, or that one still after a while.
    pub(in crate::cache) fn is_news(
        &mut self,
        tier: Tier,
        error: &TierError,
        now: Timestamp,
    ) -> bool {
        let is_known = self
            .logged
            .iter()
            .any(|(of, last, at)| *of == tier && last == error && now.since(*at) < SAME_ERROR);
        if !is_known {
            self.logged.retain(|(of, ..)| *of != tier);
            self.logged.push((tier, error.clone(), now));
        }
        !is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tier_said_last_stays_beside_how_it_failed_last() {
        let mut contacts = Contacts::default();
        let of = |contacts: &Contacts, tier| {
            contacts.iter().find(|(of, _)| *of == tier).unwrap().1.clone()
        };
        let times = (Timestamp(1_000), Timestamp(1_040));
        contacts.note::<TierError>(Tier::Kv, times, Ok(()));
        contacts.note(Tier::Kv, (Timestamp(2_000), Timestamp(2_300)), Err(&TierError::Timeout));
        let expected = Contact {
            answered: Some((Timestamp(1_040), Duration::from_millis(40))),
            failed: Some((Timestamp(2_300), TierError::Timeout.to_string())),
        };
        assert_eq!(of(&contacts, Tier::Kv), expected);
        assert_eq!(of(&contacts, Tier::Upstash), Contact::default());
        contacts.note::<TierError>(Tier::Memory, times, Ok(()));
        assert!(contacts.iter().all(|(tier, _)| tier != Tier::Memory), "memory is not called");
    }

    #[test]
    fn a_failure_is_news_once_a_minute_and_when_it_is_another_one() {
        let mut contacts = Contacts::default();
        for (tier, error, secs, expected) in [
            (Tier::Kv, TierError::Timeout, 0, true),
            (Tier::Kv, TierError::Timeout, 59, false),
            (Tier::Upstash, TierError::Timeout, 59, true),
            (Tier::Kv, TierError::Timeout, 60, true),
            (Tier::Kv, TierError::Timeout, 119, false),
            (Tier::Kv, TierError::Quota, 119, true),
            (Tier::Kv, TierError::Timeout, 119, true),
        ] {
            let news = contacts.is_news(tier, &error, Timestamp(secs * 1000));
            assert_eq!(news, expected, "{tier:?} {error} after {secs} s");
        }
    }
}
