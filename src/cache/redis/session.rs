//! A Redis with the names of one deployment and the deadline of one call.

use std::time::Duration;

use super::replies::Replies;
use crate::{
    catalog::KeySpace,
    ports::{Command, Redis, TierError},
};

/// What a call of Redis needs.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    redis: &'a dyn Redis,
    /// The keys of this deployment.
    pub keys: &'a KeySpace,
    timeout: Duration,
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl<'a> Session<'a> {
    /// A session whose every request has `timeout`.
    pub fn new(redis: &'a dyn Redis, keys: &'a KeySpace, timeout: Duration) -> Self {
        Self { redis, keys, timeout }
    }

    /// Runs commands in one round trip.
    pub(super) async fn run(&self, commands: Vec<Command>) -> Result<Replies, TierError> {
        Ok(Replies::new(self.redis.pipeline(commands, self.timeout).await?))
    }
}

/// A command of words.
pub(super) fn command<const N: usize>(words: [&str; N]) -> Command {
    words.map(str::to_owned).to_vec()
}
