//! Redis as a pipeline of commands.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use serde::{Serialize, Serializer};

use super::tier::TierError;
use crate::catalog::Listing;

/// A Redis command: its name and its arguments.
pub type Command = Vec<Word>;

/// A word of a command.
#[derive(Clone, Debug)]
pub enum Word {
    /// A text.
    Text(String),
    /// The JSON of a listing, which is made where it is sent: it can be as large as the catalog.
    Listing(Listing),
}

impl Word {
    /// How long it is, in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Listing(listing) => listing.text_bytes(),
        }
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Listing> for Word {
    fn from(listing: Listing) -> Self {
        Self::Listing(listing)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Listing(listing) => {
                listing.text_pieces().into_iter().try_for_each(|piece| f.write_str(piece))
            }
        }
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Listing(_) => serializer.collect_str(self),
        }
    }
}

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
