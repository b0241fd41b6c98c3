//! What a day may cost where data centers have caches, however many isolates and requests there are.

use serde_json::{Value, json};

use crate::planet::report::{ALLOWANCE, Counted, meter::Kind};

/// What of Redis' commands is for giving others what was loaded.
const PUBLISHING: [Kind; 7] = [
    Kind::Claim,
    Kind::Lease,
    Kind::Publish,
    Kind::Renew,
    Kind::Derived,
    Kind::Control,
    Kind::Report,
];

/// Something of a day.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    pub name: &'static str,
    pub a_day: f64,
    /// The least that it could be.
    pub necessary: f64,
}

impl Bound {
    pub fn is_over(&self) -> bool {
        self.a_day > self.necessary * (1.0 + ALLOWANCE)
    }

    pub(super) fn to_json(self) -> Value {
        json!({ "name": self.name, "value": self.a_day, "necessary": self.necessary, "over": self.is_over() })
    }
}

/// Redis' commands, but for counters: a check an interval and data center, and publishing. Bytes from Redis: a snapshot for each
/// content that a data center serves. Loads: cron's, those of TTLs and those of clears.
pub(super) fn of(counted: &Counted<'_>) -> Vec<Bound> {
    let days = counted.planet.plan.hours / 24.0;
    let all = counted.redis();
    let publishing: f64 = PUBLISHING.into_iter().map(|kind| counted.floor(kind)).sum();
    let snapshots = counted.of(Kind::Snapshot);
    let snapshot_bytes = snapshots.bytes_down / snapshots.count.max(1.0);
    let of = |name, value: f64, necessary: f64| Bound {
        name,
        a_day: value / days,
        necessary: necessary / days,
    };
    vec![
        of(
            "Redis commands",
            all.count - counted.of(Kind::Flush).count,
            counted.floor(Kind::Check) + publishing,
        ),
        of("bytes from Redis", all.bytes_down, counted.floor(Kind::Snapshot) * snapshot_bytes),
        of("origin loads", counted.of(Kind::Load).count, counted.floor(Kind::Load)),
    ]
}
