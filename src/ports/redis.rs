//! Redis as a pipeline of commands.

use std::time::Duration;

use async_trait::async_trait;

use super::tier::TierError;

/// A Redis command: its name and its arguments.
pub type Command = Vec<String>;

/// What Redis answers to one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// No value.
    Nil,
    /// An integer reply.
    Integer(i64),
    /// A string or status reply.
    Text(String),
    /// An array reply.
    Array(Vec<Reply>),
    /// The command failed; the server's text.
    Error(String),
}

/// A Redis: commands in, one reply each, in order and in one round trip. Not atomic.
#[async_trait(?Send)]
pub trait Redis {
    /// Runs the commands.
    async fn pipeline(
        &self,
        commands: Vec<Command>,
        timeout: Duration,
    ) -> Result<Vec<Reply>, TierError>;
}
