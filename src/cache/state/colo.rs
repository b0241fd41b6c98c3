//! What an isolate knows of its data center's cache: whether there is one, what was told there, and what is to be left there.

use std::time::Duration;

use crate::{
    cache::protocol::{Told, Version},
    catalog::Source,
    ports::Timestamp,
};

/// A cache that is not there is looked for again after this.
const AGAIN: Duration = Duration::from_secs(600);
/// A cache that was there is given up after so many failures in a row.
const FAILURES_MAX: u32 = 3;
/// After a failure it is left alone for so long: a request that found it failing does not ask it again.
const PAUSE: Duration = Duration::from_secs(5);

/// Whether there is a cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Presence {
    /// Nobody found anything there yet, nor found that nothing stays.
    #[default]
    Unknown,
    /// It kept something.
    Present,
    /// It kept nothing, or failed; since when.
    Missing(Timestamp),
}

/// A snapshot that others of this data center lack.
#[derive(Clone, Debug)]
pub(in crate::cache) struct Unleft {
    pub(in crate::cache) source: Source,
    /// The hash of its text.
    pub(in crate::cache) hash: u64,
    /// As Redis holds it.
    pub(in crate::cache) value: String,
}

/// What is known of the data center's cache.
#[derive(Debug, Default)]
pub(in crate::cache) struct Colo {
    presence: Presence,
    failures: u32,
    failed_at: Timestamp,
    told: Told,
    is_news: bool,
    /// When this isolate last said there that it asks Redis.
    set_out_at: Timestamp,
    unleft: Vec<Unleft>,
    /// What this isolate published since it last told others.
    published: Vec<(Source, Version)>,
    /// The snapshots that were told of there, when that was read last.
    offered: Vec<(Source, u64)>,
    /// The snapshot that was looked for there in vain.
    lacking: Option<u64>,
}

impl Colo {
    /// Whether it is to be asked.
    pub(in crate::cache) fn is_usable(&self, now: Timestamp) -> bool {
        match self.presence {
            Presence::Unknown | Presence::Present => {
                self.failures == 0 || now.since(self.failed_at) >= PAUSE
            }
            Presence::Missing(since) => now.since(since) >= AGAIN,
        }
    }

    /// Whether something was found there that had been left.
    pub(in crate::cache) fn is_present(&self) -> bool {
        self.presence == Presence::Present
    }

    /// The state, as statistics name it.
    pub(in crate::cache) fn as_str(&self) -> &'static str {
        match self.presence {
            Presence::Unknown => "unknown",
            Presence::Present => "present",
            Presence::Missing(_) => "missing",
        }
    }

    /// Notes that it answered; and, where that is known, whether it keeps what is left there.
    pub(in crate::cache) fn note_answer(&mut self, keeps: Option<bool>, now: Timestamp) {
        self.failures = 0;
        match keeps {
            Some(true) => self.presence = Presence::Present,
            Some(false) => self.presence = Presence::Missing(now),
            None if matches!(self.presence, Presence::Missing(_)) => {
                self.presence = Presence::Unknown;
            }
            None => {}
        }
    }

    /// Notes a failed call; says whether that is news: a cache that was there is given up. That there is none, statistics say.
    pub(in crate::cache) fn note_failure(&mut self, now: Timestamp) -> bool {
        (self.failures, self.failed_at) = (self.failures.saturating_add(1), now);
        let was_present = self.is_present();
        let is_over = !was_present || self.failures >= FAILURES_MAX;
        if is_over {
            (self.presence, self.failures) = (Presence::Missing(now), 0);
            self.unleft.clear();
        }
        is_over && was_present
    }

    /// What was told last, here or to this isolate by Redis.
    pub(in crate::cache) fn told(&self) -> &Told {
        &self.told
    }

    /// What was told last, to be added to; `is_news` is whether others of this data center may not know it.
    pub(in crate::cache) fn told_mut(&mut self, is_news: bool) -> &mut Told {
        self.is_news |= is_news;
        &mut self.told
    }

    /// Notes that this isolate says there that it asks Redis.
    pub(in crate::cache) fn note_set_out(&mut self, now: Timestamp) {
        self.set_out_at = now;
    }

    /// Whether it was this isolate that set out to ask at `asked_at`.
    pub(in crate::cache) fn has_set_out(&self, asked_at: Timestamp) -> bool {
        self.set_out_at == asked_at
    }

    /// Notes what this isolate published: others are to be told.
    pub(in crate::cache) fn note_published(&mut self, source: Source, version: Version) {
        self.published.push((source, version));
        self.told_mut(true).note_published(source, version);
    }

    /// Adds once more what this isolate published to what is told. What was left there meanwhile may have been asked later than
    /// what this isolate was told last, and still before it published.
    pub(in crate::cache) fn tell_published(&mut self) {
        for (source, version) in std::mem::take(&mut self.published) {
            self.told.note_published(source, version);
        }
    }

    /// Notes a snapshot that is to be left there.
    pub(in crate::cache) fn note_unleft(&mut self, snapshot: Unleft) {
        self.unleft.retain(|of| of.source != snapshot.source);
        self.unleft.push(snapshot);
    }

    /// Whether something is to be left there.
    pub(in crate::cache) fn has_unleft(&self) -> bool {
        self.is_news || !self.unleft.is_empty()
    }

    /// Takes the snapshots that are to be left there, and whether others are to be told.
    pub(in crate::cache) fn take_unleft(&mut self) -> (Vec<Unleft>, bool) {
        (std::mem::take(&mut self.unleft), std::mem::take(&mut self.is_news))
    }

    /// Notes whether it has the snapshot with this hash.
    pub(in crate::cache) fn note_snapshot(&mut self, hash: u64, has: bool) {
        if has {
            self.lacking = self.lacking.filter(|lacking| *lacking != hash);
        } else {
            self.lacking = Some(hash);
        }
    }

    /// Notes what was told of there.
    pub(in crate::cache) fn note_offered(&mut self, there: Option<&Told>) {
        let versions = there.into_iter().flat_map(|told| &told.observed.versions);
        let hashes = versions.filter_map(|(of, version)| Some((*of, version.as_ref()?.hash)));
        self.offered = hashes.collect();
    }

    /// Whether it may have a snapshot that it told of.
    pub(in crate::cache) fn may_have_snapshot(&self, source: Source) -> bool {
        let mut offered = self.offered.iter();
        offered.any(|(of, hash)| *of == source && self.lacking != Some(*hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::protocol::Observed;

    #[test]
    fn a_cache_that_keeps_nothing_is_found_out_once() {
        let mut colo = Colo::default();
        let (now, again) = (Timestamp(1_000), Timestamp(1_000) + AGAIN);
        assert_eq!((colo.is_usable(now), colo.as_str()), (true, "unknown"));
        colo.note_answer(None, now);
        assert!(colo.is_usable(now) && !colo.is_present());
        colo.note_answer(Some(false), now);
        assert_eq!((colo.is_usable(now), colo.as_str()), (false, "missing"));
        assert!(!colo.is_usable(Timestamp(again.0 - 1)));
        assert!(colo.is_usable(again));
        colo.note_answer(None, again);
        assert_eq!(colo.as_str(), "unknown");
        colo.note_answer(Some(true), again);
        assert_eq!((colo.is_usable(again), colo.as_str()), (true, "present"));
    }

    #[test]
    fn one_that_was_never_there_is_given_up_with_its_first_failure() {
        let mut colo = Colo::default();
        let now = Timestamp(1_000);
        assert!(!colo.note_failure(now), "it is no news");
        assert!(!colo.is_usable(now));
    }

    #[test]
    fn one_that_was_there_is_given_up_with_the_third_failure_in_a_row() {
        let mut colo = Colo::default();
        let now = Timestamp(1_000);
        colo.note_answer(Some(true), now);
        for _ in 0..2 {
            assert!(!colo.note_failure(now));
        }
        assert!(!colo.is_usable(now), "it is left alone for a moment");
        assert!(colo.is_usable(now + PAUSE));
        colo.note_answer(None, now);
        assert!(colo.is_usable(now));
        let over = [0; 3].map(|_| colo.note_failure(now));
        assert_eq!(over, [false, false, true]);
        assert!(!colo.is_usable(now + PAUSE));
    }

    #[test]
    fn what_was_published_is_told_though_others_asked_before_it_was_and_told_that() {
        let (source, now) = (Source::WARMED, Timestamp(1_000));
        let old = Version { v: Version::FORMAT, epoch: 1, at: now, ..Version::example() };
        let new = Version { epoch: 2, ..old };
        let said =
            Observed { control: None, backend_epoch: None, versions: vec![(source, Some(old))] };
        let mut colo = Colo::default();
        colo.told_mut(true).hear(&said, now);
        colo.note_published(source, new);
        colo.told_mut(false).hear(&said, now);
        assert_eq!(colo.told().observed.version(source), Some(old), "as if Redis had lost it");
        colo.tell_published();
        assert_eq!(colo.told().observed.version(source), Some(new));
        colo.told_mut(false).hear(&said, now);
        colo.tell_published();
        assert_eq!(colo.told().observed.version(source), Some(old), "told once");
    }

    #[test]
    fn what_is_to_be_left_is_taken_once_and_the_last_of_a_source_alone() {
        let mut colo = Colo::default();
        assert!(!colo.has_unleft());
        for hash in [1, 2] {
            let value = String::new();
            colo.note_unleft(Unleft { source: Source::WARMED, hash, value });
        }
        colo.told_mut(true);
        assert!(colo.has_unleft());
        let (snapshots, is_news) = colo.take_unleft();
        assert_eq!((snapshots.len(), snapshots[0].hash, is_news), (1, 2, true));
        colo.told_mut(false);
        assert!(!colo.has_unleft());
    }
}
