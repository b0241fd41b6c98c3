//! The isolate's own tier: plain data, bounded in bytes, least recently used out first. It outlives requests, so
//! it holds no future, waker or I/O object (docs/platform.md, "Requests do not share I/O").

use lru::LruCache;

use crate::{cache::entry::Entry, catalog::Resource, ports::Timestamp};

/// A resident entry and what is known of its copy in Redis.
#[derive(Clone, Debug)]
pub(in crate::cache) struct Resident {
    /// The cached thing.
    pub entry: Entry,
    /// When the copy in Redis expires; none when there is no copy.
    pub redis_expiry: Option<Timestamp>,
    /// When this was last known to agree with Redis.
    pub checked_at: Timestamp,
    /// When this was last served for want of anything better.
    pub fell_back_at: Timestamp,
    /// Whether Redis was found to hold something else: then this is to be refreshed, however young.
    pub differs_from_redis: bool,
    bytes: usize,
}

impl Resident {
    /// An entry that comes into memory at `now`.
    pub(in crate::cache) fn new(
        entry: Entry,
        redis_expiry: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        let bytes = entry.content.bytes();
        let fell_back_at = Timestamp::default();
        Self {
            entry,
            redis_expiry,
            checked_at: now,
            fell_back_at,
            differs_from_redis: false,
            bytes,
        }
    }

    /// This entry, last known to agree with Redis at `checked_at`.
    #[must_use]
    pub(in crate::cache) fn checked(self, checked_at: Timestamp) -> Self {
        Self { checked_at, ..self }
    }
}

/// The resident entries.
#[derive(Debug)]
pub(in crate::cache) struct Memory {
    entries: LruCache<Resource, Resident>,
    bytes: usize,
    bytes_max: usize,
}

impl Memory {
    /// An empty tier that holds at most `bytes_max`.
    pub(in crate::cache) fn new(bytes_max: usize) -> Self {
        Self { entries: LruCache::unbounded(), bytes: 0, bytes_max }
    }

    /// What is resident under a name; it counts as used.
    pub(in crate::cache) fn get(&mut self, resource: &Resource) -> Option<&mut Resident> {
        self.entries.get_mut(resource)
    }

    /// What is resident under a name, without counting as used.
    pub(in crate::cache) fn peek(&self, resource: &Resource) -> Option<&Resident> {
        self.entries.peek(resource)
    }

    /// What is resident under a name, to be changed, without counting as used.
    pub(in crate::cache) fn peek_mut(&mut self, resource: &Resource) -> Option<&mut Resident> {
        self.entries.peek_mut(resource)
    }

    /// Keeps an entry, unless what is resident is newer or the entry alone is over the bound.
    pub(in crate::cache) fn put(&mut self, resource: Resource, new: Resident) {
        // What was found to differ from Redis gives way even to something older.
        let newer = |resident: &Resident| {
            !resident.differs_from_redis
                && (resident.entry.epoch, resident.entry.at) > (new.entry.epoch, new.entry.at)
        };
        if new.bytes > self.bytes_max || self.entries.peek(&resource).is_some_and(newer) {
            return;
        }
        self.bytes = self.bytes.saturating_add(new.bytes);
        if let Some(old) = self.entries.put(resource, new) {
            self.bytes = self.bytes.saturating_sub(old.bytes);
        }
        while self.bytes > self.bytes_max {
            let Some((_, old)) = self.entries.pop_lru() else { break };
            self.bytes = self.bytes.saturating_sub(old.bytes);
        }
    }

    /// Forgets everything.
    pub(in crate::cache) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    /// What is resident, most recently used first.
    pub(in crate::cache) fn iter(&self) -> impl Iterator<Item = (&Resource, &Resident)> {
        self.entries.iter()
    }

    /// Bytes in use.
    pub(in crate::cache) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        cache::entry::Content,
        catalog::{Selection, View},
    };

    fn name(minimum: u32) -> Resource {
        let selection = Selection { min_providers: Some(minimum), ..Selection::default() };
        Resource::Listing(selection.into())
    }

    fn resident(padding: usize, at: u64) -> Resident {
        let text = format!("[{}]", " ".repeat(padding));
        let listing = Rc::new(View::from(Selection::default()).decode(text).unwrap());
        let entry = Entry { content: Content::Listing(listing), at: Timestamp(at), epoch: None };
        Resident::new(entry, None, Timestamp(at))
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let two_and_a_half = resident(98, 0).bytes * 5 / 2;
        let mut memory = Memory::new(two_and_a_half);
        for n in 1..=2 {
            memory.put(name(n), resident(98, 0));
        }
        memory.get(&name(1));
        memory.put(name(3), resident(98, 0));
        let resident: Vec<bool> = (1..=3).map(|n| memory.peek(&name(n)).is_some()).collect();
        assert_eq!(resident, [true, false, true]);
    }

    #[test]
    fn an_older_entry_never_replaces_a_newer_one() {
        let mut memory = Memory::new(1000);
        memory.put(name(1), resident(1, 10));
        memory.put(name(1), resident(2, 9));
        assert_eq!(memory.peek(&name(1)).unwrap().entry.at, Timestamp(10));
    }

    proptest! {
        #[test]
        fn bytes_are_bounded_and_add_up(puts in prop::collection::vec((0u32..8, 0usize..400, 0u64..4), 0..60)) {
            let mut memory = Memory::new(1000);
            for (minimum, padding, at) in puts {
                memory.put(name(minimum), resident(padding, at));
                prop_assert!(memory.bytes() <= 1000);
                prop_assert_eq!(memory.bytes(), memory.iter().map(|(_, resident)| resident.bytes).sum::<usize>());
            }
        }
    }
}
