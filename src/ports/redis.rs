//! Redis as a pipeline of commands.

use std::time::Duration;

use async_trait::async_trait;

use super::tier::TierError;

/// A Redis command: its name and its arguments.
pub type Command = Vec<String>;

/// What Redis answers to one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// There is no value.
    Nil,
    /// An integer reply.
    Integer(i64),
    /// A string or status reply.
    Text(String),
    /// An array reply.
    Array(Vec<Reply>),
    /// The command failed: the server's text.
    Error(String),
}

/// A Redis server.
#[async_trait(?Send)]
pub trait Redis {
    /// Runs the commands in one round trip: one reply for each, in their order. It is not atomic, others' commands may run in
    /// between. `timeout` is when the connection is aborted; how long a caller waits is the caller's matter.
    async fn pipeline(
        &self,
        commands: Vec<Command>,
        timeout: Duration,
    ) -> Result<Vec<Reply>, TierError>;
}
