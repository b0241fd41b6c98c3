//! Writing what was read to the tiers that others share: Redis in one guarded EVAL, then KV where its copy is no
//! longer good enough. Always behind a response.

use std::{rc::Rc, time::Duration};

use xxhash_rust::xxh3::xxh3_64;

use super::{
    Cache,
    counters::Counter,
    entry::{Content, Entry},
    events::Event,
    load::After,
    redis::{self, Published},
    tiers::KV_FORMAT,
};
use crate::{
    catalog::{Resource, Scope, Selection, WARM},
    config::Mode,
    ports::{KvMetadata, TierError, Timestamp},
};

/// Work behind a response ends after thirty seconds (PLATFORM.md §5).
const PUBLISH_MAX: Duration = Duration::from_secs(25);

/// Values that were read together, and when.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The first one tells whether something newer is there already.
    values: Vec<(Resource, Content)>,
    at: Timestamp,
    epoch: Option<u64>,
    to_kv: bool,
}

/// What became of a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PublishEnd {
    pub(super) redis: Result<Published, TierError>,
    /// How many of its values KV has now, written just so or good enough before.
    pub(super) kv: Result<usize, TierError>,
    /// Whether something was too large for Redis, so that only KV can share it.
    pub(super) is_oversized: bool,
}

impl Publication {
    /// One value for Redis alone: KV gets what comes from the origin, once.
    pub(super) fn of(resource: Resource, entry: &Entry) -> Self {
        let values = vec![(resource, entry.content.clone())];
        Self { values, at: entry.at, epoch: entry.epoch, to_kv: false }
    }

    /// What was not published before: a snapshot with all that belongs to it, a listing by itself.
    pub(super) fn again(resource: Resource, entry: &Entry) -> Self {
        match resource {
            Resource::Snapshot(scope) => Self::of_snapshot(scope, entry, None),
            Resource::Listing(_) => Self::of(resource, entry),
        }
    }

    /// A snapshot with the listings that are kept warm, and one more that was asked for.
    pub(super) fn of_snapshot(scope: Scope, entry: &Entry, asked: Option<Selection>) -> Self {
        let Content::Snapshot(snapshot) = &entry.content else {
            return Self::of(Resource::Snapshot(scope), entry);
        };
        let keyed = |selection: &Selection| {
            selection.scope == scope
                && selection.min_providers.is_none_or(|n| n <= snapshot.offers_max())
        };
        let asked = asked.filter(|asked| !WARM.contains(asked));
        let mut values = vec![(Resource::Snapshot(scope), entry.content.clone())];
        values.extend(WARM.into_iter().chain(asked).filter(keyed).map(|selection| {
            let listing = Rc::new(snapshot.derive(&selection));
            (Resource::Listing(selection), Content::Listing(listing))
        }));
        Self { values, at: entry.at, epoch: entry.epoch, to_kv: true }
    }
}

impl Cache {
    /// What is left to do after a load: publish it or note the failure, then give the lease back, so that whoever
    /// waits for the lease finds the keys first.
    pub(super) async fn conclude_load(
        &self,
        after: After,
        asked: Option<Selection>,
    ) -> Option<PublishEnd> {
        let After { scope, loaded, token, verdict } = after;
        let mut end = None;
        if let Some(entry) = loaded {
            let publication = Publication::of_snapshot(scope, &entry, asked);
            end = Some(self.publish(publication).await);
        }
        if self.policy.mode == Mode::Active {
            let token = token.unwrap_or_default();
            let timeout = self.policy.upstash_timeout;
            let release =
                redis::release(&*self.ports.redis, &self.keys, scope, &token, verdict, timeout);
            // The lease expires by itself, and a failure is logged where it is found.
            let _ = self.redis(release).await;
        }
        end
    }

    /// Publishes, unless this deployment only reads.
    pub(super) async fn publish(&self, publication: Publication) -> PublishEnd {
        if self.policy.mode != Mode::Active {
            return PublishEnd { redis: Err(TierError::ReadOnly), kv: Ok(0), is_oversized: false };
        }
        let redis = self.publish_to_redis(&publication).await;
        // Without Redis the guard fails open, as the backend's does (REFERENCE.md §5.2).
        let allowed = matches!(redis, Ok(Published::Done) | Err(_));
        let kv = if publication.to_kv && allowed {
            self.publish_to_kv(&publication).await
        } else {
            Ok(0)
        };
        let is_oversized = publication.values.iter().any(|(_, content)| !fits_redis(content));
        PublishEnd { redis, kv, is_oversized }
    }

    async fn publish_to_redis(&self, publication: &Publication) -> Result<Published, TierError> {
        let begun = self.now();
        let life = self.policy.ttl.saturating_sub(begun.since(publication.at));
        if life.is_zero() {
            return Ok(Published::Newer);
        }
        let sent: Vec<&(Resource, Content)> =
            publication.values.iter().filter(|(_, content)| fits_redis(content)).collect();
        let values: Vec<(String, &str)> = sent
            .iter()
            .map(|(resource, content)| (self.keys.resource(resource), content.text()))
            .collect();
        let Some((first, _)) = values.first() else { return Err(TierError::TooLarge) };
        let (epoch, timeout) = (publication.epoch, self.publish_timeout());
        let publish = redis::publish(&*self.ports.redis, &self.keys, epoch, life, &values, timeout);
        let published = self.redis_within(timeout, publish).await?;
        // Redis began to count somewhere between the call's begin and its end.
        let half = self.now().since(begun).checked_div(2).unwrap_or_default();
        self.note(publication, &sent, published, begun + half + life);
        if published == Published::Done {
            for ((_, content), (key, _)) in sent.iter().zip(&values) {
                self.count(Counter::Sets);
                self.logged_set("upstash", key, content, life);
            }
            return Ok(published);
        }
        self.count(Counter::PublishRefused);
        self.log(&Event::PublishRefused { key: first, reason: published.as_str() });
        if published == Published::Moved {
            self.learn_epochs().await;
        }
        Ok(published)
    }

    /// Megabytes take longer than a read, and nobody waits for them.
    fn publish_timeout(&self) -> Duration {
        self.policy.upstash_timeout.saturating_mul(5).min(PUBLISH_MAX)
    }

    /// Memory holds what was just found to be invalidated: with the epochs known, it is judged as such.
    async fn learn_epochs(&self) {
        let (begun, timeout) = (self.now(), self.policy.upstash_timeout);
        let check = redis::check(&*self.ports.redis, &self.keys, &[], timeout);
        if let Ok((epochs, _)) = self.redis(check).await {
            self.state.borrow_mut().observe(epochs, begun, self.ports.clock.now());
        }
    }

    /// What memory holds of it has a copy in Redis now, or is overtaken. While the backend synchronizes, a copy is
    /// neither: the next check finds none and asks again.
    fn note(
        &self,
        publication: &Publication,
        sent: &[&(Resource, Content)],
        published: Published,
        expiry: Timestamp,
    ) {
        let mut state = self.state.borrow_mut();
        for (resource, _) in sent {
            let Some(slot) = state.memory.get(resource) else { continue };
            if (slot.entry.at, slot.entry.epoch) != (publication.at, publication.epoch) {
                continue;
            }
            match published {
                Published::Done | Published::Syncing => slot.redis_expiry = Some(expiry),
                Published::Newer if publication.to_kv => slot.changed = true,
                Published::Newer | Published::Moved => {}
            }
        }
    }

    /// Writes what changed or grew old; a free plan allows 1,000 writes a day (DESIGN.md §4).
    async fn publish_to_kv(&self, publication: &Publication) -> Result<usize, TierError> {
        let listed = self.kv(self.ports.kv.list(&self.keys.prefix())).await;
        if let Err(error @ TierError::Open) = listed {
            return Err(error);
        }
        let listed = listed.unwrap_or_default();
        let ttl = self.policy.ttl.saturating_add(self.policy.stale);
        let mut kept: usize = 0;
        for (resource, content) in publication.values.iter().filter(|(name, _)| is_kept_in_kv(name))
        {
            let key = self.keys.resource(resource);
            let there = listed.iter().find(|(name, _)| *name == key).and_then(|(_, there)| *there);
            let metadata = KvMetadata {
                v: KV_FORMAT,
                at: publication.at,
                epoch: publication.epoch,
                n: content.count(),
                hash: content_hash(content.text()),
            };
            kept = kept.saturating_add(1);
            if there.is_some_and(|there| is_good_enough(&there, &metadata, self.policy.ttl)) {
                continue;
            }
            self.kv(self.ports.kv.put(&key, content.text(), &metadata, ttl)).await?;
            self.logged_set("kv", &key, content, ttl);
        }
        Ok(kept)
    }

    fn logged_set(&self, tier: &str, key: &str, content: &Content, ttl: Duration) {
        let (count, ttl) = (content.count(), ttl.as_secs());
        self.log(&Event::CacheSet { key, tier, count, ttl });
    }
}

/// A hash for metadata; numbers of JavaScript are exact up to 53 bits.
fn content_hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes()) & ((1 << 52) - 1)
}

/// Whether a request to Redis can hold it.
pub(super) fn fits_redis(content: &Content) -> bool {
    content.text().len() <= redis::VALUE_BYTES_MAX
}

/// Other listings are derived from the snapshot, which KV has: writing them would use up a free plan's day.
fn is_kept_in_kv(resource: &Resource) -> bool {
    match resource {
        Resource::Snapshot(_) => true,
        Resource::Listing(selection) => WARM.contains(selection),
    }
}

fn is_good_enough(there: &KvMetadata, new: &KvMetadata, ttl: Duration) -> bool {
    let half = ttl.checked_div(2).unwrap_or(ttl);
    let same = (there.v, there.hash, there.epoch) == (new.v, new.hash, new.epoch);
    (same && new.at.since(there.at) < half) || there.at > new.at && there.v == new.v
}
