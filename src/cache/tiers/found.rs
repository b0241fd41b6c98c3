//! What a tier had under a key.

use crate::{
    cache::{
        entry::{Content, Entry},
        isolate::Isolate,
        state::Resident,
        telemetry::{Counter, Event},
    },
    catalog::Resource,
    ports::{Tier, TierError, Timestamp},
};

/// What came of reading a key.
#[derive(Debug)]
pub(in crate::cache) enum Found {
    /// A whole entry.
    Entry(Entry),
    /// Nothing.
    Nothing,
    /// A foreign or broken value.
    Corrupt,
    /// No answer.
    Failed(TierError),
}

/// A value as a tier gave it, with what it is dated by.
#[derive(Debug)]
pub(super) struct RawValue {
    pub(super) text: String,
    pub(super) at: Timestamp,
    pub(super) epoch: Option<u64>,
    /// When the copy in Redis expires; none for what is not from Redis.
    pub(super) redis_expiry: Option<Timestamp>,
}

/// Decodes a value and keeps it in memory.
pub(super) fn decode_and_keep(
    isolate: &Isolate,
    tier: Tier,
    resource: Resource,
    value: RawValue,
) -> Found {
    let Ok(content) = Content::decode(&resource, value.text) else {
        return corrupt(isolate, tier, &resource);
    };
    // An empty snapshot is never published, so one that is found is not ours.
    if matches!(resource, Resource::Snapshot(_)) && content.count() == 0 {
        return corrupt(isolate, tier, &resource);
    }
    let entry = Entry { content, at: value.at, epoch: value.epoch };
    let resident = Resident::new(entry.clone(), value.redis_expiry, isolate.now());
    isolate.state.borrow_mut().keep(resource, resident);
    Found::Entry(entry)
}

/// Notes a value that is not what its key names.
pub(super) fn corrupt(isolate: &Isolate, tier: Tier, resource: &Resource) -> Found {
    isolate.count(Counter::Corrupt);
    let key = isolate.keys.resource(resource);
    isolate.log(&Event::Corrupt { key: &key, tier: tier.as_str() });
    Found::Corrupt
}
