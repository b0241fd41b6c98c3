//! Control: the one record that says what was invalidated.

use serde::{Deserialize, Serialize};

use crate::ports::Timestamp;

/// What was invalidated, as one value: copies of Redis do not apply several keys together (docs/platform.md, "Upstash
/// replicas lag").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Raised by every invalidation, and at least the time of Redis in ms then: a Redis that lost its data never counts
    /// through the same numbers again.
    pub epoch: u64,
    /// The epoch of the last hard invalidation; 0 when there was none.
    pub barrier: u64,
    /// When that was, by the clock of Redis.
    pub barrier_at: Timestamp,
}

/// Numbers are exact in Lua up to here, and the scripts take no longer ones.
const MAX: u64 = 999_999_999_999_999;

impl Control {
    /// Reads the record. What is nonsense counts as missing: the next writer replaces it.
    pub fn read(text: &str) -> Option<Self> {
        let control: Self = serde_json::from_str(text).ok()?;
        let small = control.epoch.max(control.barrier).max(control.barrier_at.0) <= MAX;
        // The scripts read this form and no other.
        (small && control.to_text() == text).then_some(control)
    }

    /// The record as Redis and KV hold it.
    pub fn to_text(self) -> String {
        let Self { epoch, barrier, barrier_at: Timestamp(at) } = self;
        format!("{{\"epoch\":{epoch},\"barrier\":{barrier},\"barrier_at\":{at}}}")
    }

    /// What is known after reading another record: each part only grows, wherever it was read.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        let barriers = (self.barrier, self.barrier_at).max((other.barrier, other.barrier_at));
        Self { epoch: self.epoch.max(other.epoch), barrier: barriers.0, barrier_at: barriers.1 }
    }

    /// What an invalidation makes of it at `time`, by the clock of Redis.
    #[must_use]
    pub fn raised(self, hard: bool, time: Timestamp) -> Self {
        let epoch = self.epoch.saturating_add(1).max(time.0);
        if hard { Self { epoch, barrier: epoch, barrier_at: time } } else { Self { epoch, ..self } }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn control(epoch: u64, barrier: u64, at: u64) -> Control {
        Control { epoch, barrier, barrier_at: Timestamp(at) }
    }

    #[test]
    fn nonsense_counts_as_missing() {
        assert_eq!(
            Control::read(r#"{"epoch":7,"barrier":5,"barrier_at":9}"#),
            Some(control(7, 5, 9))
        );
        let largest = r#"{"epoch":999999999999999,"barrier":0,"barrier_at":0}"#;
        assert_eq!(Control::read(largest), Some(control(MAX, 0, 0)));
        for text in [
            r#"{"epoch":7,"barrier":1000000000000000,"barrier_at":0}"#,
            r#"{"epoch":7,"barrier":0,"barrier_at":1000000000000000}"#,
            "",
            "7",
            "\"7\"",
            "null",
            r#"{"epoch":7}"#,
            r#"{"epoch":-7,"barrier":0,"barrier_at":0}"#,
            r#"{"epoch": 7,"barrier":0,"barrier_at":0}"#,
            r#"{"epoch":7,"barrier":0,"barrier_at":0,"more":1}"#,
            r#"{"epoch":1000000000000000,"barrier":0,"barrier_at":0}"#,
        ] {
            assert_eq!(Control::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_raise_is_above_what_was_and_not_before_its_time() {
        assert_eq!(control(7, 0, 0).raised(false, Timestamp(3)), control(8, 0, 0));
        assert_eq!(control(7, 0, 0).raised(true, Timestamp(30)), control(30, 30, 30));
        assert_eq!(control(7, 5, 4).raised(false, Timestamp(30)), control(30, 5, 4));
    }

    proptest! {
        #[test]
        fn what_is_known_only_grows(a in (0u64..9, 0u64..9, 0u64..9), b in (0u64..9, 0u64..9, 0u64..9)) {
            let (a, b) = (control(a.0, a.1, a.2), control(b.0, b.1, b.2));
            let both = a.merged(b);
            prop_assert_eq!(both, b.merged(a));
            prop_assert_eq!(both.merged(a), both);
            prop_assert!(both.epoch >= a.epoch && both.barrier >= a.barrier);
            let later = if (b.barrier, b.barrier_at) > (a.barrier, a.barrier_at) { b } else { a };
            prop_assert_eq!((both.barrier, both.barrier_at), (later.barrier, later.barrier_at));
        }
    }
}
