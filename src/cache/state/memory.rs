//! The isolate's own tier: plain data, bounded in bytes, least recently used out first. It outlives requests, so
//! it holds no future, waker or I/O object (PLATFORM.md §4).

use lru::LruCache;

use super::entry::Entry;
use crate::{catalog::Resource, ports::Timestamp};

/// A resident entry and what is known of its copy in Redis.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// The entry.
    pub entry: Entry,
    /// When the copy in Redis expires; none when there is no copy.
    pub redis_expiry: Option<Timestamp>,
    /// When this was last known to agree with Redis.
    pub checked_at: Timestamp,
    /// When this was last served for want of anything better.
    pub fell_back_at: Timestamp,
    /// Found to differ from Redis: to be refreshed, however young.
    pub changed: bool,
    bytes: usize,
}

impl Slot {
    /// A slot as filled at `now`.
    pub(super) fn new(entry: Entry, redis_expiry: Option<Timestamp>, now: Timestamp) -> Self {
        let bytes = entry.content.bytes();
        let fell_back_at = Timestamp::default();
        Self { entry, redis_expiry, checked_at: now, fell_back_at, changed: false, bytes }
    }

    /// The same, last known to agree with Redis at another time.
    #[must_use]
    pub(super) fn checked(self, checked_at: Timestamp) -> Self {
        Self { checked_at, ..self }
    }
}

/// The resident entries.
#[derive(Debug)]
pub(super) struct Memory {
    slots: LruCache<Resource, Slot>,
    bytes: usize,
    bytes_max: usize,
}

impl Memory {
    /// An empty tier that holds at most `bytes_max`.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { slots: LruCache::unbounded(), bytes: 0, bytes_max }
    }

    /// What is resident under a name; it counts as used.
    pub(super) fn get(&mut self, resource: &Resource) -> Option<&mut Slot> {
        self.slots.get_mut(resource)
    }

    /// The same, without counting as used.
    pub(super) fn peek(&self, resource: &Resource) -> Option<&Slot> {
        self.slots.peek(resource)
    }

    /// The same, to be changed.
    pub(super) fn peek_mut(&mut self, resource: &Resource) -> Option<&mut Slot> {
        self.slots.peek_mut(resource)
    }

    /// Keeps an entry, unless what is resident is newer or the entry alone is over the bound. Says whether it did.
    pub(super) fn put(&mut self, resource: Resource, slot: Slot) -> bool {
        // What was found to differ from Redis gives way even to something older.
        let newer = |resident: &Slot| {
            !resident.changed
                && (resident.entry.epoch, resident.entry.at) > (slot.entry.epoch, slot.entry.at)
        };
        if slot.bytes > self.bytes_max || self.slots.peek(&resource).is_some_and(newer) {
            return false;
        }
        self.bytes = self.bytes.saturating_add(slot.bytes);
        if let Some(old) = self.slots.put(resource, slot) {
            self.bytes = self.bytes.saturating_sub(old.bytes);
        }
        while self.bytes > self.bytes_max {
            let Some((_, old)) = self.slots.pop_lru() else { break };
            self.bytes = self.bytes.saturating_sub(old.bytes);
        }
        true
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.bytes = 0;
    }

    /// What is resident, most recently used first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Resource, &Slot)> {
        self.slots.iter()
    }

    /// Bytes in use.
    pub(super) fn bytes(&self) -> usize {
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
        catalog::{Listing, Selection},
    };

    fn name(minimum: u32) -> Resource {
        Resource::Listing(Selection { min_providers: Some(minimum), ..Selection::default() })
    }

    fn slot(padding: usize, at: u64) -> Slot {
        let text = format!("[{}]", " ".repeat(padding));
        let listing = Rc::new(Listing::decode(text).unwrap());
        let entry = Entry { content: Content::Listing(listing), at: Timestamp(at), epoch: None };
        Slot::new(entry, None, Timestamp(at))
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let two_and_a_half = slot(98, 0).bytes * 5 / 2;
        let mut memory = Memory::new(two_and_a_half);
        for n in 1..=2 {
            assert!(memory.put(name(n), slot(98, 0)));
        }
        memory.get(&name(1));
        memory.put(name(3), slot(98, 0));
        let resident: Vec<bool> = (1..=3).map(|n| memory.peek(&name(n)).is_some()).collect();
        assert_eq!(resident, [true, false, true]);
    }

    #[test]
    fn an_older_entry_never_replaces_a_newer_one() {
        let mut memory = Memory::new(1000);
        memory.put(name(1), slot(1, 10));
        assert!(!memory.put(name(1), slot(2, 9)));
        assert_eq!(memory.peek(&name(1)).unwrap().entry.at, Timestamp(10));
    }

    proptest! {
        #[test]
        fn bytes_are_bounded_and_add_up(puts in prop::collection::vec((0u32..8, 0usize..400, 0u64..4), 0..60)) {
            let mut memory = Memory::new(1000);
            for (minimum, padding, at) in puts {
                memory.put(name(minimum), slot(padding, at));
                prop_assert!(memory.bytes() <= 1000);
                prop_assert_eq!(memory.bytes(), memory.iter().map(|(_, slot)| slot.bytes).sum::<usize>());
            }
        }
    }
}
