//! Publishing: values for everybody, guarded where they are written.

use std::time::Duration;

use super::{
    scripts::PUBLISH,
    session::{Session, command},
};
use crate::{
    cache::telemetry::Reason,
    ports::{TierError, millis},
};

/// Upstash takes requests of 10 MB on its smaller plans (docs/platform.md, "Upstash limits the size of a request"); JSON
/// escapes add to a value.
const PUBLISH_BYTES_MAX: usize = 6_000_000;
/// A larger value fits no request, escapes included. KV, which takes 25 MiB, still shares it.
pub const VALUE_BYTES_MAX: usize = 8_000_000;

/// What became of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishReply {
    /// All keys are set.
    Published,
    /// The epoch moved since the snapshot's read began (docs/backend.md, "Rows from before an invalidation are cached after it").
    EpochMoved,
    /// The backend is synchronizing (docs/backend.md, "The sync guard").
    BackendSyncing,
    /// A newer one is there.
    NewerThere,
}

impl PublishReply {
    /// Why nothing was published; none when it was.
    pub fn refusal(self) -> Option<Reason> {
        match self {
            Self::Published => None,
            Self::EpochMoved => Some(Reason::EpochMoved),
            Self::BackendSyncing => Some(Reason::BackendSyncing),
            Self::NewerThere => Some(Reason::NewerThere),
        }
    }
}

/// Publishes values that were read under `epoch` and live for `ttl`, in as few EVALs as the request size allows.
/// The first value is the one whose age decides whether a newer one is there.
pub async fn publish(
    session: Session<'_>,
    epoch: Option<u64>,
    ttl: Duration,
    values: &[(String, &str)],
) -> Result<PublishReply, TierError> {
    let epoch = epoch.map(|epoch| epoch.to_string()).unwrap_or_default();
    let ttl = millis(ttl).max(1).to_string();
    let mut rest = values;
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(batch_len(rest));
        let mut eval = command(["EVAL", PUBLISH]);
        eval.push(batch.len().saturating_add(3).to_string());
        eval.extend([session.keys.epoch(), session.keys.fence(), session.keys.sync_marker()]);
        eval.extend(batch.iter().map(|(key, _)| key.clone()));
        eval.extend([epoch.clone(), ttl.clone()]);
        eval.extend(batch.iter().map(|(_, text)| (*text).to_owned()));
        match session.run(vec![eval]).await?.text()?.as_deref() {
            Some("published") => rest = later,
            Some("moved") => return Ok(PublishReply::EpochMoved),
            Some("syncing") => return Ok(PublishReply::BackendSyncing),
            Some("newer") => return Ok(PublishReply::NewerThere),
            _ => return Err(TierError::Malformed),
        }
    }
    Ok(PublishReply::Published)
}

/// How many values fit one request; at least one.
fn batch_len(values: &[(String, &str)]) -> usize {
    let mut bytes: usize = 0;
    let fits = values.iter().take_while(|(_, text)| {
        bytes = bytes.saturating_add(text.len());
        bytes <= PUBLISH_BYTES_MAX
    });
    fits.count().max(1)
}
