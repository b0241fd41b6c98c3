//! How long another isolate's lease is waited for: as long as its holder lives.

use std::time::Duration;

use crate::ports::Timestamp;

/// How long a lease in Redis lasts without a sign of its holder, which extends it while it works.
pub(super) const LEASE: Duration = Duration::from_millis(2_500);
/// How often a holder extends its leases.
pub(super) const BEAT: Duration = Duration::from_millis(1_000);
/// A lease that nobody extended for so long is a dead one's, however long it was taken for.
const DEAD_AFTER: Duration = Duration::from_millis(2_600);
/// The first pause between two looks at a lease; each is twice the one before. A request that waits for a slow load, and then loads
/// and publishes by itself, has forty subrequests for all of it.
const PAUSE_FIRST: Duration = Duration::from_millis(200);
/// The longest pause: a holder that works shows itself in each, and its lease does not end in any.
const PAUSE_MAX: Duration = Duration::from_millis(1_400);
/// What two requests may differ by on their way.
const JITTER: Duration = Duration::from_millis(200);

/// What a look at another's lease comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// To be looked at again after this.
    Wait(Duration),
    /// The holder is dead: the work is done without the lease.
    GoOn,
    /// The holder lives, and takes longer than anybody can wait.
    GiveUp,
}

/// One wait for another's lease.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// When the holder was last known to live.
    alive_at: Timestamp,
    /// Until when the lease was held when it was looked at last.
    held_until: Option<Timestamp>,
    pause: Duration,
    give_up: Timestamp,
}

impl Patience {
    /// A wait that begins now, and ends after `longest` even if the holder lives.
    pub(super) fn new(now: Timestamp, longest: Duration) -> Self {
        Self { alive_at: now, held_until: None, pause: PAUSE_FIRST, give_up: now + longest }
    }

    /// A look: another's lease lasts for `held_for` from now.
    pub(super) fn look(&mut self, now: Timestamp, held_for: Duration) -> Verdict {
        let until = now + held_for;
        if let Some(before) = self.held_until.filter(|before| until > *before + JITTER) {
            self.alive_at = now;
            if now >= before {
                // That lease ended, and another one took it, whose work has only begun.
                self.pause = PAUSE_FIRST;
            }
        }
        self.held_until = Some(until);
        let dead_at = self.alive_at + DEAD_AFTER;
        if now >= dead_at {
            return Verdict::GoOn;
        }
        if now >= self.give_up {
            return Verdict::GiveUp;
        }
        let pause = self.pause;
        self.pause = pause.saturating_mul(2).min(PAUSE_MAX);
        // Right after a lease ends, and when it counts as dead, is the time to look.
        let next = held_for
            .saturating_add(Duration::from_millis(5))
            .min(dead_at.min(self.give_up).since(now));
        Verdict::Wait(pause.min(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks until there is a verdict; `held_for` tells what each look sees. The verdict, how long it took, and how many looks.
    fn wait(held_for: impl Fn(Timestamp) -> Duration) -> (Verdict, Duration, usize) {
        let mut now = Timestamp(0);
        let mut patience = Patience::new(now, Duration::from_secs(10));
        let mut looks: usize = 0;
        loop {
            looks = looks.saturating_add(1);
            match patience.look(now, held_for(now)) {
                Verdict::Wait(pause) => now = now + pause,
                verdict => return (verdict, now.since(Timestamp(0)), looks),
            }
        }
    }

    #[test]
    fn a_dead_ones_lease_is_not_waited_for_however_long_it_is() {
        let (verdict, took, looks) = wait(|now| Timestamp(60_000).since(now));
        assert_eq!(verdict, Verdict::GoOn);
        assert!(took < Duration::from_millis(2_700) && looks <= 6, "{took:?}, {looks} looks");
    }

    #[test]
    fn a_living_ones_lease_is_waited_for_up_to_the_end() {
        let (verdict, took, looks) = wait(|now| Duration::from_millis(2_500 - now.0 % 1_000));
        assert_eq!((verdict, took), (Verdict::GiveUp, Duration::from_secs(10)));
        assert!(looks <= 11, "{looks} looks");
    }

    #[test]
    fn one_that_takes_over_is_looked_at_soon() {
        let mut patience = Patience::new(Timestamp(0), Duration::from_secs(10));
        let mut now = Timestamp(0);
        while now < Timestamp(2_500) {
            let Verdict::Wait(pause) = patience.look(now, Timestamp(2_500).since(now)) else {
                panic!("the holder may live")
            };
            now = now + pause;
        }
        assert_eq!(patience.look(now, LEASE), Verdict::Wait(PAUSE_FIRST));
    }

    #[test]
    fn one_that_died_meanwhile_is_found_out() {
        let last_beat = Timestamp(4_000);
        let until = |now: Timestamp| Timestamp(now.0.min(last_beat.0) / 1_000 * 1_000 + 2_500);
        let (verdict, took, _) = wait(|now| until(now).since(now));
        assert!(verdict == Verdict::GoOn && took < Duration::from_millis(8_000), "{took:?}");
    }

    #[test]
    fn a_lease_that_lasts_on_by_more_than_jitter_is_a_sign_of_life() {
        let looked = |more_ms: u64| {
            let mut patience = Patience::new(Timestamp(0), Duration::from_secs(10));
            patience.look(Timestamp(0), LEASE);
            let held_for = LEASE.saturating_sub(Duration::from_secs(1));
            patience.look(Timestamp(1_000), held_for + Duration::from_millis(more_ms));
            patience.look(Timestamp(2_600), Duration::from_millis(more_ms - 100))
        };
        assert_eq!(looked(200), Verdict::GoOn);
        assert!(matches!(looked(201), Verdict::Wait(_)));
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_end_with_the_lease() {
        let mut patience = Patience::new(Timestamp(0), Duration::from_secs(60));
        let pauses = [0, 500, 1_000, 1_500, 2_000].map(|ms| {
            // The holder shows itself before each look.
            patience.look(Timestamp(ms), Duration::from_secs(2))
        });
        let expected = [200, 400, 800, 1_400, 1_400];
        assert_eq!(pauses, expected.map(|ms| Verdict::Wait(Duration::from_millis(ms))));
        let mut patience = Patience::new(Timestamp(0), Duration::from_secs(60));
        let soon = patience.look(Timestamp(0), Duration::from_millis(100));
        assert_eq!(soon, Verdict::Wait(Duration::from_millis(105)));
        let mut patience = Patience::new(Timestamp(0), Duration::from_millis(50));
        assert_eq!(patience.look(Timestamp(0), LEASE), Verdict::Wait(Duration::from_millis(50)));
        assert_eq!(patience.look(Timestamp(50), LEASE), Verdict::GiveUp);
    }
}
