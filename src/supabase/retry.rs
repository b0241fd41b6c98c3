//! What a failed request calls for, and how many more a load may make: a fault of one page in many must not cost the
//! load.

use std::{cell::Cell, fmt, rc::Rc, time::Duration};

use super::client::Failure;
use crate::ports::{Clock, OriginError, Timestamp, millis};

/// Requests that a load may make again, whichever pages they are of. With one request in twenty failing, of a hundred loads
/// of fifteen pages one fails.
const RETRIES_MAX: u32 = 3;
/// The pause before the first; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// A server that wants to be left alone for longer is not asked again by this load.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(2);

/// What a failed request calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The same request again: the failure is passing.
    AskAgain,
    /// Half of the page: the whole takes the database too long.
    AskForLess,
    /// Nothing that this load could do.
    GiveUp,
}

impl Remedy {
    /// What this failure calls for (docs/platform.md, "PostgREST errors"). The statuses beyond those of HTTP are those of
    /// the gateway before it.
    pub(super) fn of(failure: &Failure) -> Self {
        match &failure.error {
            OriginError::Refused { code, .. } if code == "57014" => Self::AskForLess,
            // Where a page is malformed something stood in for the server, or the page was cut.
            OriginError::Unreachable
            | OriginError::Malformed
            | OriginError::Refused { status: 502..=504 | 520..=527, .. } => Self::AskAgain,
            // A limit of requests ends when the server says so; one that does not say is left alone.
            OriginError::Refused { status: 429, .. } if failure.retry_after.is_some() => {
                Self::AskAgain
            }
            OriginError::Refused { code, .. } => match code.as_str() {
                "PGRST000" | "PGRST001" | "PGRST002" | "PGRST003" => Self::AskAgain,
                _ => Self::GiveUp,
            },
            OriginError::Timeout
            | OriginError::Unreadable(_)
            | OriginError::CountMismatch { .. }
            | OriginError::DuplicateIds { .. } => Self::GiveUp,
        }
    }
}

/// The time and the retries of one load, which its requests share.
pub(super) struct Allowance {
    clock: Rc<dyn Clock>,
    deadline: Timestamp,
    retries: Cell<u32>,
    /// The retries of all loads.
    total: Rc<Cell<u64>>,
}

impl fmt::Debug for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowance")
            .field("deadline", &self.deadline)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}

impl Allowance {
    /// What a load has that begins now and may take so long; what it retries is added to `total`.
    pub(super) fn new(clock: Rc<dyn Clock>, length: Duration, total: Rc<Cell<u64>>) -> Self {
        let deadline = clock.now() + length;
        Self { clock, deadline, retries: Cell::new(0), total }
    }

    /// The time that is left; `None` when it is over.
    pub(super) fn time_left(&self) -> Option<Duration> {
        let left = self.deadline.since(self.clock.now());
        (!left.is_zero()).then_some(left)
    }

    /// Takes a retry and waits before it. Says whether the request may be made: not if no retry is left, nor if the pause
    /// would outlast the load or the server's wish its patience.
    pub(super) async fn take_retry(&self, failure: &Failure) -> bool {
        let taken = self.retries.get();
        let wish = failure.retry_after.unwrap_or_default();
        let pause = wish.saturating_add(self.pause(taken));
        let in_time = self.time_left().is_some_and(|left| pause < left);
        if taken >= RETRIES_MAX || wish > RETRY_AFTER_MAX || !in_time {
            return false;
        }
        self.retries.set(taken.saturating_add(1));
        self.total.set(self.total.get().saturating_add(1));
        self.clock.sleep(pause).await;
        true
    }

    /// Between half and all of the pause that is due, so that pages which failed together do not come back together.
    fn pause(&self, taken: u32) -> Duration {
        let whole = millis(PAUSE_FIRST.saturating_mul(2_u32.saturating_pow(taken)));
        let half = whole.checked_div(2).unwrap_or(0);
        let random = self.clock.random().checked_rem(half.saturating_add(1)).unwrap_or(0);
        Duration::from_millis(whole.saturating_sub(half).saturating_add(random))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passing_failures_are_told_from_lasting_ones() {
        let of = |error: OriginError| Remedy::of(&error.into());
        let refused =
            |status, code: &str| of(OriginError::Refused { status, code: code.to_owned() });
        for status in [502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527] {
            assert_eq!(refused(status, ""), Remedy::AskAgain, "{status}");
        }
        for code in ["PGRST000", "PGRST001", "PGRST002", "PGRST003"] {
            assert_eq!(refused(500, code), Remedy::AskAgain, "{code}");
        }
        for status in [500, 503] {
            assert_eq!(refused(status, "57014"), Remedy::AskForLess, "{status}");
        }
        for (status, code) in [
            (400, ""),
            (401, "PGRST301"),
            (403, "42501"),
            (404, "PGRST205"),
            (416, "PGRST103"),
            (429, ""),
            (500, ""),
            (501, ""),
            (505, ""),
            (519, ""),
            (528, ""),
        ] {
            assert_eq!(refused(status, code), Remedy::GiveUp, "{status} {code}");
        }
        assert_eq!(of(OriginError::Unreachable), Remedy::AskAgain);
        assert_eq!(of(OriginError::Malformed), Remedy::AskAgain);
        assert_eq!(of(OriginError::Timeout), Remedy::GiveUp);
        let limited = OriginError::Refused { status: 429, code: String::new() };
        let retry_after = Some(Duration::from_secs(1));
        assert_eq!(Remedy::of(&Failure { error: limited, retry_after }), Remedy::AskAgain);
    }
}
