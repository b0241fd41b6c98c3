//! How long a failing origin is left alone: 1 s, doubled with each failure, up to 60 s; per source.

use std::time::Duration;

use crate::{cache::state::breaker::jittered, ports::Timestamp};

const FIRST: Duration = Duration::from_secs(1);
const MAX: Duration = Duration::from_secs(60);

/// The failed loads of one source in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cache) struct Backoff {
    failures: u32,
    until: Timestamp,
}

impl Backoff {
    /// How long the origin must not be asked yet; none when it may be.
    pub(in crate::cache) fn remaining(&self, now: Timestamp) -> Option<Duration> {
        (now < self.until).then(|| self.until.since(now))
    }

    /// Failures in a row.
    pub(in crate::cache) fn failures(&self) -> u32 {
        self.failures
    }

    /// Another failure: returns for how long to leave the origin alone.
    pub(in crate::cache) fn failed(&mut self, now: Timestamp, random: u64) -> Duration {
        let factor = 1_u32.checked_shl(self.failures.min(6)).unwrap_or(u32::MAX);
        let length = jittered(FIRST.saturating_mul(factor).min(MAX), random);
        self.failures = self.failures.saturating_add(1);
        self.until = now + length;
        length
    }

    /// The origin answered.
    pub(in crate::cache) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// What another isolate found: `failures` in a row, to be left alone for `remaining`.
    pub(in crate::cache) fn adopt(&mut self, failures: u32, remaining: Duration, now: Timestamp) {
        self.failures = self.failures.max(failures);
        self.until = self.until.max(now + remaining);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_from_one_second_to_sixty() {
        let mut backoff = Backoff::default();
        let mut now = Timestamp(0);
        for full in [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000] {
            assert_eq!(backoff.remaining(now), None);
            let length = backoff.failed(now, 0).as_millis();
            assert!((full * 3 / 4..=full * 5 / 4).contains(&length), "{length} of {full}");
            assert!(backoff.remaining(now).is_some());
            now = now + Duration::from_secs(100);
        }
        backoff.succeeded();
        assert_eq!(backoff, Backoff::default());
    }

    #[test]
    fn what_another_isolate_found_never_shortens_ours() {
        let mut backoff = Backoff::default();
        backoff.adopt(3, Duration::from_secs(5), Timestamp(0));
        backoff.adopt(1, Duration::from_secs(1), Timestamp(0));
        assert_eq!(backoff.remaining(Timestamp(0)), Some(Duration::from_secs(5)));
        assert_eq!(backoff.failures(), 3);
    }

    #[test]
    fn it_ends_to_the_millisecond() {
        let mut backoff = Backoff::default();
        backoff.adopt(1, Duration::from_secs(5), Timestamp(1_000));
        assert_eq!(backoff.remaining(Timestamp(5_999)), Some(Duration::from_millis(1)));
        assert_eq!(backoff.remaining(Timestamp(6_000)), None);
    }
}
