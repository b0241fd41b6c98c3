//! What an isolate knows when it dates or judges a value.

use std::time::Duration;

use super::control::Control;
use crate::ports::Timestamp;

/// A listing of ours is dated by the clock of the Worker that read the origin, and control by that of Redis: clocks of
/// machines differ by less than this.
pub(super) const CLOCKS: Duration = Duration::from_secs(5);

/// What an isolate knows of invalidations, and of one source's version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Known {
    /// What was invalidated; none when nothing ever told.
    pub control: Option<Control>,
    /// The backend's epoch, none when it has none; unknown when Redis never answered.
    pub backend_epoch: Option<Option<u64>>,
    /// The order and the hash of the source's newest version that was seen.
    pub version: Option<((u64, Timestamp), u64)>,
}
