//! What is to be published, and what became of it.

use std::{rc::Rc, time::Duration};

use crate::{
    cache::{
        entry::{Content, Entry},
        isolate::Isolate,
        redis::{self, PublishReply},
        telemetry::Event,
    },
    catalog::{Resource, Source, View},
    ports::{Tier, TierError, Timestamp},
};

/// Values that were read together, and when.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The first one tells whether something newer is there already.
    pub(super) values: Vec<(Resource, Content)>,
    pub(super) at: Timestamp,
    pub(super) epoch: Option<u64>,
    pub(super) to_kv: bool,
}

/// What became of a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cache) struct PublishOutcome {
    pub(in crate::cache) redis: Result<PublishReply, TierError>,
    /// How many of its values KV has now, written just so or good enough before.
    pub(in crate::cache) kv: Result<usize, TierError>,
    /// Whether something was too large for Redis, so that only KV can share it.
    pub(in crate::cache) is_oversized: bool,
}

impl Publication {
    /// One value for Redis alone: KV gets what comes from the origin, once.
    pub(in crate::cache) fn of(resource: Resource, entry: &Entry) -> Self {
        let values = vec![(resource, entry.content.clone())];
        Self { values, at: entry.at, epoch: entry.epoch, to_kv: false }
    }

    /// What Redis has not, or no longer: a snapshot with all that belongs to it, a listing by itself.
    pub(in crate::cache) fn again(resource: Resource, entry: &Entry) -> Self {
        match resource {
            Resource::Snapshot(source) => Self::of_snapshot(source, entry, None),
            Resource::Listing(_) => Self::of(resource, entry),
        }
    }

    /// A snapshot with the listings that are kept warm, and one more that was asked for.
    pub(in crate::cache) fn of_snapshot(
        source: Source,
        entry: &Entry,
        asked: Option<View>,
    ) -> Self {
        let Content::Snapshot(snapshot) = &entry.content else {
            return Self::of(Resource::Snapshot(source), entry);
        };
        let extent = snapshot.extent();
        let has_key =
            |view: &View| view.source() == source && view.has_key(Some(extent)) == Some(true);
        let asked = asked.filter(|asked| !asked.is_warm());
        let mut values = vec![(Resource::Snapshot(source), entry.content.clone())];
        values.extend(source.warm_views().into_iter().chain(asked).filter(has_key).map(|view| {
            (Resource::Listing(view), Content::Listing(Rc::new(snapshot.derive(&view))))
        }));
        Self { values, at: entry.at, epoch: entry.epoch, to_kv: true }
    }
}

/// Whether a request to Redis can hold it.
pub(in crate::cache) fn fits_redis(content: &Content) -> bool {
    content.text().len() <= redis::VALUE_BYTES_MAX
}

/// Logs that a tier holds a key now.
pub(super) fn log_set(isolate: &Isolate, tier: Tier, key: &str, content: &Content, ttl: Duration) {
    let (tier, count, ttl) = (tier.as_str(), content.count(), ttl.as_secs());
    isolate.log(&Event::CacheSet { key, tier, count, ttl });
}
