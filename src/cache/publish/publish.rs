//! Writing what was read to the tiers that others share: what is there already lives on, and what is new goes to Redis in
//! guarded scripts, then to KV. Always behind a response.

use super::{
    kv_copies::{self, publish_to_kv},
    publication::{
        PUBLISH_MAX, Publication, PublishOutcome, forgotten, keys_of, likely_derived, sent_bytes,
        waits,
    },
    refusal,
};
use crate::{
    cache::{
        entry::Entry,
        isolate::Isolate,
        protocol::{Place, Version},
        redis::{self, Guarded, Living, PublishReply, Release},
        telemetry::{Counter, Event, PublicationKind, Reason},
        tiers::{self, Deadline},
    },
    catalog::{ChangeSet, Resource, Source},
    config::Mode,
    ports::{Tier, TierError, Word},
};

/// How often what a request may hold is learned anew in one publication: halving it leads from the largest to the smallest limit.
const SIZES_MAX: usize = 10;

/// A publication that is wanted.
pub(in crate::cache) struct Wanted<'a> {
    pub(in crate::cache) source: Source,
    pub(in crate::cache) entry: &'a Entry,
    /// What is there, as far as is known.
    pub(in crate::cache) there: Option<&'a Version>,
    /// What it changed, where that is known.
    pub(in crate::cache) changes: Option<&'a ChangeSet>,
    /// The lease that is to be given back with it.
    pub(in crate::cache) release: Option<&'a Release>,
    /// Whether KV is brought up to date as well.
    pub(in crate::cache) to_kv: bool,
}

/// Publishes, unless this deployment only reads. The lease is given back in any case.
pub(in crate::cache) async fn publish(isolate: &Isolate, wanted: Wanted<'_>) -> PublishOutcome {
    let (source, release, to_kv) = (wanted.source, wanted.release, wanted.to_kv);
    if isolate.mode() != Mode::Active {
        return PublishOutcome::refused(Reason::ReadOnly);
    }
    let paused = isolate.state.borrow().publishing.pause.reason(isolate.now());
    inform(isolate).await;
    let mut publication = match Publication::of(isolate, source, wanted.entry, wanted.changes) {
        Ok(publication) => publication,
        Err(reason) => {
            give_back(isolate, release).await;
            // That Redis takes no writes is why nothing is known that this could belong to.
            let reason = paused.unwrap_or(reason);
            note_refused(isolate, source, reason);
            return PublishOutcome::refused(reason);
        }
    };
    let Sent { redis, renewed } = match paused {
        Some(reason) => Sent { redis: Err(reason), renewed: false },
        None => to_redis(isolate, &mut publication, &wanted).await,
    };
    if let Some(reason) = redis.map_or_else(Some, PublishReply::refusal) {
        note_refused(isolate, source, reason);
    }
    // Without Redis the guard fails open, as the backend's does (docs/backend.md, "The sync guard").
    let allowed = matches!(redis, Ok(PublishReply::Published) | Err(_));
    let kv = if to_kv && allowed {
        publish_to_kv(isolate, &publication, redis.is_ok()).await
    } else {
        Ok(0)
    };
    let version = (redis == Ok(PublishReply::Published)).then_some(publication.version);
    if let Some(version) = version {
        tiers::note_published(isolate, source, version);
        if !renewed && tiers::life(isolate).is_some() {
            tiers::note_unleft(isolate, source, version.hash, publication.snapshot_text());
        }
    }
    PublishOutcome { redis, renewed, kv, place: publication.version.place, version }
}

/// What was loaded while nothing told of control belongs to no epoch: Redis is asked once more. A failure is logged where it is
/// found.
async fn inform(isolate: &Isolate) {
    if !isolate.state.borrow().knowledge.is_informed() {
        let _ = tiers::check(isolate, &[]).await;
    }
}

/// What became of Redis's part.
struct Sent {
    redis: Result<PublishReply, Reason>,
    renewed: bool,
}

async fn to_redis(isolate: &Isolate, publication: &mut Publication, wanted: &Wanted<'_>) -> Sent {
    if let Some(there) = wanted.there.filter(|there| is_same(there, &publication.version)) {
        match renew(isolate, publication, there, wanted.release).await {
            Ok(PublishReply::VersionMoved | PublishReply::NotOurs) => {}
            result => {
                if result != Ok(PublishReply::Published) {
                    give_back(isolate, wanted.release).await;
                }
                return Sent { redis: result.map_err(|error| Reason::from(&error)), renewed: true };
            }
        }
    }
    let mut sent = Err(TierError::TooLarge);
    for _ in 0..SIZES_MAX {
        publication.fit(isolate.state.borrow().publishing.request_bytes_max());
        sent = send(isolate, publication, wanted.release).await;
        let Err(TierError::RequestTooLarge { .. }) = sent else { break };
    }
    if sent.is_err() {
        give_back(isolate, wanted.release).await;
    }
    Sent { redis: sent.map_err(|error| Reason::from(&error)), renewed: false }
}

/// Whether a load found what is there already. An invalidation between the two unlinked it, whatever the version says.
fn is_same(there: &Version, new: &Version) -> bool {
    let of = |version: &Version| (version.hash, version.config, version.bytes, version.epoch);
    of(there) == of(new)
}

/// Lets what is there live on.
async fn renew(
    isolate: &Isolate,
    publication: &mut Publication,
    there: &Version,
    release: Option<&Release>,
) -> Result<PublishReply, TierError> {
    // Where it is, and which listings are beside it, is for the version that is there to say.
    let renewed = there.renewed_as(&publication.version);
    let (source, until) = (publication.source, forgotten(isolate, &renewed));
    let values = keys_of(isolate, source, there);
    let count = values.len();
    let derived = if isolate.state.borrow().publishing.has_derived(source) {
        let listings = likely_derived(source, there).into_iter();
        let listings = listings.map(|view| isolate.keys.listing(&view));
        listings.chain([isolate.keys.derived(source)]).collect()
    } else {
        Vec::new()
    };
    let living = Living { values, derived };
    let result = write(isolate, async |session| {
        redis::renew(session, source, there, &renewed, until, living, release).await
    })
    .await;
    let reply = result?.reply;
    if reply == PublishReply::Published {
        publication.version = renewed;
        isolate.state.borrow_mut().learn_version(source, renewed);
        log_set(isolate, source, count, 0, true);
    }
    Ok(reply)
}

/// Sends the snapshot, the listings and the version, in as few requests as their sizes allow.
async fn send(
    isolate: &Isolate,
    publication: &mut Publication,
    release: Option<&Release>,
) -> Result<PublishReply, TierError> {
    if publication.version.place == Place::Kv && !publication.is_in_kv {
        // Others find it there as soon as the version says so.
        kv_copies::write_snapshot(isolate, publication).await?;
        publication.is_in_kv = true;
    }
    let (source, version) = (publication.source, publication.version);
    let max = isolate.state.borrow().publishing.request_bytes_max();
    let mut views = publication.views_in_redis().into_iter().peekable();
    let told = publication.succession.as_ref();
    let mut room = max.saturating_sub(told.map_or(0, |told| told.changes.len()));
    let mut values = Vec::new();
    if version.place == Place::Redis {
        let text = publication.snapshot_text();
        room = room.saturating_sub(text.len());
        values.push((isolate.keys.resource(&Resource::Snapshot(source)), Word::from(text)));
    }
    let (mut keys, mut bytes, mut is_first) = (0_usize, 0_usize, true);
    let mut requests = 0_usize;
    loop {
        // What does not fit beside what is there waits for the next request.
        while let Some(view) = views.peek() {
            let listing = publication.listing(view);
            let sent = sent_bytes(listing.text_bytes());
            if waits(sent, room, values.is_empty()) {
                break;
            }
            room = room.saturating_sub(sent);
            values.push((isolate.keys.listing(view), listing.into()));
            views.next();
        }
        let is_last = views.peek().is_none();
        let with_it = release.filter(|_| is_last);
        keys = keys.saturating_add(values.len());
        let size: usize = values.iter().map(|(_, text)| text.len()).sum();
        bytes = bytes.saturating_add(size);
        requests = requests.saturating_add(1);
        let batch = std::mem::take(&mut values);
        let guarded = if is_first {
            publish_batch(isolate, publication, batch, with_it).await
        } else {
            add_batch(isolate, source, &version, batch, with_it).await
        };
        let guarded = guarded.inspect_err(|error| learn_size(isolate, error, size))?;
        if guarded.reply != PublishReply::Published {
            if !is_last {
                give_back(isolate, release).await;
            }
            return Ok(guarded.reply);
        }
        if is_last {
            break;
        }
        (room, is_first) = (max, false);
    }
    publication.requests = requests;
    isolate.state.borrow_mut().learn_version(source, version);
    log_set(isolate, source, keys, bytes, false);
    Ok(PublishReply::Published)
}

async fn publish_batch(
    isolate: &Isolate,
    publication: &Publication,
    values: Vec<(String, Word)>,
    release: Option<&Release>,
) -> Result<Guarded, TierError> {
    let Publication { source, version, succession, .. } = publication;
    let until = forgotten(isolate, version);
    write(isolate, async move |session| {
        let told = succession.as_ref();
        redis::publish(session, *source, version, until, values, told, release).await
    })
    .await
}

async fn add_batch(
    isolate: &Isolate,
    source: Source,
    version: &Version,
    values: Vec<(String, Word)>,
    release: Option<&Release>,
) -> Result<Guarded, TierError> {
    write(isolate, async move |session| {
        redis::add(session, source, version, None, values, release).await
    })
    .await
}

/// A guarded write: what its reply tells of control is learned, and so is what a refusal tells.
pub(super) async fn write(
    isolate: &Isolate,
    call: impl AsyncFnOnce(redis::Session<'_>) -> Result<Guarded, TierError>,
) -> Result<Guarded, TierError> {
    // Megabytes take longer than a read, and nobody waits for them.
    let timeout = isolate.policy.upstash_timeout.saturating_mul(5).min(PUBLISH_MAX);
    let begun = isolate.now();
    let deadline = Deadline { request: timeout, whole: timeout };
    let result = tiers::redis_within(isolate, deadline, call).await;
    match &result {
        Ok(guarded) => {
            isolate.state.borrow_mut().knowledge.learn_control(guarded.control, begun);
            if guarded.healed {
                isolate.log(&Event::Healed { key: &isolate.keys.control() });
            }
            if guarded.reply == PublishReply::Published {
                refusal::note_passed(isolate);
            }
        }
        Err(error) => refusal::note(isolate, error),
    }
    result
}

/// Learns what a request may hold from one that was refused.
pub(super) fn learn_size(isolate: &Isolate, error: &TierError, size: usize) {
    if let TierError::RequestTooLarge { limit } = error {
        isolate.state.borrow_mut().publishing.learn_size(size, *limit);
    }
}

/// Gives a lease back that no publication took along, unless Redis takes no writes. It expires by itself, and a failure is
/// logged where it is found.
pub(in crate::cache) async fn give_back(isolate: &Isolate, release: Option<&Release>) {
    let paused = isolate.state.borrow().publishing.pause.reason(isolate.now()).is_some();
    if let Some(release) = release.filter(|_| !paused) {
        let _ = tiers::redis(isolate, async |session| release.run(session).await).await;
    }
}

/// Counts what was refused, and logs it, unless it was logged when publishing was paused.
fn note_refused(isolate: &Isolate, source: Source, reason: Reason) {
    isolate.count(Counter::PublishRefused);
    isolate.count(Counter::PublishRefusals(reason));
    if isolate.state.borrow().publishing.pause.reason(isolate.now()) == Some(reason) {
        return;
    }
    isolate.log(&Event::PublishRefused { source: source.as_str(), reason });
}

fn log_set(isolate: &Isolate, source: Source, keys: usize, bytes: usize, renewed: bool) {
    let sets = u64::try_from(keys).unwrap_or(u64::MAX);
    isolate.state.borrow_mut().counters.add(Counter::Sets, sets);
    let kind = if renewed { PublicationKind::Renewed } else { PublicationKind::Published };
    isolate.count(Counter::Publications(kind));
    let (source, tier) = (source.as_str(), Tier::Upstash.as_str());
    isolate.log(&Event::CacheSet { source, tier, keys, bytes, renewed });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Timestamp;

    #[test]
    fn the_same_is_what_has_the_same_text_configuration_and_epoch() {
        let there = Version::example();
        for (new, expected) in [
            (Version { at: Timestamp(9), ttl: 9, listings: 1, place: Place::Kv, ..there }, true),
            (Version { hash: 2, ..there }, false),
            (Version { config: 2, ..there }, false),
            (Version { bytes: 3, ..there }, false),
            (Version { epoch: 2, ..there }, false),
        ] {
            assert_eq!(is_same(&there, &new), expected, "{new:?}");
        }
    }
}
