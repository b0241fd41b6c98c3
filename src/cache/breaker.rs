//! A circuit breaker for one tier: closed, open, and half-open with exactly one trial. A function of outcomes and
//! `now`; nothing in it waits.

use std::time::Duration;

use crate::ports::{TierError, Timestamp};

/// Outcomes older than this are forgotten.
const WINDOW: Duration = Duration::from_secs(10);
/// Fewer failures than this in the window never open it: one lost packet is no outage.
const FAILURES_MIN: u32 = 5;
/// The first opening; each failed trial doubles it.
const OPEN_FIRST: Duration = Duration::from_secs(5);
/// The longest opening after failed trials.
const OPEN_MAX: Duration = Duration::from_secs(60);
/// A used-up quota does not come back in seconds (ANCHORS.md §F).
const OPEN_QUOTA: Duration = Duration::from_secs(300);
/// A trial whose request died is given to another after this.
const TRIAL: Duration = Duration::from_secs(10);

/// Where a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Calls go through.
    Closed,
    /// No call goes through before `until`.
    Open {
        /// When the next trial may begin.
        until: Timestamp,
    },
    /// One call is out to see whether the tier is back.
    HalfOpen {
        /// When the trial counts as lost.
        until: Timestamp,
    },
}

impl State {
    /// The name that statistics and logs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen { .. } => "half_open",
        }
    }
}

/// The state of one tier's calls.
#[derive(Clone, Debug)]
pub struct Breaker {
    state: State,
    /// The next opening's length.
    open_for: Duration,
    window_start: Timestamp,
    failures: u32,
    successes: u32,
    last_failed: bool,
    ever_succeeded: bool,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            state: State::Closed,
            open_for: OPEN_FIRST,
            window_start: Timestamp::default(),
            failures: 0,
            successes: 0,
            last_failed: false,
            ever_succeeded: false,
        }
    }
}

impl Breaker {
    /// Whether a call may be made now. The one that turns an open breaker half-open is the trial, and until it has
    /// an outcome no other is let through.
    pub fn permit(&mut self, now: Timestamp) -> bool {
        match self.state {
            State::Closed => true,
            State::Open { until } | State::HalfOpen { until } if now >= until => {
                self.state = State::HalfOpen { until: now + TRIAL };
                true
            }
            State::Open { .. } | State::HalfOpen { .. } => false,
        }
    }

    /// The outcome of a permitted call; `random` jitters the next probe so that isolates do not return together.
    pub fn record(&mut self, outcome: Result<(), &TierError>, now: Timestamp, random: u64) {
        self.last_failed = outcome.is_err();
        match (self.state, outcome) {
            (State::HalfOpen { .. }, Ok(())) => {
                *self = Self { ever_succeeded: true, window_start: now, ..Self::default() };
            }
            (State::HalfOpen { .. }, Err(error)) => {
                self.open_for = self.open_for.saturating_mul(2).min(OPEN_MAX);
                self.open(error, now, random);
            }
            (State::Closed, outcome) => self.count(outcome, now, random),
            // The outcome of a call that began before the breaker opened says nothing new.
            (State::Open { .. }, _) => {}
        }
    }

    /// Whether calls are failing just now: hedges need no cap then.
    pub fn is_failing(&self) -> bool {
        self.state != State::Closed || self.last_failed || !self.ever_succeeded
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    fn count(&mut self, outcome: Result<(), &TierError>, now: Timestamp, random: u64) {
        if now.since(self.window_start) >= WINDOW {
            (self.window_start, self.failures, self.successes) = (now, 0, 0);
        }
        let Err(error) = outcome else {
            self.ever_succeeded = true;
            self.successes = self.successes.saturating_add(1);
            return;
        };
        self.failures = self.failures.saturating_add(1);
        let often = self.failures >= FAILURES_MIN && self.failures >= self.successes;
        if often || matches!(error, TierError::Quota) {
            self.open(error, now, random);
        }
    }

    fn open(&mut self, error: &TierError, now: Timestamp, random: u64) {
        let length = match error {
            TierError::Quota => OPEN_QUOTA,
            _ => self.open_for,
        };
        self.state = State::Open { until: now + jittered(length, random) };
        (self.failures, self.successes) = (0, 0);
    }
}

/// Between three and five quarters of a duration.
pub(super) fn jittered(duration: Duration, random: u64) -> Duration {
    let whole = crate::ports::millis(duration);
    let half = whole.checked_div(2).unwrap_or(0);
    let extra = random.checked_rem(half.saturating_add(1)).unwrap_or(0);
    let quarter = whole.checked_div(4).unwrap_or(0);
    Duration::from_millis(whole.saturating_sub(quarter).saturating_add(extra))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURE: Result<(), &TierError> = Err(&TierError::Timeout);

    fn opened(error: &TierError) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES_MIN {
            assert!(breaker.permit(Timestamp(1000)));
            breaker.record(Err(error), Timestamp(1000), 0);
        }
        breaker
    }

    #[test]
    fn five_failures_that_are_half_of_the_window_open_it() {
        let mut breaker = Breaker::default();
        for _ in 0..6 {
            breaker.record(Ok(()), Timestamp(0), 0);
        }
        for n in 1..=6 {
            assert_eq!(breaker.state(), State::Closed, "after {} failures of many calls", n - 1);
            breaker.record(FAILURE, Timestamp(1), 0);
        }
        assert!(matches!(breaker.state(), State::Open { .. }));
    }

    #[test]
    fn failures_of_an_earlier_window_are_forgotten() {
        let mut breaker = Breaker::default();
        for n in 0..20 {
            breaker.record(FAILURE, Timestamp(n * 3_000), 0);
        }
        assert_eq!(breaker.state(), State::Closed);
    }

    #[test]
    fn half_open_lets_exactly_one_trial_through() {
        let mut breaker = opened(&TierError::Unreachable);
        let later = Timestamp(1000) + OPEN_FIRST * 2;
        assert!(!breaker.permit(Timestamp(1001)));
        let through = (0..50).filter(|_| breaker.permit(later)).count();
        assert_eq!(through, 1, "BentoCache lets all 50 through (ANCHORS.md §C)");
        breaker.record(Ok(()), later, 0);
        assert_eq!(breaker.state(), State::Closed);
        assert!(breaker.permit(later));
    }

    #[test]
    fn a_trial_whose_request_died_is_given_to_another() {
        let mut breaker = opened(&TierError::Timeout);
        let later = Timestamp(60_000);
        assert!(breaker.permit(later));
        assert!(!breaker.permit(later + TRIAL.saturating_sub(Duration::from_millis(1))));
        assert!(breaker.permit(later + TRIAL));
    }

    #[test]
    fn failed_trials_double_the_opening_up_to_its_maximum() {
        let mut breaker = opened(&TierError::Timeout);
        let mut now = Timestamp(1000);
        for expected_secs in [10, 20, 40, 60, 60] {
            now = now + Duration::from_secs(100);
            assert!(breaker.permit(now));
            breaker.record(FAILURE, now, u64::MAX);
            let State::Open { until } = breaker.state() else { panic!("{:?}", breaker.state()) };
            let length = until.since(now).as_millis();
            let full = expected_secs * 1000;
            assert!((full * 3 / 4..=full * 5 / 4).contains(&length), "{length} of {full}");
        }
    }

    #[test]
    fn a_used_up_quota_opens_at_once_and_for_long() {
        let mut breaker = Breaker::default();
        breaker.record(Err(&TierError::Quota), Timestamp(0), 0);
        assert!(!breaker.permit(Timestamp(0) + OPEN_QUOTA / 2));
        assert!(breaker.permit(Timestamp(0) + OPEN_QUOTA * 2));
    }

    #[test]
    fn jitter_stays_within_a_quarter() {
        for random in [0, 1, 499, 500, 501, u64::MAX] {
            let length = jittered(Duration::from_secs(1), random).as_millis();
            assert!((750..=1250).contains(&length), "{length}");
        }
    }
}
