//! The tiers of the walk, and why one gave no answer.

use super::http::HttpError;

/// A place that can answer, nearest to the client first (docs/design.md, "The walk").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// This isolate's memory.
    Memory,
    /// Upstash Redis over HTTP, shared with other isolates and the backend.
    Upstash,
    /// Workers KV.
    Kv,
    /// Supabase REST, where the catalog comes from.
    Origin,
}

impl Tier {
    /// The name that `Cache-Status`, logs and statistics use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Upstash => "upstash",
            Self::Kv => "kv",
            Self::Origin => "origin",
        }
    }
}

/// Why a cache tier gave no answer. It never carries a token, a URL or a body, so it can be logged as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TierError {
    /// Nothing, or not the whole answer, came before the deadline.
    #[error("timeout")]
    Timeout,
    /// There was no connection, or it broke.
    #[error("unreachable")]
    Unreachable,
    /// An HTTP status that is no success, with nothing in the body that says more.
    #[error("status {0}")]
    Status(u16),
    /// Too many requests just now: a later one may pass.
    #[error("limited")]
    Limited,
    /// The plan's requests are used up: nothing will work for long (docs/platform.md, "Upstash quotas run out for long").
    #[error("quota")]
    Quota,
    /// The answer is not what the protocol says.
    #[error("malformed")]
    Malformed,
    /// The tier's breaker is open: it was not asked.
    #[error("breaker-open")]
    Open,
    /// `EDGE_MODE` forbids writing: the tier was not asked.
    #[error("read-only")]
    ReadOnly,
    /// More than a request may hold: it was not sent.
    #[error("too-large")]
    TooLarge,
    /// A command was refused. Only the first word of the server's text is kept, since the rest can repeat what was sent.
    #[error("command refused: {0}")]
    Command(String),
}

impl TierError {
    /// Whether the tier itself is out of order, which is what a breaker counts. A command that is refused is a matter of
    /// that command, unless it is the credentials that are refused.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Command(class) => class == "WRONGPASS" || class == "NOAUTH",
            _ => true,
        }
    }
}

impl From<HttpError> for TierError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Timeout => Self::Timeout,
            HttpError::Unreachable => Self::Unreachable,
            HttpError::Malformed => Self::Malformed,
        }
    }
}
