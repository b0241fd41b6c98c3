//! The isolate's own tier: plain data, bounded in bytes, least recently used out first. It outlives requests, so
//! it holds no future, waker or I/O object (docs/platform.md, "Requests do not share I/O").

use std::rc::Rc;

use lru::LruCache;

use crate::{
    cache::{
        entry::{Content, Entry},
        protocol::Version,
    },
    catalog::{Resource, Source, View},
    ports::Timestamp,
};

/// A resident entry.
#[derive(Clone, Debug)]
pub(in crate::cache) struct Resident {
    /// The cached thing.
    pub entry: Entry,
    /// When this was last compared with Redis.
    pub checked_at: Timestamp,
    /// When Redis last told that this is what is published.
    pub published_at: Timestamp,
    /// When this was last served for want of anything better.
    pub fell_back_at: Timestamp,
    bytes: usize,
}

impl Resident {
    /// An entry that comes into memory at `now`.
    pub(in crate::cache) fn new(entry: Entry, now: Timestamp) -> Self {
        let bytes = entry.content.bytes();
        let never = Timestamp::default();
        Self { entry, checked_at: now, published_at: never, fell_back_at: never, bytes }
    }
}

/// The resident entries, and the orders of listings over resident snapshots.
#[derive(Debug)]
pub(in crate::cache) struct Memory {
    entries: LruCache<Resource, Resident>,
    /// Positions by view, with the hash of the snapshot that they point into.
    orders: LruCache<View, (u64, Rc<[u32]>)>,
    bytes: usize,
    bytes_max: usize,
}

impl Memory {
    /// An empty tier that holds at most `bytes_max`.
    pub(in crate::cache) fn new(bytes_max: usize) -> Self {
        let (entries, orders) = (LruCache::unbounded(), LruCache::unbounded());
        Self { entries, orders, bytes: 0, bytes_max }
    }

    /// What is resident under a name; it counts as used.
    pub(in crate::cache) fn get(&mut self, resource: &Resource) -> Option<&mut Resident> {
        self.entries.get_mut(resource)
    }

    /// What is resident under a name, without counting as used.
    pub(in crate::cache) fn peek(&self, resource: &Resource) -> Option<&Resident> {
        self.entries.peek(resource)
    }

    /// Keeps an entry, unless what is resident is newer. What is over the bound by itself is not kept, and what it replaces
    /// goes all the same.
    pub(in crate::cache) fn put(&mut self, resource: Resource, new: Resident) {
        if let Some(held) = self.entries.peek(&resource) {
            if !held.entry.dated.gives_way_to(&new.entry.dated) {
                return;
            }
            let same = held.entry.content.hash() == new.entry.content.hash();
            self.remove(&resource);
            if !same {
                self.forget_orders(resource.source());
            }
        }
        if new.bytes > self.bytes_max {
            return;
        }
        self.bytes = self.bytes.saturating_add(new.bytes);
        self.entries.put(resource, new);
        self.shrink();
        debug_assert_eq!(self.bytes, self.counted_anew());
    }

    /// Lets a resident snapshot move on to a version of the same content.
    pub(in crate::cache) fn move_on(&mut self, source: Source, version: &Version) {
        if let Some(held) = self.entries.peek_mut(&Resource::Snapshot(source))
            && held.entry.content.hash() == Some(version.hash)
        {
            held.entry.dated = held.entry.dated.moved_on(version);
        }
    }

    /// Notes that all of a source was compared with Redis.
    pub(in crate::cache) fn note_checked(&mut self, now: Timestamp) {
        for (_, held) in &mut self.entries {
            held.checked_at = held.checked_at.max(now);
        }
    }

    /// Notes that a version with this hash was found to be published.
    pub(in crate::cache) fn note_published(&mut self, source: Source, hash: u64, now: Timestamp) {
        if let Some(held) = self.entries.peek_mut(&Resource::Snapshot(source))
            && held.entry.content.hash() == Some(hash)
        {
            held.published_at = held.published_at.max(now);
        }
    }

    /// The order of a view over a snapshot with this hash.
    pub(in crate::cache) fn order(&mut self, view: &View, hash: u64) -> Option<Rc<[u32]>> {
        let (of, order) = self.orders.get(view)?;
        (*of == hash).then(|| Rc::clone(order))
    }

    /// Keeps the order of a view, if the snapshot that it points into is resident.
    pub(in crate::cache) fn put_order(&mut self, view: View, hash: u64, order: &Rc<[u32]>) {
        let snapshot = self.entries.peek(&Resource::Snapshot(view.source()));
        let is_resident = snapshot.is_some_and(|held| held.entry.content.hash() == Some(hash));
        let bytes = order_bytes(order);
        if !is_resident || bytes > self.bytes_max {
            return;
        }
        self.bytes = self.bytes.saturating_add(bytes);
        if let Some((_, old)) = self.orders.put(view, (hash, Rc::clone(order))) {
            self.bytes = self.bytes.saturating_sub(order_bytes(&old));
        }
        self.shrink();
        debug_assert_eq!(self.bytes, self.counted_anew());
    }

    /// The bytes of what is held, one by one.
    fn counted_anew(&self) -> usize {
        let entries = self.entries.iter().map(|(_, held)| held.entry.content.bytes());
        let orders = self.orders.iter().map(|(_, (_, order))| order_bytes(order));
        entries.chain(orders).fold(0, usize::saturating_add)
    }

    fn remove(&mut self, resource: &Resource) {
        if let Some(old) = self.entries.pop(resource) {
            self.bytes = self.bytes.saturating_sub(old.bytes);
        }
    }

    fn forget_orders(&mut self, source: Source) {
        let views: Vec<View> = self
            .orders
            .iter()
            .map(|(view, _)| *view)
            .filter(|view| view.source() == source)
            .collect();
        for view in views {
            if let Some((_, order)) = self.orders.pop(&view) {
                self.bytes = self.bytes.saturating_sub(order_bytes(&order));
            }
        }
    }

    /// Orders go first: they are made anew from what is resident.
    fn shrink(&mut self) {
        while self.bytes > self.bytes_max {
            if let Some((_, (_, order))) = self.orders.pop_lru() {
                self.bytes = self.bytes.saturating_sub(order_bytes(&order));
            } else if let Some((_, old)) = self.entries.pop_lru() {
                self.bytes = self.bytes.saturating_sub(old.bytes);
            } else {
                break;
            }
        }
    }

    /// What is resident, most recently used first.
    pub(in crate::cache) fn iter(&self) -> impl Iterator<Item = (&Resource, &Resident)> {
        self.entries.iter()
    }

    /// How many views have an order here.
    pub(in crate::cache) fn orders(&self) -> usize {
        self.orders.len()
    }

    /// The sources whose snapshots are resident, in order.
    pub(in crate::cache) fn sources(&self) -> Vec<Source> {
        let snapshots = self.entries.iter().filter_map(|(resource, _)| match resource {
            Resource::Snapshot(source) => Some(*source),
            Resource::Listing(_) => None,
        });
        let mut sources: Vec<Source> = snapshots.collect();
        sources.sort_unstable();
        sources
    }

    /// The resident snapshot of a source.
    pub(in crate::cache) fn snapshot(&self, source: Source) -> Option<&Entry> {
        let held = self.entries.peek(&Resource::Snapshot(source))?;
        matches!(held.entry.content, Content::Snapshot(_)).then_some(&held.entry)
    }

    /// Bytes in use.
    pub(in crate::cache) fn bytes(&self) -> usize {
        self.bytes
    }
}

fn order_bytes(order: &Rc<[u32]>) -> usize {
    size_of_val(&**order)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        cache::protocol::Dated,
        catalog::{Scope, Selection, Snapshot},
    };

    fn name(minimum: u32) -> Resource {
        let selection = Selection { min_providers: Some(minimum), ..Selection::default() };
        Resource::Listing(selection.into())
    }

    fn resident(padding: usize, at: u64) -> Resident {
        let text = format!("[{}]", " ".repeat(padding));
        let listing = Rc::new(View::from(Selection::default()).decode(text).unwrap());
        let dated = Dated::ByTime(Timestamp(at));
        Resident::new(Entry { content: Content::Listing(listing), dated }, Timestamp(at))
    }

    fn snapshot(padding: usize, epoch: u64, at: u64) -> Resident {
        let text = format!("[{}]", " ".repeat(padding));
        let snapshot = Rc::new(Snapshot::decode(Scope::Active.into(), text).unwrap());
        let dated = Dated::Ours { at: Timestamp(at), epoch, backend_epoch: None };
        Resident::new(Entry { content: Content::Snapshot(snapshot), dated }, Timestamp(at))
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
        assert_eq!(memory.peek(&name(1)).unwrap().entry.at(), Timestamp(10));
    }

    #[test]
    fn orders_go_with_the_snapshot_that_they_point_into() {
        let mut memory = Memory::new(1000);
        let base = Resource::Snapshot(Scope::Active.into());
        let view = View::from(Selection::default());
        let (first, second) = (snapshot(1, 1, 1), snapshot(2, 1, 2));
        let hash = |resident: &Resident| resident.entry.content.hash().unwrap();
        let (old, new) = (hash(&first), hash(&second));
        memory.put_order(view, old, &Rc::from([1, 2, 3]));
        assert_eq!(memory.order(&view, old), None, "nothing to point into");
        memory.put(base, first.clone());
        memory.put_order(view, old, &Rc::from([1, 2, 3]));
        assert_eq!(memory.order(&view, old).as_deref(), Some(&[1, 2, 3][..]));
        memory.put(base, first);
        assert!(memory.order(&view, old).is_some(), "the same content again");
        memory.put(base, second);
        assert_eq!((memory.order(&view, old), memory.order(&view, new)), (None, None));
    }

    #[test]
    fn what_became_too_large_is_not_served_as_it_was() {
        let mut memory = Memory::new(snapshot(10, 1, 1).bytes);
        let base = Resource::Snapshot(Scope::Active.into());
        memory.put(base, snapshot(10, 1, 1));
        assert!(memory.peek(&base).is_some(), "as large as may be");
        memory.put(base, snapshot(11, 1, 2));
        assert!(memory.peek(&base).is_none());
        assert_eq!(memory.bytes(), 0);
    }

    #[test]
    fn the_same_content_moves_on_with_its_version_and_no_other_does() {
        let mut memory = Memory::new(1000);
        let source = Source::from(Scope::Active);
        let first = snapshot(1, 1, 1);
        let hash = first.entry.content.hash().unwrap();
        memory.put(Resource::Snapshot(source), first);
        let version = |hash| Version { at: Timestamp(5), epoch: 2, hash, ..Version::example() };
        memory.move_on(source, &version(hash ^ 1));
        assert_eq!(memory.snapshot(source).unwrap().at(), Timestamp(1));
        memory.move_on(source, &version(hash));
        assert_eq!(memory.snapshot(source).unwrap().at(), Timestamp(5));
    }

    #[test]
    fn orders_are_held_within_the_bound_and_go_before_entries() {
        let base = Resource::Snapshot(Scope::Active.into());
        let held = snapshot(1, 1, 1);
        let (bytes, hash) = (held.bytes, held.entry.content.hash().unwrap());
        let view = View::from(Selection::default());
        let mut memory = Memory::new(bytes + 12);
        memory.put(base, held);
        memory.put_order(view, hash, &Rc::from([1, 2, 3]));
        assert_eq!((memory.orders(), memory.bytes()), (1, bytes + 12));
        memory.put(name(1), resident(0, 1));
        assert_eq!(memory.orders(), 0);
        memory.put_order(view, hash, &vec![0; 1000].into());
        assert_eq!(memory.orders(), 0, "larger than all of memory");
        assert!(memory.peek(&base).is_some() || memory.peek(&name(1)).is_some());
    }

    #[test]
    fn a_check_counts_for_all_that_is_resident() {
        let mut memory = Memory::new(1000);
        memory.put(name(1), resident(1, 1));
        memory.note_checked(Timestamp(9));
        assert_eq!(memory.peek(&name(1)).unwrap().checked_at, Timestamp(9));
    }

    proptest! {
        #[test]
        fn bytes_are_bounded_and_add_up(
            puts in prop::collection::vec((0u32..8, 0usize..400, 0u64..4, 0usize..60), 0..60),
        ) {
            let mut memory = Memory::new(1000);
            for (minimum, padding, at, entries) in puts {
                memory.put(name(minimum), resident(padding, at));
                memory.put(Resource::Snapshot(Scope::Active.into()), snapshot(padding, 1, at));
                if let Some(hash) = memory.snapshot(Scope::Active.into()).and_then(|held| held.content.hash()) {
                    let selection = Selection { min_providers: Some(minimum), ..Selection::default() };
                    memory.put_order(selection.into(), hash, &vec![0; entries].into());
                }
                prop_assert!(memory.bytes() <= 1000);
                let entries: usize = memory.iter().map(|(_, resident)| resident.bytes).sum();
                let orders: usize = memory.orders.iter().map(|(_, (_, order))| order_bytes(order)).sum();
                prop_assert_eq!(memory.bytes().checked_sub(entries), Some(orders));
            }
        }
    }
}
