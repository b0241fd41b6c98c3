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
/// A used-up quota does not come back in seconds (docs/platform.md, "Upstash quotas run out for long").
const OPEN_QUOTA: Duration = Duration::from_secs(300);
/// Who did not try for so long after an opening was over knows no more of the tier than a new isolate: with one trial alone, all
/// others that come together would go without the tier.
const FORGOTTEN: Duration = OPEN_MAX;
/// A trial whose request died is given to another after this.
const TRIAL: Duration = Duration::from_secs(10);

/// Where a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
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

impl BreakerState {
    /// The name that statistics and logs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen { .. } => "half-open",
        }
    }
}

/// Leave to make one call. Its outcome counts only while the breaker stands as it stood then: what a call that began
/// before an opening finds out must not decide the trial after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    generation: u64,
}

/// The state of one tier's calls.
#[derive(Clone, Debug)]
pub struct Breaker {
    state: BreakerState,
    /// Raised with every change of state.
    generation: u64,
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
            state: BreakerState::Closed,
            generation: 0,
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
    /// Leave to make a call now. An opening that nobody tried to end is forgotten. The call that turns an open breaker half-open is the
    /// trial, and until it has an outcome no other gets leave.
    pub fn permit(&mut self, now: Timestamp) -> Option<Permit> {
        match self.state {
            BreakerState::Closed => {}
            BreakerState::Open { until } if now.since(until) >= FORGOTTEN => {
                let Self { generation, last_failed, ever_succeeded, .. } = *self;
                let generation = generation.saturating_add(1);
                *self = Self { generation, last_failed, ever_succeeded, ..Self::default() };
            }
            BreakerState::Open { until } | BreakerState::HalfOpen { until } if now >= until => {
                self.change(BreakerState::HalfOpen { until: now + TRIAL });
            }
            BreakerState::Open { .. } | BreakerState::HalfOpen { .. } => return None,
        }
        Some(Permit { generation: self.generation })
    }

    /// The outcome of a permitted call; `random` jitters the next probe so that isolates do not return together.
    pub fn record(
        &mut self,
        permit: Permit,
        outcome: Result<(), &TierError>,
        now: Timestamp,
        random: u64,
    ) {
        if permit.generation != self.generation {
            return;
        }
        self.last_failed = outcome.is_err();
        match (self.state, outcome) {
            (BreakerState::HalfOpen { .. }, Ok(())) => {
                let generation = self.generation.saturating_add(1);
                *self = Self { generation, ever_succeeded: true, ..Self::default() };
            }
            (BreakerState::HalfOpen { .. }, Err(error)) => {
                self.open_for = self.open_for.saturating_mul(2).min(OPEN_MAX);
                self.open(error, now, random);
            }
            (BreakerState::Closed | BreakerState::Open { .. }, outcome) => {
                self.count(outcome, now, random);
            }
        }
    }

    /// Whether calls are failing just now: hedges need no cap then.
    pub fn is_failing(&self) -> bool {
        self.state != BreakerState::Closed || self.last_failed || !self.ever_succeeded
    }

    /// Where it stands.
    pub fn state(&self) -> BreakerState {
        self.state
    }

    fn change(&mut self, state: BreakerState) {
        self.state = state;
        self.generation = self.generation.saturating_add(1);
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
        self.change(BreakerState::Open { until: now + jittered(length, random) });
        (self.failures, self.successes) = (0, 0);
    }
}

/// Between three and five quarters of a duration.
pub(in crate::cache) fn jittered(duration: Duration, random: u64) -> Duration {
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

    /// A call that is made and ends at once.
    fn call(breaker: &mut Breaker, outcome: Result<(), &TierError>, now: Timestamp) {
        let permit = breaker.permit(now).expect("leave to call");
        breaker.record(permit, outcome, now, u64::MAX);
    }

    fn opened(error: &TierError) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES_MIN {
            call(&mut breaker, Err(error), Timestamp(1000));
        }
        breaker
    }

    #[test]
    fn a_straggler_does_not_decide_the_trial() {
        let mut breaker = Breaker::default();
        let straggler = breaker.permit(Timestamp(1000)).unwrap();
        for _ in 0..FAILURES_MIN {
            call(&mut breaker, FAILURE, Timestamp(1000));
        }
        let later = Timestamp(60_000);
        let trial = breaker.permit(later).unwrap();
        breaker.record(straggler, FAILURE, later, 0);
        assert!(matches!(breaker.state(), BreakerState::HalfOpen { .. }), "{:?}", breaker.state());
        breaker.record(trial, Ok(()), later, 0);
        assert_eq!(breaker.state(), BreakerState::Closed);
        breaker.record(straggler, FAILURE, later, 0);
        assert!(!breaker.is_failing(), "nor what comes after it");
    }

    #[test]
    fn five_failures_that_are_half_of_the_window_open_it() {
        let mut breaker = Breaker::default();
        for _ in 0..6 {
            call(&mut breaker, Ok(()), Timestamp(0));
        }
        for n in 1..=6 {
            assert_eq!(
                breaker.state(),
                BreakerState::Closed,
                "after {} failures of many calls",
                n - 1
            );
            call(&mut breaker, FAILURE, Timestamp(1));
        }
        assert!(matches!(breaker.state(), BreakerState::Open { .. }));
    }

    #[test]
    fn failures_of_an_earlier_window_are_forgotten() {
        let mut breaker = Breaker::default();
        for n in 0..20 {
            call(&mut breaker, FAILURE, Timestamp(n * 3_000));
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn half_open_lets_exactly_one_trial_through() {
        let mut breaker = opened(&TierError::Unreachable);
        let later = Timestamp(1000) + OPEN_FIRST * 2;
        assert_eq!(breaker.permit(Timestamp(1001)), None);
        let through: Vec<Permit> = (0..50).filter_map(|_| breaker.permit(later)).collect();
        assert_eq!(through.len(), 1, "one trial, whoever asks");
        breaker.record(through[0], Ok(()), later, 0);
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert!(breaker.permit(later).is_some());
    }

    #[test]
    fn an_opening_that_nobody_tried_to_end_is_forgotten() {
        let mut breaker = opened(&TierError::Unreachable);
        let BreakerState::Open { until } = breaker.state() else { panic!("it is open") };
        let late = until + OPEN_MAX;
        for now in [late.minus(Duration::from_millis(1)), late] {
            let mut breaker = breaker.clone();
            let through = (0..50).filter_map(|_| breaker.permit(now)).count();
            assert_eq!(through, if now < late { 1 } else { 50 });
        }
        let permit = breaker.permit(late).unwrap();
        assert!(breaker.is_failing(), "the last call did");
        breaker.record(permit, FAILURE, late, 0);
        assert_eq!(breaker.state(), BreakerState::Closed, "one failure is no outage");
    }

    #[test]
    fn a_trial_whose_request_died_is_given_to_another() {
        let mut breaker = opened(&TierError::Timeout);
        let later = Timestamp(60_000);
        assert!(breaker.permit(later).is_some());
        assert_eq!(breaker.permit(later + TRIAL.saturating_sub(Duration::from_millis(1))), None);
        assert!(breaker.permit(later + TRIAL).is_some());
    }

    #[test]
    fn failed_trials_double_the_opening_up_to_its_maximum() {
        let mut breaker = opened(&TierError::Timeout);
        let mut now = Timestamp::default();
        for expected_secs in [10, 20, 40, 60, 60] {
            if let BreakerState::Open { until } = breaker.state() {
                now = until;
            }
            call(&mut breaker, FAILURE, now);
            let BreakerState::Open { until } = breaker.state() else {
                panic!("{:?}", breaker.state())
            };
            let length = until.since(now).as_millis();
            let full = expected_secs * 1000;
            assert!((full * 3 / 4..=full * 5 / 4).contains(&length), "{length} of {full}");
        }
    }

    #[test]
    fn a_used_up_quota_opens_at_once_and_for_long() {
        let mut breaker = Breaker::default();
        call(&mut breaker, Err(&TierError::Quota), Timestamp(0));
        assert_eq!(breaker.permit(Timestamp(0) + OPEN_QUOTA / 2), None);
        assert!(breaker.permit(Timestamp(0) + OPEN_QUOTA * 2).is_some());
    }

    #[test]
    fn jitter_stays_within_a_quarter() {
        for random in [0, 1, 499, 500, 501, u64::MAX] {
            let length = jittered(Duration::from_secs(1), random).as_millis();
            assert!((750..=1250).contains(&length), "{length}");
        }
    }

    #[test]
    fn calls_are_failing_unless_the_last_one_passed() {
        let mut breaker = Breaker::default();
        assert!(breaker.is_failing(), "nothing ever passed");
        call(&mut breaker, Ok(()), Timestamp(0));
        assert!(!breaker.is_failing());
        call(&mut breaker, FAILURE, Timestamp(0));
        assert!(breaker.is_failing());
        call(&mut breaker, Ok(()), Timestamp(0));
        assert!(!breaker.is_failing());
        let mut breaker = opened(&TierError::Timeout);
        assert!(breaker.is_failing());
        let trial = breaker.permit(Timestamp(60_000)).unwrap();
        assert!(breaker.is_failing());
        breaker.record(trial, Ok(()), Timestamp(60_000), 0);
        assert!(!breaker.is_failing());
    }

    #[test]
    fn a_closed_breaker_begins_anew() {
        let mut breaker = opened(&TierError::Timeout);
        let later = Timestamp(60_000);
        call(&mut breaker, Ok(()), later);
        for _ in 1..FAILURES_MIN {
            call(&mut breaker, FAILURE, later);
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
        call(&mut breaker, FAILURE, later);
        let BreakerState::Open { until } = breaker.state() else { panic!("{breaker:?}") };
        assert!(until.since(later) <= OPEN_FIRST * 5 / 4, "the first opening's length again");
    }

    #[test]
    fn a_window_ends_after_ten_seconds() {
        for (ms, opens) in [(9_999, true), (10_000, false)] {
            let mut breaker = Breaker::default();
            // Windows begin with the first outcome after the last one's end.
            for _ in 1..FAILURES_MIN {
                call(&mut breaker, FAILURE, Timestamp(100_000));
            }
            call(&mut breaker, FAILURE, Timestamp(100_000 + ms));
            assert_eq!(breaker.state() != BreakerState::Closed, opens, "{ms} ms");
        }
    }

    #[test]
    fn states_have_the_names_that_operators_read() {
        let until = Timestamp(0);
        let states =
            [BreakerState::Closed, BreakerState::Open { until }, BreakerState::HalfOpen { until }];
        assert_eq!(states.map(BreakerState::as_str), ["closed", "open", "half-open"]);
    }
}
