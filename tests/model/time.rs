//! Points of time in two bytes: slots of ten seconds, and in each a few milliseconds as the Worker and Redis see them.

use std::time::Duration;

use model_catalog_edge::ports::{Timestamp, millis};

/// How long a slot is.
const SLOT_MS: u64 = 10_000;
/// Points of a slot; the upper half is how a clock sees them that is fast.
const POINTS: u64 = 64;
/// What a fast clock shows too much: less than what the protocol allows for.
const FAST_MS: u64 = 4_000;

/// When every run begins: late enough for dates before it.
pub const BEGIN: Stamp = Stamp(400 * 64);

/// A point of time, or an epoch; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub u16);

impl Stamp {
    /// The point with this time.
    pub fn of(time: Timestamp) -> Self {
        let (slot, rest) = (time.0 / SLOT_MS, time.0 % SLOT_MS);
        let half = POINTS / 2;
        let point = if rest < half { rest } else { rest - FAST_MS + half };
        assert!(point < POINTS, "{time:?} is no point of a run");
        Self(u16::try_from(slot * POINTS + point).expect("a run is short"))
    }

    /// The time of this point.
    pub fn time(self) -> Timestamp {
        let (slot, point) = (u64::from(self.0) / POINTS, u64::from(self.0) % POINTS);
        let half = POINTS / 2;
        let rest = if point < half { point } else { point - half + FAST_MS };
        Timestamp(slot * SLOT_MS + rest)
    }

    /// This point as a fast clock shows it.
    pub fn fast(self) -> Self {
        Self(self.0 + 32)
    }

    /// The next point of the same slot.
    pub fn next(self) -> Self {
        assert!(self.0 % 32 < 31, "a slot has too few points for what happens in it");
        Self(self.0 + 1)
    }

    /// The begin of the slot so long after this one's.
    pub fn later(self, by: Duration) -> Self {
        let slots = u16::try_from(millis(by) / SLOT_MS).expect("a run is short");
        Self((self.0 / 64 + slots) * 64)
    }

    pub fn is_some(self) -> bool {
        self.0 != 0
    }
}

#[test]
fn a_point_and_its_time_are_the_same() {
    for point in (0..=u16::MAX).map(Stamp) {
        assert_eq!(Stamp::of(point.time()), point);
        assert!(point.0 == 0 || point.time() > Stamp(point.0 - 1).time());
    }
}
