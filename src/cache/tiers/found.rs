//! What a tier had under a key.

use std::rc::Rc;

use crate::{
    cache::{
        entry::{Content, Entry},
        isolate::Isolate,
        protocol::{Dated, Version},
        telemetry::{Counter, Event},
    },
    catalog::{Resource, Snapshot, Source, View},
    ports::{Tier, TierError},
};

/// What came of reading a key.
#[derive(Debug)]
pub(in crate::cache) enum Found {
    /// A whole entry.
    Entry(Entry),
    /// Nothing, or nothing of this deployment's configuration.
    Nothing,
    /// A foreign or broken value.
    Corrupt,
    /// No answer.
    Failed(TierError),
}

/// Decodes a snapshot as Redis and KV hold it, its header first, and keeps it in memory. A later version of the same content
/// moves it on.
pub(super) fn keep_snapshot(isolate: &Isolate, tier: Tier, source: Source, value: &str) -> Found {
    let name = Resource::Snapshot(source);
    let Some((header, text)) = Version::split(value) else { return corrupt(isolate, tier, &name) };
    if header.config != isolate.policy.fingerprint {
        return Found::Nothing;
    }
    let Some(snapshot) = decode(isolate, source, &header, text) else {
        return corrupt(isolate, tier, &name);
    };
    let mut state = isolate.state.borrow_mut();
    // Of the same version Redis knows better which listings are beside it.
    let is_news = |known: &Version| header.order() > known.order();
    if state.knowledge.version(source).is_none_or(is_news) {
        state.learn_version(source, header);
    }
    let version = state.knowledge.version(source).filter(|version| version.hash == header.hash);
    let dated = version.map_or(header.dated(), |version| header.dated().moved_on(version));
    let entry = Entry { content: Content::Snapshot(snapshot), dated };
    let now = isolate.ports.clock.now();
    // What the data center has was compared when Redis told of it, not when it was read.
    let compared_at = if tier == Tier::Colo { state.colo.told().at.min(now) } else { now };
    state.keep(name, entry.clone(), compared_at);
    Found::Entry(entry)
}

/// What memory has of the same content needs no decoding. Most sources never publish an empty snapshot, so one that is found
/// is not ours.
pub(super) fn decode(
    isolate: &Isolate,
    source: Source,
    header: &Version,
    text: &str,
) -> Option<Rc<Snapshot>> {
    if let Some(Entry { content: Content::Snapshot(held), .. }) =
        isolate.state.borrow().memory.snapshot(source)
        && held.hash() == header.hash
    {
        return Some(Rc::clone(held));
    }
    let snapshot = match header.packed {
        Some(checksum) => Snapshot::unpack(source, text, checksum, header.n, header.hash)?,
        None => Snapshot::decode(source, text.to_owned()).ok()?,
    };
    let is_sound = source.may_be_empty() || !snapshot.is_empty();
    (snapshot.hash() == header.hash && is_sound).then(|| Rc::new(snapshot))
}

/// Decodes a listing that stood under its view's own key, and keeps it in memory.
pub(super) fn keep_listing(
    isolate: &Isolate,
    tier: Tier,
    view: &View,
    text: String,
    dated: Dated,
) -> Found {
    let name = Resource::Listing(*view);
    let Ok(listing) = view.decode(text) else { return corrupt(isolate, tier, &name) };
    let entry = Entry { content: Content::Listing(Rc::new(listing)), dated };
    isolate.state.borrow_mut().keep(name, entry.clone(), isolate.ports.clock.now());
    Found::Entry(entry)
}

/// Notes a value that is not what its key names.
pub(super) fn corrupt(isolate: &Isolate, tier: Tier, resource: &Resource) -> Found {
    isolate.count(Counter::Corrupt);
    let key = isolate.keys.resource(resource);
    isolate.log(&Event::Corrupt { key: &key, tier: tier.as_str() });
    Found::Corrupt
}
