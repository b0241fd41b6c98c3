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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::{entry::Content, protocol::Dated},
        catalog::{Scope, Snapshot},
    };

    const SOURCE: Source = Source::WARMED;
    const RESOURCE: Resource = Resource::Snapshot(SOURCE);
    const HOUR: Duration = Duration::from_secs(3600);

    fn entry() -> Entry {
        let snapshot = Snapshot::decode(Scope::Active.into(), "[]".into()).unwrap();
        Entry { content: Content::Snapshot(snapshot.into()), dated: Dated::ByTime(Timestamp(1)) }
    }

    #[test]
    fn a_read_is_handed_to_who_began_before_it_ended() {
        let mut handover = Handover::default();
        handover.note_read(RESOURCE, ReadOutcome::Missed, Timestamp(10));
        assert!(handover.read(&RESOURCE, Timestamp(9)).is_some());
        assert!(handover.read(&RESOURCE, Timestamp(10)).is_some());
        assert!(handover.read(&RESOURCE, Timestamp(11)).is_none());
    }

    #[test]
    fn how_long_nothing_counts_as_missed_depends_on_who_answered() {
        let lately = Duration::from_secs(2);
        for (outcome, ms, expected) in [
            (ReadOutcome::Missed, 1_999, true),
            (ReadOutcome::Missed, 2_000, false),
            (ReadOutcome::Failed, 499, true),
            (ReadOutcome::Failed, 500, false),
            (ReadOutcome::Found(entry()), 0, false),
        ] {
            let mut handover = Handover::default();
            handover.note_read(RESOURCE, outcome.clone(), Timestamp(0));
            let missed = handover.has_missed(&RESOURCE, Timestamp(ms), lately);
            assert_eq!(missed, expected, "{outcome:?} {ms} ms ago");
        }
        assert!(!Handover::default().has_missed(&RESOURCE, Timestamp(0), HOUR));
    }

    #[test]
    fn a_load_is_handed_on_for_a_moment() {
        let mut handover = Handover::default();
        handover.note_load(SOURCE, entry(), Timestamp(0));
        assert!(handover.load(SOURCE, Timestamp(1_999)).is_some());
        assert!(handover.load(SOURCE, Timestamp(2_000)).is_none());
        assert!(handover.load(Scope::All.into(), Timestamp(0)).is_none());
    }

    #[test]
    fn what_nobody_waits_for_is_let_go() {
        for (outcome, kept_ms) in [
            (ReadOutcome::Missed, 60_000),
            (ReadOutcome::Failed, 2_000),
            (ReadOutcome::Found(entry()), 2_000),
        ] {
            let mut handover = Handover::default();
            handover.note_read(RESOURCE, outcome.clone(), Timestamp(0));
            handover.forget(Timestamp(kept_ms - 1));
            assert!(handover.read(&RESOURCE, Timestamp(0)).is_some(), "{outcome:?}");
            handover.forget(Timestamp(kept_ms));
            assert!(handover.read(&RESOURCE, Timestamp(0)).is_none(), "{outcome:?}");
        }
        let mut handover = Handover::default();
        handover.note_load(SOURCE, entry(), Timestamp(0));
        handover.forget(Timestamp(1_999));
        assert_eq!(handover.loads.len(), 1);
        handover.forget(Timestamp(2_000));
        assert_eq!(handover.loads.len(), 0);
    }

    #[test]
    fn what_is_noted_makes_room_for_itself() {
        let mut handover = Handover::default();
        handover.note_read(RESOURCE, ReadOutcome::Failed, Timestamp(0));
        handover.note_load(SOURCE, entry(), Timestamp(10_000));
        assert!(handover.reads.is_empty());
        handover.note_read(RESOURCE, ReadOutcome::Failed, Timestamp(20_000));
        assert!(handover.loads.is_empty());
    }
}
