//! What requests of one isolate hand to others that waited for the same, whether or not memory has room for it.

use std::{collections::HashMap, time::Duration};

use crate::{
    cache::entry::Entry,
    catalog::{Resource, Source},
    ports::Timestamp,
};

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

/// A tier that did not answer may the next moment.
const FAILURES_KEPT: Duration = Duration::from_millis(500);
/// That nothing was there is remembered for as long as memory may go unchecked at the longest.
const MISSES_KEPT: Duration = Duration::from_secs(60);

/// The last read of each thing, and the last load of each source.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct Handover {
    reads: HashMap<Resource, (Timestamp, ReadOutcome)>,
    /// When the other tiers were last asked for something better than memory has.
    sought: HashMap<Source, Timestamp>,
    loads: HashMap<Source, (Timestamp, Entry)>,
}

impl Handover {
    /// Notes how a read ended.
    pub(in crate::cache) fn note_read(
        &mut self,
        resource: Resource,
        outcome: ReadOutcome,
        now: Timestamp,
    ) {
        self.forget(now);
        if let (Resource::Snapshot(source), false) =
            (resource, matches!(outcome, ReadOutcome::Failed))
        {
            self.note_sought(source, now);
        }
        self.reads.insert(resource, (now, outcome));
    }

    /// How the last read of something ended, if that was at `since` or later.
    pub(in crate::cache) fn read(
        &self,
        resource: &Resource,
        since: Timestamp,
    ) -> Option<ReadOutcome> {
        self.reads.get(resource).filter(|(at, _)| *at >= since).map(|(_, outcome)| outcome.clone())
    }

    /// Whether a read found nothing within `lately`; where a tier did not answer, that counts for a moment only.
    pub(in crate::cache) fn has_missed(
        &self,
        resource: &Resource,
        now: Timestamp,
        lately: Duration,
    ) -> bool {
        let within = |at: &Timestamp, limit| now.since(*at) < limit;
        match self.reads.get(resource) {
            Some((at, ReadOutcome::Missed)) => within(at, lately),
            Some((at, ReadOutcome::Failed)) => within(at, lately.min(FAILURES_KEPT)),
            Some((_, ReadOutcome::Found(_))) | None => false,
        }
    }

    /// Notes that the other tiers told what they have of a source.
    pub(in crate::cache) fn note_sought(&mut self, source: Source, now: Timestamp) {
        self.sought.insert(source, now);
    }

    /// When they did last; never, the epoch of time.
    pub(in crate::cache) fn sought_at(&self, source: Source) -> Timestamp {
        self.sought.get(&source).copied().unwrap_or_default()
    }

    /// Notes a load.
    pub(in crate::cache) fn note_load(&mut self, source: Source, entry: Entry, now: Timestamp) {
        self.forget(now);
        self.loads.insert(source, (now, entry));
    }

    /// What was loaded a moment ago.
    pub(in crate::cache) fn load(&self, source: Source, now: Timestamp) -> Option<&Entry> {
        let (at, entry) = self.loads.get(&source)?;
        (now.since(*at) < KEPT).then_some(entry)
    }

    /// Lets go of what nobody can be waiting for.
    pub(in crate::cache) fn forget(&mut self, now: Timestamp) {
        self.reads.retain(|_, (at, outcome)| {
            let kept = if matches!(outcome, ReadOutcome::Missed) { MISSES_KEPT } else { KEPT };
            now.since(*at) < kept
        });
        self.loads.retain(|_, (at, _)| now.since(*at) < KEPT);
    }
}
