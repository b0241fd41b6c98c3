//! A Redis with the names of one deployment, what is known of control, and the deadline of one call.

use std::{cell::Cell, time::Duration};

use super::{replies::Replies, scripts};
use crate::{
    cache::protocol::Control,
    catalog::KeySpace,
    ports::{Command, Redis, Reply, TierError, Word},
};

/// What went over the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Commands.
    pub commands: usize,
    /// Bytes of their words.
    pub sent_bytes: usize,
    /// Bytes of the texts that came back.
    pub received_bytes: usize,
}

/// What a call of Redis needs.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    redis: &'a dyn Redis,
    /// The keys of this deployment.
    pub keys: &'a KeySpace,
    /// What the caller knows of control: every script that writes lifts the record to it first.
    pub known: Control,
    timeout: Duration,
    traffic: &'a Cell<Traffic>,
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl<'a> Session<'a> {
    /// A session whose every request has `timeout`; what it sends and receives is added to `traffic`.
    pub fn new(
        redis: &'a dyn Redis,
        keys: &'a KeySpace,
        known: Control,
        timeout: Duration,
        traffic: &'a Cell<Traffic>,
    ) -> Self {
        Self { redis, keys, known, timeout, traffic }
    }

    /// Runs commands in one round trip.
    pub(super) async fn run(&self, commands: Vec<Command>) -> Result<Replies, TierError> {
        let words = commands.iter().flatten().map(Word::len);
        let sent_bytes = words.fold(0, usize::saturating_add);
        self.note(Traffic { commands: commands.len(), sent_bytes, received_bytes: 0 });
        let replies = self.redis.pipeline(commands, self.timeout).await?;
        let received_bytes = replies.iter().map(text_bytes).fold(0, usize::saturating_add);
        self.note(Traffic { received_bytes, ..Traffic::default() });
        Ok(Replies::new(replies))
    }

    fn note(&self, more: Traffic) {
        let Traffic { commands, sent_bytes, received_bytes } = self.traffic.get();
        self.traffic.set(Traffic {
            commands: commands.saturating_add(more.commands),
            sent_bytes: sent_bytes.saturating_add(more.sent_bytes),
            received_bytes: received_bytes.saturating_add(more.received_bytes),
        });
    }

    /// Runs a script that is told what is known of control, in one round trip.
    pub(super) async fn run_knowing(
        &self,
        script: &str,
        keys: Vec<String>,
        arguments: Vec<impl Into<Word>>,
    ) -> Result<Replies, TierError> {
        self.run(vec![self.knowing(script, keys, arguments)]).await
    }

    /// A script that is told what is known of control.
    pub(super) fn knowing(
        &self,
        script: &str,
        keys: Vec<String>,
        arguments: Vec<impl Into<Word>>,
    ) -> Command {
        let Control { epoch, barrier, barrier_at } = self.known;
        let known = [epoch, barrier, barrier_at.0].map(|number| Word::from(number.to_string()));
        let arguments = arguments.into_iter().map(Into::<Word>::into);
        eval("EVAL", script, keys, known.into_iter().chain(arguments))
    }
}

/// How much text a reply has; numbers are as good as nothing.
fn text_bytes(reply: &Reply) -> usize {
    match reply {
        Reply::Nil | Reply::Integer(_) => 0,
        Reply::Text(text) | Reply::Error(text) => text.len(),
        Reply::Array(replies) => replies.iter().map(text_bytes).fold(0, usize::saturating_add),
    }
}

/// A command of words.
pub(super) fn command<const N: usize>(words: [&str; N]) -> Command {
    words.map(|word| Word::from(word.to_owned())).into()
}

/// A script with its keys and arguments; `name` is EVAL, or `EVAL_RO` for one that only reads.
pub(super) fn eval(
    name: &str,
    script: &str,
    keys: Vec<String>,
    arguments: impl IntoIterator<Item: Into<Word>>,
) -> Command {
    let first = [name.to_owned(), scripts::sent(script), keys.len().to_string()];
    let mut words: Command = first.into_iter().chain(keys).map(Word::from).collect();
    words.extend(arguments.into_iter().map(Into::into));
    words
}
