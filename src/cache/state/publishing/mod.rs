//! What this isolate remembers of publishing, outside the memory tier: what a request may hold, what was derived and
//! published, and whether writes are paused.

mod pause;

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use crate::{
    catalog::{Source, View},
    ports::Timestamp,
};
use pause::Pause;

/// Upstash takes requests of 10 MB on its smaller paid plans (docs/platform.md, "Upstash limits the size of a request"); what
/// stands around the values needs little.
const REQUEST_BYTES_MAX: usize = 9_500_000;
/// Where many listings are asked for, one after the other, they are looked at together.
const LOOKED: Duration = Duration::from_secs(5);
/// A limit this small is no limit but a fault.
const REQUEST_BYTES_MIN: usize = 10_000;

/// A snapshot's content under its epoch: what a listing was derived from.
pub(in crate::cache) type Base = (u64, u64);

/// What is remembered of publishing.
#[derive(Clone, Debug)]
pub(in crate::cache) struct Publishing {
    /// Whether Redis refused writes.
    pub(in crate::cache) pause: Pause,
    /// Views whose listings are to be published.
    pub(in crate::cache) waiting: BTreeSet<View>,
    request_bytes_max: usize,
    /// Which listings were published, from what, and until when that is remembered.
    derived: HashMap<View, (Base, Timestamp)>,
    /// When it was looked which listings of a version are there, and how many bytes were derived of it.
    looked: HashMap<Source, (Base, Timestamp, usize)>,
    /// Of which sources nothing was derived when a lease was asked for last.
    underived: BTreeSet<Source>,
    /// Of which version so much was derived already that nothing more is published.
    over_budget: HashMap<Source, Base>,
}

impl Default for Publishing {
    fn default() -> Self {
        Self {
            pause: Pause::default(),
            waiting: BTreeSet::new(),
            request_bytes_max: REQUEST_BYTES_MAX,
            derived: HashMap::new(),
            looked: HashMap::new(),
            underived: BTreeSet::new(),
            over_budget: HashMap::new(),
        }
    }
}

impl Publishing {
    /// How many bytes a request to Redis may hold.
    pub(in crate::cache) fn request_bytes_max(&self) -> usize {
        self.request_bytes_max
    }

    /// A request of so many bytes was refused for its size; `limit` is what the server named. Says whether smaller ones may
    /// pass.
    pub(in crate::cache) fn learn_size(&mut self, refused: usize, limit: Option<usize>) -> bool {
        let half = refused.min(self.request_bytes_max).checked_div(2).unwrap_or(0);
        // A twentieth is for what stands around the values.
        let named = limit.map(|limit| limit.saturating_sub(limit.checked_div(20).unwrap_or(0)));
        let learned = named.filter(|named| *named < refused).unwrap_or(half);
        self.request_bytes_max = learned.max(REQUEST_BYTES_MIN);
        learned >= REQUEST_BYTES_MIN
    }

    /// Notes whether listings are there that were derived of a source.
    pub(in crate::cache) fn note_has_derived(&mut self, source: Source, has_derived: bool) {
        if has_derived {
            self.underived.remove(&source);
        } else {
            self.underived.insert(source);
        }
    }

    /// Whether there may be some.
    pub(in crate::cache) fn has_derived(&self, source: Source) -> bool {
        !self.underived.contains(&source)
    }

    /// The next view of a source whose listing is to be published.
    pub(in crate::cache) fn next_waiting(&self, source: Source) -> Option<View> {
        self.waiting.iter().find(|view| view.source() == source).copied()
    }

    /// Whether a listing derived from this is to be published.
    pub(in crate::cache) fn is_wanted(&self, view: &View, base: Base, now: Timestamp) -> bool {
        let known = self.derived.get(view);
        let is_there = known.is_some_and(|(of, until)| *of == base && now < *until);
        !is_there && self.over_budget.get(&view.source()) != Some(&base)
    }

    /// Notes that a listing is published, or need not be, for as long as it would live.
    pub(in crate::cache) fn note_derived(
        &mut self,
        view: View,
        base: Base,
        now: Timestamp,
        ttl: Duration,
    ) {
        self.derived.retain(|_, (_, until)| now < *until);
        self.derived.insert(view, (base, now + ttl));
    }

    /// Whether it was looked a moment ago what is there of a version.
    pub(in crate::cache) fn has_looked(&self, source: Source, base: Base, now: Timestamp) -> bool {
        let looked = self.looked.get(&source);
        looked.is_some_and(|(of, at, _)| *of == base && now.since(*at) < LOOKED)
    }

    /// Notes what a look found.
    pub(in crate::cache) fn note_looked(
        &mut self,
        source: Source,
        base: Base,
        now: Timestamp,
        bytes: usize,
    ) {
        self.looked.insert(source, (base, now, bytes));
    }

    /// When it was looked last what is there of a version, and how many bytes were derived of it since and before.
    pub(in crate::cache) fn looked(
        &self,
        source: Source,
        base: Base,
    ) -> Option<(Timestamp, usize)> {
        let looked = self.looked.get(&source).filter(|(of, ..)| *of == base);
        looked.map(|(_, at, bytes)| (*at, *bytes))
    }

    /// Which listings of a version are published, and until when that is remembered.
    pub(in crate::cache) fn derived(
        &self,
        source: Source,
        base: Base,
    ) -> impl Iterator<Item = (View, Timestamp)> {
        let of = self
            .derived
            .iter()
            .filter(move |(view, (of, _))| view.source() == source && *of == base);
        of.map(|(view, (_, until))| (*view, *until))
    }

    /// Adds what this isolate derived; how many bytes were derived of the version then.
    pub(in crate::cache) fn add_derived(&mut self, source: Source, size: usize) -> usize {
        let Some((_, _, bytes)) = self.looked.get_mut(&source) else { return size };
        *bytes = bytes.saturating_add(size);
        *bytes
    }

    /// Notes that no more is to be derived of a version.
    pub(in crate::cache) fn note_over_budget(&mut self, source: Source, base: Base) {
        self.over_budget.insert(source, base);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Selection;

    #[test]
    fn a_refused_size_is_learned() {
        let mut publishing = Publishing::default();
        assert!(publishing.learn_size(5_000_000, Some(1_000_000)));
        assert_eq!(publishing.request_bytes_max(), 950_000);
        assert!(publishing.learn_size(900_000, None));
        assert_eq!(publishing.request_bytes_max(), 450_000);
        assert!(publishing.learn_size(400_000, Some(500_000)), "what it names is not its limit");
        assert_eq!(publishing.request_bytes_max(), 200_000);
        assert!(!publishing.learn_size(11_000, None));
        assert_eq!(publishing.request_bytes_max(), 10_000, "no smaller limit is believed");
        assert!(publishing.learn_size(20_000, Some(10_600)), "smaller ones may pass");
        assert!(!publishing.learn_size(20_000, Some(10_500)), "the least and no less");
        let mut publishing = Publishing::default();
        publishing.learn_size(950_000, Some(1_000_000));
        assert_eq!(publishing.request_bytes_max(), 475_000, "what was refused is over its limit");
    }

    #[test]
    fn a_listing_is_published_once_for_what_it_was_derived_from() {
        let mut publishing = Publishing::default();
        let (view, now, ttl) =
            (View::from(Selection::default()), Timestamp(0), Duration::from_secs(10));
        assert!(publishing.is_wanted(&view, (1, 1), now));
        publishing.note_derived(view, (1, 1), now, ttl);
        assert!(!publishing.is_wanted(&view, (1, 1), now));
        assert!(publishing.is_wanted(&view, (1, 2), now));
        assert!(publishing.is_wanted(&view, (1, 1), Timestamp(10_000)));
        publishing.note_over_budget(view.source(), (2, 1));
        assert!(!publishing.is_wanted(&view, (2, 1), now));
    }

    #[test]
    fn what_is_published_is_remembered_for_as_long_as_it_lives() {
        let mut publishing = Publishing::default();
        let ttl = Duration::from_secs(10);
        let view = |min_providers| {
            View::from(Selection { min_providers: Some(min_providers), ..Selection::default() })
        };
        publishing.note_derived(view(1), (1, 1), Timestamp(0), ttl);
        publishing.note_derived(view(2), (1, 1), Timestamp(9_999), ttl);
        assert_eq!(publishing.derived.len(), 2);
        publishing.note_derived(view(3), (1, 1), Timestamp(10_000), ttl);
        assert_eq!(publishing.derived.len(), 2, "the first is over");
        assert!(!publishing.is_wanted(&view(2), (1, 1), Timestamp(10_000)));
    }

    #[test]
    fn a_look_counts_for_its_version_and_for_a_moment() {
        let mut publishing = Publishing::default();
        assert_eq!(publishing.add_derived(Source::WARMED, 7), 7, "nothing was looked at");
        publishing.note_looked(Source::WARMED, (1, 1), Timestamp(0), 100);
        for (base, ms, expected) in
            [((1, 1), 4_999, true), ((1, 1), 5_000, false), ((2, 1), 0, false), ((1, 2), 0, false)]
        {
            let looked = publishing.has_looked(Source::WARMED, base, Timestamp(ms));
            assert_eq!(looked, expected, "{base:?} {ms}");
        }
        assert_eq!(publishing.add_derived(Source::WARMED, 7), 107);
        assert_eq!(publishing.add_derived(Source::WARMED, 7), 114);
    }

    #[test]
    fn what_waits_is_taken_by_source() {
        let mut publishing = Publishing::default();
        let view = View::from(Selection::default());
        publishing.waiting.insert(view);
        assert_eq!(publishing.next_waiting(view.source()), Some(view));
        assert_eq!(publishing.next_waiting(crate::catalog::Scope::All.into()), None);
    }
}
