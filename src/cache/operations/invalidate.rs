//! An operator's word that what is cached is wrong. KV is not deleted from, since a delete there reaches readers as late
//! as any write (docs/platform.md, "KV is eventually consistent"): the epoch in its metadata tells.

use std::time::Duration;

use serde::Serialize;

use crate::{
    cache::{
        entry::Epochs,
        isolate::Isolate,
        redis::{self, InvalidationStep},
        telemetry::{Counter, Event},
        tiers::{self, Deadline},
    },
    config::Mode,
    ports::TierError,
};

/// How much of what is cached may still be served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InvalidationMode {
    /// Only when the origin cannot answer.
    #[default]
    Hard,
    /// At once, with a refresh behind it, while it is young enough for that.
    Soft,
}

impl InvalidationMode {
    /// The name in requests, answers and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
        }
    }
}

/// What an invalidation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalidated {
    /// The new epoch.
    pub epoch: u64,
    /// Keys that were unlinked in Redis.
    pub keys_deleted: u64,
}

/// How long the unlinking of all keys may take: as long as the fence stands.
const UNLINK: Duration = Duration::from_secs(30);

/// Raises the epoch, unlinks every listing and snapshot, and, when hard, clears this isolate's memory. Other isolates
/// notice with their next check.
///
/// The epoch is raised twice: before, so that nothing read earlier is published any more; and after, so that what a
/// reader found before it was unlinked does not pass for current. In between a fence keeps such a reader from publishing
/// what it derived.
pub(in crate::cache) async fn invalidate(
    isolate: &Isolate,
    mode: InvalidationMode,
) -> Result<Invalidated, TierError> {
    if isolate.policy.mode != Mode::Active {
        return Err(TierError::ReadOnly);
    }
    let hard = mode == InvalidationMode::Hard;
    if hard {
        isolate.state.borrow_mut().memory.clear();
    }
    raise(isolate, InvalidationStep::Before, hard).await?;
    // Each step has its deadline for itself: a Redis that the backend fills takes many.
    let deadline = Deadline { request: isolate.policy.upstash_timeout, whole: UNLINK };
    let keys_deleted =
        tiers::redis_within(isolate, deadline, async |session| redis::unlink(session).await)
            .await?;
    let epoch = raise(isolate, InvalidationStep::After, hard).await?;
    isolate.count(Counter::Invalidations);
    isolate.log(&Event::Invalidated { epoch, keys_deleted, mode: mode.as_str() });
    Ok(Invalidated { epoch, keys_deleted })
}

async fn raise(isolate: &Isolate, step: InvalidationStep, hard: bool) -> Result<u64, TierError> {
    let begun = isolate.now();
    let epoch =
        tiers::redis(isolate, async |session| redis::raise(session, step, hard, begun.0).await)
            .await?;
    let mut state = isolate.state.borrow_mut();
    let barrier = match state.epochs() {
        _ if hard => Some(epoch),
        known => known.and_then(|epochs| epochs.barrier),
    };
    state.observed.learn(Epochs { current: Some(epoch), barrier }, begun, isolate.now());
    Ok(epoch)
}
