//! The copies in KV: written where they changed or grew old, since a free plan allows 1,000 writes a day
//! (docs/platform.md, "KV sizes and quotas").

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use super::publication::{Publication, log_set};
use crate::{
    cache::{
        isolate::Isolate,
        tiers::{self, KV_FORMAT},
    },
    catalog::Resource,
    ports::{KvMetadata, Tier, TierError},
};

/// Brings KV up to date; returns how many of the values it has now.
pub(super) async fn publish_to_kv(
    isolate: &Isolate,
    publication: &Publication,
) -> Result<usize, TierError> {
    let listed = tiers::kv(isolate, isolate.ports.kv.list(&isolate.keys.prefix())).await;
    if let Err(error @ TierError::Open) = listed {
        return Err(error);
    }
    let listed = listed.unwrap_or_default();
    let ttl = isolate.policy.ttl.saturating_add(isolate.policy.stale);
    let mut kept: usize = 0;
    for (resource, content) in publication.values.iter().filter(|(name, _)| is_kept_in_kv(name)) {
        let key = isolate.keys.resource(resource);
        let there = listed.iter().find(|(name, _)| *name == key).and_then(|(_, there)| *there);
        let metadata = KvMetadata {
            v: KV_FORMAT,
            at: publication.at,
            epoch: publication.epoch,
            n: content.count(),
            hash: content_hash(content.text()),
        };
        kept = kept.saturating_add(1);
        if there.is_some_and(|there| is_good_enough(&there, &metadata, isolate.policy.ttl)) {
            continue;
        }
        let put = isolate.ports.kv.put(&key, content.text(), &metadata, ttl);
        tiers::kv(isolate, put).await?;
        log_set(isolate, Tier::Kv, &key, content, ttl);
    }
    Ok(kept)
}

/// A hash for metadata; numbers of JavaScript are exact up to 53 bits.
fn content_hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes()) & ((1 << 52) - 1)
}

/// Other listings are derived from the snapshot, which KV has: writing them would use up a free plan's day.
fn is_kept_in_kv(resource: &Resource) -> bool {
    match resource {
        Resource::Snapshot(_) => true,
        Resource::Listing(view) => view.is_warm(),
    }
}

fn is_good_enough(there: &KvMetadata, new: &KvMetadata, ttl: Duration) -> bool {
    let half = ttl.checked_div(2).unwrap_or(ttl);
    let same = (there.v, there.hash, there.epoch) == (new.v, new.hash, new.epoch);
    (same && new.at.since(there.at) < half) || there.at > new.at && there.v == new.v
}
