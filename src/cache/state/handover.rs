//! What requests of one isolate hand to others that waited for the same, whether or not memory has room for it.

use std::{collections::HashMap, time::Duration};

use crate::{cache::entry::Entry, catalog::Source, ports::Timestamp};

/// Whoever waited has looked by then.
const KEPT: Duration = Duration::from_secs(2);

/// How a read of Upstash and KV ended.
#[derive(Clone, Debug)]
pub(in crate::cache) enum ReadOutcome {
    /// With something, fresh or stale.
    Found(Entry),
    /// With nothing, from tiers that answered.
    Missed,
    /// With nothing, from tiers of which one did not answer.
    Failed,
}

/// The last read and the last load of each source.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct Handover {
    reads: HashMap<Source, (Timestamp, ReadOutcome)>,
    loads: HashMap<Source, (Timestamp, Entry)>,
}

impl Handover {
    /// Notes how a read ended.
    pub(in crate::cache) fn note_read(
        &mut self,
        source: Source,
        outcome: ReadOutcome,
        now: Timestamp,
    ) {
        self.reads.retain(|_, (at, _)| now.since(*at) < KEPT);
        self.reads.insert(source, (now, outcome));
    }

    /// How the last read of a source ended, if that was at `since` or later.
    pub(in crate::cache) fn read(&self, source: Source, since: Timestamp) -> Option<ReadOutcome> {
        self.reads.get(&source).filter(|(at, _)| *at >= since).map(|(_, outcome)| outcome.clone())
    }

    /// Notes a load.
    pub(in crate::cache) fn note_load(&mut self, source: Source, entry: Entry, now: Timestamp) {
        self.loads.retain(|_, (at, _)| now.since(*at) < KEPT);
        self.loads.insert(source, (now, entry));
    }

    /// What was loaded a moment ago.
    pub(in crate::cache) fn load(&self, source: Source, now: Timestamp) -> Option<&Entry> {
        let (at, entry) = self.loads.get(&source)?;
        (now.since(*at) < KEPT).then_some(entry)
    }

    /// Lets go of what nobody can be waiting for.
    pub(in crate::cache) fn forget(&mut self, now: Timestamp) {
        self.reads.retain(|_, (at, _)| now.since(*at) < KEPT);
        self.loads.retain(|_, (at, _)| now.since(*at) < KEPT);
    }
}
