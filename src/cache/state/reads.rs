//! How the isolate's last reads of the shared tiers ended, so that whoever waited for one need not repeat it.

use std::{collections::HashMap, time::Duration};

use crate::{catalog::Resource, ports::Timestamp};

/// Nobody waits for a read this long, and what clients can ask for is not bounded.
const KEPT: Duration = Duration::from_secs(10);

/// How a read of Upstash and KV ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cache) enum ReadOutcome {
    /// With something, fresh or stale.
    Found,
    /// With nothing, from tiers that answered.
    Missed,
    /// With nothing, from tiers of which one did not answer.
    Failed,
}

/// The last read of each thing.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct Reads(HashMap<Resource, (Timestamp, ReadOutcome)>);

impl Reads {
    /// Notes how a read ended.
    pub(in crate::cache) fn note(
        &mut self,
        resource: Resource,
        outcome: ReadOutcome,
        now: Timestamp,
    ) {
        self.0.retain(|_, (at, _)| now.since(*at) < KEPT);
        self.0.insert(resource, (now, outcome));
    }

    /// How the last read of a thing ended, if that was at `since` or later.
    pub(in crate::cache) fn outcome(
        &self,
        resource: &Resource,
        since: Timestamp,
    ) -> Option<ReadOutcome> {
        self.0.get(resource).filter(|(at, _)| *at >= since).map(|(_, outcome)| *outcome)
    }
}
