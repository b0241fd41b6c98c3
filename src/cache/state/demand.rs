//! Which providers' catalogs are asked for: what cron keeps warm.

use std::{collections::BTreeMap, time::Duration};

use crate::{catalog::Slug, ports::Timestamp};

/// One that was noted so lately need not be noted again: a day is what counts.
const AGAIN: Duration = Duration::from_secs(60);
/// No registry has more providers: what is beyond waits until others were told.
const NOTED_MAX: usize = 256;

/// What was asked for in this isolate, and not told to others yet.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct Demand {
    asked: BTreeMap<Slug, Asked>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    at: Timestamp,
    is_told: bool,
}

impl Demand {
    /// Notes that a provider's catalog was asked for.
    pub(in crate::cache) fn note(&mut self, slug: Slug, now: Timestamp) {
        let has_room = self.asked.len() < NOTED_MAX;
        match self.asked.get_mut(&slug) {
            Some(asked) if now.since(asked.at) < AGAIN => {}
            Some(asked) => *asked = Asked { at: now, is_told: false },
            None if has_room => {
                self.asked.insert(slug, Asked { at: now, is_told: false });
            }
            None => {}
        }
    }

    /// What others are to be told: when each was asked for last.
    pub(in crate::cache) fn take_untold(&mut self) -> Vec<(Slug, Timestamp)> {
        let untold = self.asked.iter_mut().filter(|(_, asked)| !asked.is_told);
        untold
            .map(|(slug, asked)| {
                asked.is_told = true;
                (*slug, asked.at)
            })
            .collect()
    }

    /// What did not reach the others is to be told again.
    pub(in crate::cache) fn restore(&mut self, untold: &[(Slug, Timestamp)]) {
        for (slug, _) in untold {
            if let Some(asked) = self.asked.get_mut(slug) {
                asked.is_told = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_told_once_a_minute_and_again_where_it_was_lost() {
        let (fal, groq) = (Slug::new("fal").unwrap(), Slug::new("groq").unwrap());
        let mut demand = Demand::default();
        demand.note(fal, Timestamp(1_000));
        demand.note(groq, Timestamp(2_000));
        demand.note(fal, Timestamp(3_000));
        let untold = demand.take_untold();
        assert_eq!(untold, [(fal, Timestamp(1_000)), (groq, Timestamp(2_000))]);
        demand.note(fal, Timestamp(60_999));
        assert_eq!(demand.take_untold(), [], "told a moment ago");
        demand.restore(&untold);
        demand.note(fal, Timestamp(61_000));
        assert_eq!(demand.take_untold(), [(fal, Timestamp(61_000)), (groq, Timestamp(2_000))]);
    }
}
