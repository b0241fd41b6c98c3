//! Writing what was read to the tiers that others share: Redis in guarded EVALs, then KV where its copy is no longer good
//! enough. Always behind a response.

use std::time::Duration;

use super::{
    kv_copies::publish_to_kv,
    publication::{Publication, PublishOutcome, fits_redis, log_set},
};
use crate::{
    cache::{
        entry::Content,
        isolate::Isolate,
        redis::{self, PublishReply},
        telemetry::{Counter, Event},
        tiers::{self, Deadline},
    },
    catalog::Resource,
    config::Mode,
    ports::{Tier, TierError, Timestamp},
};

/// Work behind a response ends after thirty seconds (docs/platform.md, "Work behind a response lasts 30 seconds").
const PUBLISH_MAX: Duration = Duration::from_secs(25);

/// Publishes, unless this deployment only reads.
pub(in crate::cache) async fn publish(
    isolate: &Isolate,
    publication: Publication,
) -> PublishOutcome {
    if isolate.policy.mode != Mode::Active {
        let redis = Err(TierError::ReadOnly);
        return PublishOutcome { redis, kv: Ok(0), is_oversized: false };
    }
    let redis = publish_to_redis(isolate, &publication).await;
    // Without Redis the guard fails open, as the backend's does (docs/backend.md, "The sync guard").
    let allowed = matches!(redis, Ok(PublishReply::Published) | Err(_));
    let kv = if publication.to_kv && allowed {
        publish_to_kv(isolate, &publication).await
    } else {
        Ok(0)
    };
    let is_oversized = publication.values.iter().any(|(_, content)| !fits_redis(content));
    PublishOutcome { redis, kv, is_oversized }
}

async fn publish_to_redis(
    isolate: &Isolate,
    publication: &Publication,
) -> Result<PublishReply, TierError> {
    let begun = isolate.now();
    let ttl = isolate.policy.ttl.saturating_sub(begun.since(publication.at));
    if ttl.is_zero() {
        return Ok(PublishReply::NewerThere);
    }
    let sent: Vec<&(Resource, Content)> =
        publication.values.iter().filter(|(_, content)| fits_redis(content)).collect();
    let values: Vec<(String, &str)> = sent
        .iter()
        .map(|(resource, content)| (isolate.keys.resource(resource), content.text()))
        .collect();
    let Some((first, _)) = values.first() else { return Err(TierError::TooLarge) };
    // Megabytes take longer than a read, and nobody waits for them.
    let timeout = isolate.policy.upstash_timeout.saturating_mul(5).min(PUBLISH_MAX);
    let deadline = Deadline { request: timeout, whole: timeout };
    let reply = tiers::redis_within(isolate, deadline, async |session| {
        redis::publish(session, publication.epoch, ttl, &values).await
    })
    .await?;
    // Redis began to count somewhere between the call's begin and its end.
    let half = isolate.now().since(begun).checked_div(2).unwrap_or_default();
    note_copies(isolate, publication, &sent, reply, begun + half + ttl);
    let Some(reason) = reply.refusal() else {
        for ((_, content), (key, _)) in sent.iter().zip(&values) {
            isolate.count(Counter::Sets);
            log_set(isolate, Tier::Upstash, key, content, ttl);
        }
        return Ok(reply);
    };
    isolate.count(Counter::PublishRefused);
    isolate.log(&Event::PublishRefused { key: first, reason });
    if reply == PublishReply::EpochMoved {
        learn_epochs(isolate).await;
    }
    Ok(reply)
}

/// Memory holds what was just found to be invalidated: with the epochs known, it is judged as such.
async fn learn_epochs(isolate: &Isolate) {
    let begun = isolate.now();
    let check = tiers::redis(isolate, async |session| redis::check(session, &[]).await).await;
    if let Ok((epochs, _)) = check {
        isolate.state.borrow_mut().observed.learn(epochs, begun, isolate.now());
    }
}

/// What memory holds of it has a copy in Redis now, or is overtaken. While the backend synchronizes, a copy is neither:
/// the next check finds none and asks again.
fn note_copies(
    isolate: &Isolate,
    publication: &Publication,
    sent: &[&(Resource, Content)],
    reply: PublishReply,
    expiry: Timestamp,
) {
    let mut state = isolate.state.borrow_mut();
    for (resource, _) in sent {
        let Some(resident) = state.memory.get(resource) else { continue };
        if (resident.entry.at, resident.entry.epoch) != (publication.at, publication.epoch) {
            continue;
        }
        match reply {
            PublishReply::Published | PublishReply::BackendSyncing => {
                resident.redis_expiry = Some(expiry);
            }
            PublishReply::NewerThere if publication.to_kv => resident.differs_from_redis = true,
            PublishReply::NewerThere | PublishReply::EpochMoved => {}
        }
    }
}
