//! Publishing a listing that a request asked for and nobody keeps warm: for the backend, which reads no snapshot of ours. Once
//! for each version, and no more of them than a byte budget that isolates share.

use std::{rc::Rc, time::Duration};

use super::{
    derived_near::{hear_derived, leave_derived},
    publication::{likely_derived, sent_bytes, views_of, waits},
    publish::{learn_size, write},
};
use crate::{
    cache::{
        entry::Content,
        isolate::Isolate,
        protocol::{Expiry, Freshness, Version},
        redis::{self, Guarded, PublishReply},
        state::Work,
        telemetry::Counter,
        tiers,
    },
    catalog::{Snapshot, Source, View},
    config::Mode,
    ports::{TierError, Word},
};

/// So many times the bytes of its snapshot may be derived of a version.
const BUDGET: usize = 4;
/// Those that ask together are waited for so long.
const GATHER: Duration = Duration::from_millis(20);
/// What is sent together takes no more, but for a single larger one: memory holds it twice.
const TOGETHER_BYTES: usize = 4_000_000;
/// A data center looks no more often than this what is there, but for what is asked for together.
const LATER: Duration = Duration::from_secs(60);
/// Who publishes and died gives way to another after this.
const HELD: Duration = Duration::from_secs(30);
/// So many bytes may be derived of any version: all that clients of a small catalog are likely to ask for.
const BUDGET_MIN: usize = 16_000_000;

/// Whether a view's listing is to be published behind its response: this isolate holds what is published, and has not published
/// the listing yet.
pub(in crate::cache) fn is_wanted(isolate: &Isolate, view: &View) -> bool {
    let (now, source) = (isolate.now(), view.source());
    let state = isolate.state.borrow();
    let Some(version) = state.knowledge.version(source) else { return false };
    let Some(entry) = state.memory.snapshot(source) else { return false };
    let fresh = state.freshness(source, entry, now, &isolate.policy) == Freshness::Fresh;
    isolate.mode() == Mode::Active
        && fresh
        && entry.dated == version.dated()
        && entry.content.hash() == Some(version.hash)
        && view.has_key(Some(version.extent())) == Some(true)
        && !views_of(source, version).contains(view)
        && state.publishing.pause.is_over()
        && state.publishing.is_wanted(view, (version.hash, version.epoch), now)
}

/// Publishes a view's listing, together with those that others ask for meanwhile: many requests at once are few to Redis.
pub(in crate::cache) async fn publish_derived(isolate: &Isolate, view: View) {
    if !is_wanted(isolate, &view) {
        return;
    }
    let (source, now) = (view.source(), isolate.now());
    let work = Work::Derive(source);
    let hold = {
        let mut state = isolate.state.borrow_mut();
        state.publishing.waiting.insert(view);
        state.leases.acquire(work, now, HELD)
    };
    // Whoever holds it takes this one along.
    let Some(hold) = hold else { return };
    isolate.ports.clock.sleep(GATHER).await;
    let looked = look(isolate, source).await;
    while publish_waiting(isolate, source, looked.is_some()).await {}
    if let Some(base) = looked {
        leave_derived(isolate, source, base).await;
    }
    isolate.state.borrow_mut().leases.release(work, hold);
}

/// Publishes as many of the waiting listings as a request holds, unless nothing could tell which are there; says whether there may
/// be more.
async fn publish_waiting(isolate: &Isolate, source: Source, can_tell: bool) -> bool {
    let Some(Batch { version, values, more }) = next_batch(isolate, source) else { return false };
    if !can_tell || values.is_empty() {
        return more;
    }
    let base = (version.hash, version.epoch);
    let budget = version.bytes.saturating_mul(BUDGET).max(BUDGET_MIN);
    let size = values.iter().map(|(_, text)| text.len()).sum();
    let derived = isolate.state.borrow_mut().publishing.add_derived(source, size);
    if derived > budget {
        isolate.state.borrow_mut().publishing.note_over_budget(source, base);
        return false;
    }
    let sets = u64::try_from(values.len()).unwrap_or(u64::MAX);
    let result = write(isolate, async move |session| {
        redis::add(session, source, &version, Some(budget), values, None).await
    })
    .await;
    match result {
        Ok(Guarded { reply: PublishReply::Published, .. }) => {
            isolate.state.borrow_mut().counters.add(Counter::Sets, sets);
        }
        Ok(Guarded { reply: PublishReply::OverBudget, .. }) => {
            isolate.state.borrow_mut().publishing.note_over_budget(source, base);
        }
        Ok(_) | Err(TierError::Open) => return false,
        Err(error) => {
            learn_size(isolate, &error, size);
            return false;
        }
    }
    more
}

/// Asks at once for all listings of a source that clients are likely to ask for which of them are there, since every isolate has
/// the same to send, and they are large: those count as published. First others of this data center are heard, who have looked
/// before. None where it cannot be told, or nothing would be sent; else of which content it was told.
async fn look(isolate: &Isolate, source: Source) -> Option<(u64, u64)> {
    let (version, snapshot) = held(isolate, source)?;
    let base = (version.hash, version.epoch);
    let bounds = Bounds::of(isolate, source, &snapshot, &version);
    let mut views = isolate.state.borrow().publishing.waiting.clone();
    let kept_warm = views_of(source, &version);
    views.retain(|view| view.source() == source && !kept_warm.contains(view));
    let wanted: Vec<View> = views.iter().copied().collect();
    views.extend(likely_derived(source, &version));
    let heard: Vec<View> = views.iter().copied().collect();
    hear_derived(isolate, source, base, &heard).await;
    let is_sent =
        |view: &View| is_wanted(isolate, view) && bounds.admit(snapshot.listing(view).text_bytes());
    if !wanted.iter().any(is_sent) || was_just_looked(isolate, source, base, &wanted) {
        return None;
    }
    let begun = isolate.now();
    if isolate.state.borrow().publishing.has_looked(source, base, begun) {
        return Some(base);
    }
    let keys = views.iter().map(|view| isolate.keys.listing(view)).collect();
    let read = tiers::redis(isolate, async |session| {
        redis::read_derived(session, source, &version, keys).await
    });
    let there = read.await.ok()?;
    let ttl = isolate.policy.ttl;
    // What lives longer belongs to a version that was renewed meanwhile, or is the backend's: it reads that as well.
    let is_there = |expiry| matches!(expiry, Expiry::At(until) if until >= version.expires_at());
    let mut state = isolate.state.borrow_mut();
    state.publishing.note_looked(source, base, begun, there.bytes);
    for (view, expiry) in views.into_iter().zip(there.expiries) {
        if is_there(expiry) {
            state.publishing.note_derived(view, base, begun, ttl);
        }
    }
    Some(base)
}

/// Whether an isolate of this data center has looked lately, and did not find these: then they are left for later, when others are
/// likely to have sent them. One look a minute is enough for all of a data center's isolates.
fn was_just_looked(isolate: &Isolate, source: Source, base: (u64, u64), views: &[View]) -> bool {
    let (now, ttl) = (isolate.now(), isolate.policy.ttl);
    let looked = isolate.state.borrow().publishing.looked(source, base);
    let since = looked.map(|(at, _)| now.since(at));
    let is_told = tiers::life(isolate).is_some() && ttl > LATER;
    let mut state = isolate.state.borrow_mut();
    if !is_told
        || state.publishing.has_looked(source, base, now)
        || since.is_none_or(|since| since >= LATER)
    {
        return false;
    }
    let until = now.minus(ttl.saturating_sub(LATER));
    for view in views {
        if state.publishing.is_wanted(view, base, now) {
            state.publishing.note_derived(*view, base, until, ttl);
        }
    }
    true
}

/// The version of a source as it is known, and the snapshot that memory holds.
fn held(isolate: &Isolate, source: Source) -> Option<(Version, Rc<Snapshot>)> {
    let state = isolate.state.borrow();
    let version = state.knowledge.version(source).copied()?;
    let entry = state.memory.snapshot(source)?;
    let Content::Snapshot(snapshot) = &entry.content else { return None };
    Some((version, Rc::clone(snapshot)))
}

/// What sizes of listings are sent at all.
struct Bounds {
    smallest_refused: usize,
    request_bytes_max: usize,
}

impl Bounds {
    fn of(isolate: &Isolate, source: Source, snapshot: &Rc<Snapshot>, version: &Version) -> Self {
        Self {
            smallest_refused: smallest_refused(source, snapshot, version),
            request_bytes_max: isolate.state.borrow().publishing.request_bytes_max(),
        }
    }

    fn admit(&self, size: usize) -> bool {
        size < self.smallest_refused && sent_bytes(size) <= self.request_bytes_max
    }
}

/// Listings that go into one request.
struct Batch {
    version: Version,
    values: Vec<(String, Word)>,
    more: bool,
}

/// Takes waiting views, and makes their listings, until a request is full. What is taken counts as published before it is sent:
/// requests that ask for the same meanwhile must not send it again.
fn next_batch(isolate: &Isolate, source: Source) -> Option<Batch> {
    let (version, snapshot) = held(isolate, source)?;
    let bounds = Bounds::of(isolate, source, &snapshot, &version);
    let (now, ttl, base) = (isolate.now(), isolate.policy.ttl, (version.hash, version.epoch));
    let mut room = bounds.request_bytes_max.min(TOGETHER_BYTES);
    let mut values = Vec::new();
    loop {
        let view = isolate.state.borrow().publishing.next_waiting(source);
        let Some(view) = view else { return Some(Batch { version, values, more: false }) };
        let is_wanted = is_wanted(isolate, &view);
        let size = snapshot.listing(&view).text_bytes();
        let sent = sent_bytes(size);
        if is_wanted && waits(sent, room, values.is_empty()) {
            return Some(Batch { version, values, more: true });
        }
        let mut state = isolate.state.borrow_mut();
        state.publishing.waiting.remove(&view);
        if is_wanted {
            state.publishing.note_derived(view, base, now, ttl);
            if bounds.admit(size) {
                room = room.saturating_sub(sent);
                values.push((isolate.keys.listing(&view), snapshot.listing(&view).into()));
            }
        }
    }
}

/// The size of the smallest listing that is kept warm and is not in Redis, since no request holds it: what is as large need not be
/// sent to learn that.
fn smallest_refused(source: Source, snapshot: &Rc<Snapshot>, version: &Version) -> usize {
    let there = views_of(source, version);
    let refused = source
        .warm_views()
        .into_iter()
        .filter(|view| view.has_key(Some(version.extent())) == Some(true) && !there.contains(view));
    refused.map(|view| snapshot.listing(&view).text_bytes()).min().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_sent_if_a_request_holds_it_escaped() {
        assert_eq!([0, 3, 5, 100].map(sent_bytes), [4_000, 4_003, 4_006, 4_120]);
        let bounds = Bounds { smallest_refused: 90, request_bytes_max: 4_120 };
        assert_eq!([0, 89, 90, 100].map(|size| bounds.admit(size)), [true, true, false, false]);
        let bounds = Bounds { smallest_refused: usize::MAX, request_bytes_max: 4_120 };
        assert_eq!([100, 101].map(|size| bounds.admit(size)), [true, false]);
    }

    #[test]
    fn what_is_as_large_as_what_is_not_in_redis_is_not_sent() {
        let snapshot = Rc::new(crate::support::catalog::snapshot(1, 7));
        let views = Source::WARMED.warm_views();
        let version = |listings| Version { listings, offers_max: 5, ..Version::example() };
        let sizes: Vec<usize> =
            views.iter().map(|view| snapshot.listing(view).text_bytes()).collect();
        let refused = |listings| smallest_refused(Source::WARMED, &snapshot, &version(listings));
        assert_eq!(refused(0b11_1111), usize::MAX);
        assert_eq!(refused(0b11_1110), sizes[0]);
        assert_eq!(Some(refused(0)), sizes.iter().min().copied());
        let small = Version { offers_max: 1, ..version(0) };
        assert_eq!(smallest_refused(Source::WARMED, &snapshot, &small), sizes[0], "with a key");
    }
}
