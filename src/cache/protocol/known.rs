//! What an isolate knows when it dates or judges a value.

use std::time::Duration;

use super::control::Control;
use crate::ports::Timestamp;

/// A listing of ours is dated by the clock of the Worker that read the origin, and control by that of Redis: clocks of
/// machines differ by less than this.
pub(super) const CLOCKS: Duration = Duration::from_secs(5);

/// The backend's epoch, as Redis told it last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BackendEpoch {
    /// Redis never answered.
    #[default]
    Unknown,
    /// It answered; none when the backend has no epoch.
    Told(Option<u64>),
}

impl BackendEpoch {
    /// The epoch, if there is one and it is known.
    pub fn get(self) -> Option<u64> {
        match self {
            Self::Unknown => None,
            Self::Told(epoch) => epoch,
        }
    }

    /// Whether it is known to be another one, in either direction, or to be gone.
    pub fn differs(self, from: Option<u64>) -> bool {
        self != Self::Unknown && self.get() != from
    }
}

/// What an isolate knows of invalidations, and of one source's version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Known {
    /// What was invalidated; none when nothing ever told.
    pub control: Option<Control>,
    /// The backend's epoch.
    pub backend_epoch: BackendEpoch,
    /// The order and the hash of the source's newest version that was seen.
    pub version: Option<((u64, Timestamp), u64)>,
    /// What was read of the source by then is wrong.
    pub barrier_at: Option<Timestamp>,
}
