//! How long nothing is published after Redis refused a write: a minute, doubled with each refusal, up to an hour.

use std::time::Duration;

use crate::{
    cache::{state::breaker::jittered, telemetry::Reason},
    ports::Timestamp,
};

const FIRST: Duration = Duration::from_secs(60);
const MAX: Duration = Duration::from_secs(3600);

/// Writes that Redis refused in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::cache) struct Pause {
    refusals: u32,
    until: Timestamp,
    reason: Option<Reason>,
}

impl Pause {
    /// Why nothing is written now; none when it may be tried.
    pub(in crate::cache) fn reason(&self, now: Timestamp) -> Option<Reason> {
        self.reason.filter(|_| now < self.until)
    }

    /// Whether the last write that tells passed: until a small one has, no large one is tried.
    pub(in crate::cache) fn is_over(&self) -> bool {
        self.reason.is_none()
    }

    /// How long that lasts.
    pub(in crate::cache) fn remaining(&self, now: Timestamp) -> Duration {
        self.until.since(now)
    }

    /// A write was refused; says whether that is news, to be logged.
    pub(in crate::cache) fn refused(
        &mut self,
        reason: Reason,
        now: Timestamp,
        random: u64,
    ) -> bool {
        if self.reason(now).is_some() {
            // Another write that was under way already.
            return false;
        }
        let factor = 1_u32.checked_shl(self.refusals.min(6)).unwrap_or(u32::MAX);
        self.refusals = self.refusals.saturating_add(1);
        self.until = now + jittered(FIRST.saturating_mul(factor).min(MAX), random);
        self.reason.replace(reason) != Some(reason)
    }

    /// A write passed; says whether that is news.
    pub(in crate::cache) fn passed(&mut self) -> bool {
        let news = self.reason.is_some();
        *self = Self::default();
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_from_a_minute_to_an_hour_and_is_told_of_once() {
        let mut pause = Pause::default();
        let mut now = Timestamp(0);
        let mut told = 0;
        for full in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
            assert_eq!(pause.reason(now), None);
            told += u32::from(pause.refused(Reason::NotPermitted, now, 0));
            let left = pause.remaining(now).as_secs();
            assert!((full * 3 / 4..=full * 5 / 4).contains(&left), "{left} of {full}");
            assert!(!pause.refused(Reason::Full, now, 0), "one that was under way");
            assert_eq!(pause.reason(now), Some(Reason::NotPermitted));
            now = now + Duration::from_secs(5_000);
        }
        assert_eq!(told, 1);
        assert!(pause.refused(Reason::Full, now, 0), "another reason is news");
        assert!(pause.passed());
        assert!(!pause.passed());
        assert_eq!(pause.reason(now), None);
    }

    #[test]
    fn a_pause_that_ended_is_over_when_a_write_passed() {
        let mut pause = Pause::default();
        assert!(pause.is_over());
        pause.refused(Reason::Full, Timestamp(0), 0);
        let end = Timestamp(0) + pause.remaining(Timestamp(0));
        assert_eq!(pause.reason(Timestamp(end.0 - 1)), Some(Reason::Full));
        assert_eq!(pause.reason(end), None);
        assert!(!pause.is_over(), "nothing was tried");
        pause.passed();
        assert!(pause.is_over());
    }
}
