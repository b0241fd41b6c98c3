//! Time and chance: points in time, and the clock that tells them.

use std::{ops::Add, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since the Unix epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// How long after `earlier` this is. Zero when it is not later, which happens with another machine's clock.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The point that lies this long before, but never before the Unix epoch.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }
}

/// A duration in whole milliseconds, rounded down.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Time and chance.
#[async_trait(?Send)]
pub trait Clock {
    /// The time. It stands still while the CPU works (docs/platform.md, "The clock stands still while the CPU works").
    fn now(&self) -> Timestamp;
    /// Waits this long, with a timer of the calling request's own (docs/platform.md, "Requests do not share I/O").
    async fn sleep(&self, duration: Duration);
    /// A random number, of all 64 bits.
    fn random(&self) -> u64;
}
