//! The copies in KV: written where they grew old or an invalidation came, since a free plan allows 1,000 writes a day
//! (docs/platform.md, "KV sizes and quotas").

use std::time::Duration;

use futures_util::future::join_all;

use super::publication::Publication;
use crate::{
    cache::{
        isolate::Isolate,
        protocol::{Control, Version},
        telemetry::{Event, KvOperation},
        tiers,
    },
    catalog::Resource,
    ports::{Tier, TierError, Timestamp},
};

/// Nothing is written twice within this, unless an invalidation came between.
const REWRITTEN_AFTER: Duration = Duration::from_secs(900);
/// What is written side by side holds no more text than this: each is in memory twice while it is under way.
const TOGETHER_BYTES: usize = 4_000_000;
/// Of what took more requests to Redis than this, KV has the snapshot alone: one request may make fifty subrequests on the smallest plan
/// (docs/platform.md, "Limits of an isolate").
const REQUESTS_MAX: usize = 4;
/// KV takes values of so many bytes.
const VALUE_BYTES_MAX: usize = 25 * 1024 * 1024;

/// Brings KV up to date; returns how many of the values it has now. Only who `reached_redis` just now knows enough of control to
/// write the marker.
pub(super) async fn publish_to_kv(
    isolate: &Isolate,
    publication: &Publication,
    reached_redis: bool,
) -> Result<usize, TierError> {
    let (begun, prefix) = (isolate.now(), isolate.keys.prefix());
    let list = isolate.ports.kv.list(&prefix);
    let listed = tiers::kv(isolate, KvOperation::List, list).await?;
    let there = |key: &str| {
        let (_, metadata) = listed.iter().find(|(name, _)| name == key)?;
        metadata.as_deref().and_then(Version::read)
    };
    let marker = isolate.keys.marker();
    let told = listed.iter().find(|(name, _)| *name == marker);
    let told = told.and_then(|(_, metadata)| Control::read(metadata.as_deref()?));
    let mut kept = 0_usize;
    let mut failed = None;
    if reached_redis && !knows_as_much(isolate, told, begun) {
        failed = tiers::raise_marker(isolate).await.err();
    }
    let mut copies = Copies::of(publication, isolate).into_iter().peekable();
    while copies.peek().is_some() {
        let mut together = Vec::new();
        let mut bytes = 0_usize;
        while let Some(copy) = copies.next_if(|copy| {
            together.is_empty() || bytes.saturating_add(copy.version.bytes) <= TOGETHER_BYTES
        }) {
            let is_there = matches!(copy.resource, Resource::Snapshot(_)) && publication.is_in_kv;
            let is_good = |there: Version| is_good_enough(&there, &copy.version);
            if is_there || there(&copy.key).is_some_and(is_good) {
                kept = kept.saturating_add(1);
                continue;
            }
            bytes = bytes.saturating_add(copy.version.bytes);
            together.push(write(isolate, copy));
        }
        for written in join_all(together).await {
            match written {
                Ok(()) => kept = kept.saturating_add(1),
                Err(error) => failed = Some(error),
            }
        }
    }
    failed.map_or(Ok(kept), Err)
}

/// Whether KV's marker tells all that is known here, once what it tells is.
fn knows_as_much(isolate: &Isolate, told: Option<Control>, begun: Timestamp) -> bool {
    let mut state = isolate.state.borrow_mut();
    if told.is_some() {
        state.knowledge.learn_control(told, begun);
    }
    !state.knowledge.is_informed() || told == Some(state.knowledge.control())
}

/// Writes the snapshot alone: Redis cannot hold it, so that KV must before others are told.
pub(super) async fn write_snapshot(
    isolate: &Isolate,
    publication: &Publication,
) -> Result<(), TierError> {
    write(isolate, Copies::snapshot(publication, isolate)).await
}

/// A copy to be written; its text is made when its turn comes.
struct Copy<'a> {
    publication: &'a Publication,
    resource: Resource,
    key: String,
    version: Version,
}

/// What belongs to a publication.
struct Copies;

impl Copies {
    fn snapshot<'a>(publication: &'a Publication, isolate: &Isolate) -> Copy<'a> {
        let resource = Resource::Snapshot(publication.source);
        let key = isolate.keys.resource(&resource);
        Copy { publication, resource, key, version: publication.version }
    }

    /// The snapshot first, then the listings: other ones are derived from it, and so are these where they would be too many calls.
    fn of<'a>(publication: &'a Publication, isolate: &Isolate) -> Vec<Copy<'a>> {
        let mut copies = vec![Self::snapshot(publication, isolate)];
        let is_split = publication.requests > REQUESTS_MAX;
        let views = if is_split { Vec::new() } else { publication.views_in_kv() };
        copies.extend(views.into_iter().map(|view| {
            let listing = publication.listing(&view);
            let (n, bytes) = (listing.len(), listing.text_bytes());
            let resource = Resource::Listing(view);
            let key = isolate.keys.resource(&resource);
            let version = Version { n, bytes, packed: None, ..publication.version };
            Copy { publication, resource, key, version }
        }));
        copies
    }
}

async fn write(isolate: &Isolate, copy: Copy<'_>) -> Result<(), TierError> {
    let Copy { publication, resource, key, version } = copy;
    let (header, listing);
    let pieces = match resource {
        Resource::Snapshot(_) => {
            header = publication.snapshot_header();
            vec![header.as_str(), publication.snapshot_body()]
        }
        Resource::Listing(view) => {
            listing = publication.listing(&view);
            listing.text_pieces()
        }
    };
    let bytes = pieces.iter().map(|piece| piece.len()).fold(0, usize::saturating_add);
    if bytes > VALUE_BYTES_MAX {
        return Err(TierError::TooLarge);
    }
    let ttl = isolate.policy.ttl.saturating_add(isolate.policy.stale);
    let metadata = version.to_text();
    let put = isolate.ports.kv.put(&key, &pieces, &metadata, Some(ttl));
    tiers::kv_write(isolate, put).await?;
    let (source, tier) = (publication.source.as_str(), Tier::Kv.as_str());
    isolate.log(&Event::CacheSet { source, tier, keys: 1, bytes, renewed: false });
    Ok(())
}

/// Whether what is there need not be written again.
fn is_good_enough(there: &Version, new: &Version) -> bool {
    let same_kind = (there.v, there.config) == (new.v, new.config);
    let is_withdrawn = new.barrier_at.is_some_and(|barrier_at| there.at <= barrier_at);
    let recent =
        there.epoch == new.epoch && new.at.since(there.at) < REWRITTEN_AFTER && !is_withdrawn;
    let at = |version: &Version| -> (u64, Timestamp) { version.order() };
    same_kind && (recent || at(there) > at(new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_kv_is_written_again_where_it_grew_old_or_an_invalidation_came() {
        let new = Version { at: Timestamp(5_000_000), ..Version::example() };
        let there = |epoch, age_ms| Version { epoch, at: Timestamp(new.at.0 - age_ms), ..new };
        for (there, expected) in [
            (there(7, 0), true),
            (there(7, 899_999), true),
            (there(7, 900_000), false),
            (there(6, 0), false),
            (there(8, 900_000), true),
            (Version { at: Timestamp(5_000_001), ..new }, true),
            (Version { v: Version::FORMAT + 1, ..new }, false),
            (Version { config: 2, ..new }, false),
            (Version { config: 2, epoch: 8, ..new }, false),
        ] {
            assert_eq!(is_good_enough(&there, &new), expected, "{there:?}");
        }
    }
}
