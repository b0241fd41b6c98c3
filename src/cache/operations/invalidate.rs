//! An operator's word that what is cached is wrong. KV is not deleted from, since a delete there reaches readers as
//! late as any write (DESIGN.md §4): the epoch in its metadata tells.

use std::time::Duration;

use serde::Serialize;

use super::{
    Cache,
    counters::Counter,
    entry::Epochs,
    events::Event,
    redis::{self, Raise},
};
use crate::{config::Mode, ports::TierError};

/// How much of what is cached may still be served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InvalidationMode {
    /// Only when the origin can not answer.
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

impl Cache {
    /// Raises the epoch, unlinks every listing and snapshot, and, when hard, clears this isolate's memory. Other
    /// isolates notice with their next check.
    ///
    /// The epoch is raised twice: before, so that nothing read earlier is published any more; and after, so that what a
    /// reader found before it was unlinked does not pass for current. In between a fence keeps such a reader from
    /// publishing what it derived.
    pub async fn invalidate(&self, mode: InvalidationMode) -> Result<Invalidated, TierError> {
        if self.policy.mode != Mode::Active {
            return Err(TierError::ReadOnly);
        }
        let hard = mode == InvalidationMode::Hard;
        if hard {
            self.state.borrow_mut().memory.clear();
        }
        self.raise(Raise::Begin, hard).await?;
        let unlink = redis::unlink(&*self.ports.redis, &self.keys, self.policy.upstash_timeout);
        let keys_deleted = self.redis_within(UNLINK, unlink).await?;
        let epoch = self.raise(Raise::End, hard).await?;
        self.count(Counter::Invalidations);
        self.log(&Event::Invalidated { epoch, keys_deleted, mode: mode.as_str() });
        Ok(Invalidated { epoch, keys_deleted })
    }

    async fn raise(&self, raise: Raise, hard: bool) -> Result<u64, TierError> {
        let (begun, timeout) = (self.now(), self.policy.upstash_timeout);
        let raise = redis::raise(&*self.ports.redis, &self.keys, raise, hard, begun.0, timeout);
        let epoch = self.redis(raise).await?;
        let mut state = self.state.borrow_mut();
        let barrier = match state.epochs() {
            _ if hard => Some(epoch),
            known => known.and_then(|epochs| epochs.barrier),
        };
        state.observe(Epochs { current: Some(epoch), barrier }, begun, self.ports.clock.now());
        Ok(epoch)
    }
}
