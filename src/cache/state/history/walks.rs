//! Snapshots that clients walk: each is readable for a while after it was replaced.

use std::time::Duration;

use crate::{cache::entry::Entry, catalog::Source, ports::Timestamp};

/// For so long after a page was read.
const LIFE: Duration = Duration::from_secs(600);

/// The snapshots, the one that was read last first. One that is published as well is held once.
#[derive(Clone, Debug)]
pub(in crate::cache) struct Walks {
    held: Vec<(Source, Entry, Timestamp)>,
    bytes_max: usize,
}

impl Walks {
    /// No walks yet; together they hold at most `bytes_max`.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { held: Vec::new(), bytes_max }
    }

    /// The snapshot with this hash.
    pub(in crate::cache) fn get(
        &self,
        source: Source,
        hash: u64,
        now: Timestamp,
    ) -> Option<&Entry> {
        let is_it =
            |of: &Source, entry: &Entry| *of == source && entry.content.hash() == Some(hash);
        let held = self.held.iter().find(|(of, entry, until)| is_it(of, entry) && now < *until);
        held.map(|(_, entry, _)| entry)
    }

    /// Notes that a page of a snapshot was read. Those that were read longest ago make room.
    pub(in crate::cache) fn keep(&mut self, source: Source, entry: &Entry, now: Timestamp) {
        let hash = entry.content.hash();
        let is_it = |of: Source, held: &Entry| of == source && held.content.hash() == hash;
        self.held.retain(|(of, held, until)| now < *until && !is_it(*of, held));
        self.held.insert(0, (source, entry.clone(), now + LIFE));
        let mut bytes = 0_usize;
        let bytes_max = self.bytes_max;
        self.held.retain(|(_, held, _)| {
            bytes = bytes.saturating_add(held.content.bytes());
            bytes <= bytes_max
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::{entry::Content, protocol::Dated},
        support::catalog::snapshot,
    };

    const SOURCE: Source = Source::WARMED;

    fn entry(version: u64) -> Entry {
        let dated = Dated::ByTime(Timestamp(version));
        Entry { content: Content::Snapshot(snapshot(version, 5).into()), dated }
    }

    fn held(walks: &Walks, now: u64) -> Vec<u64> {
        let hash = |version| entry(version).content.hash().unwrap();
        let is_there = |version: &u64| walks.get(SOURCE, hash(*version), Timestamp(now)).is_some();
        (1..=4).filter(is_there).collect()
    }

    #[test]
    fn what_was_read_is_there_for_ten_minutes_within_the_bound() {
        let mut walks = Walks::new(entry(1).content.bytes() * 5 / 2);
        walks.keep(SOURCE, &entry(1), Timestamp(0));
        walks.keep(SOURCE, &entry(2), Timestamp(1));
        assert_eq!(held(&walks, 599_999), [1, 2]);
        assert_eq!(held(&walks, 600_000), [2]);
        walks.keep(SOURCE, &entry(1), Timestamp(2));
        walks.keep(SOURCE, &entry(3), Timestamp(3));
        assert_eq!(held(&walks, 4), [1, 3], "the second was read longest ago");
        let other = Source::from(crate::catalog::Scope::All);
        assert!(walks.get(other, entry(1).content.hash().unwrap(), Timestamp(4)).is_none());
        let mut none = Walks::new(0);
        none.keep(SOURCE, &entry(1), Timestamp(0));
        assert_eq!(held(&none, 1), [0; 0]);
    }
}
