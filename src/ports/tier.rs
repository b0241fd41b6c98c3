//! The tiers of the walk, and why one gave no answer.

use super::http::HttpError;

/// A place that can answer, nearest to the client first (docs/design.md, "The walk").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// This isolate's memory.
    Memory,
    /// What the isolates of this data center left each other.
    Colo,
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
            Self::Colo => "colo",
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
    /// The credentials do not allow the command, as a read-only token allows no write (docs/platform.md, "A read-only token
    /// refuses writes").
    #[error("not-permitted")]
    NotPermitted,
    /// There is no room left, in memory or on disk: writes are refused, reads and deletes are not.
    #[error("full")]
    Full,
    /// The server is a replica just now: it takes no writes.
    #[error("read-only-replica")]
    ReadOnlyReplica,
    /// The server refused a request, or a value in it, for its size (docs/platform.md, "Upstash limits the size of a
    /// request").
    #[error("request-too-large")]
    RequestTooLarge {
        /// How many bytes it takes, where it said so.
        limit: Option<usize>,
    },
    /// A command was refused. Only the first word of the server's text is kept, since the rest can repeat what was sent.
    #[error("command refused: {0}")]
    Command(String),
}

const TOO_LARGE: TierError = TierError::RequestTooLarge { limit: None };

/// How Redis and Upstash begin the texts of refusals that mean more than that a command failed.
const REFUSALS: [(&str, TierError); 11] = [
    ("ERR max daily request limit exceeded", TierError::Quota),
    ("ERR max requests limit exceeded", TierError::Quota),
    ("ERR max concurrent connections exceeded", TierError::Limited),
    ("ERR max request size exceeded", TOO_LARGE),
    ("ERR max single record size exceeded", TOO_LARGE),
    ("ERR DB capacity quota exceeded", TierError::Full),
    ("OOM ", TierError::Full),
    ("MISCONF ", TierError::Full),
    ("NOPERM ", TierError::NotPermitted),
    // What Redis 7.0 says instead where it is a script that may not.
    ("ERR The user executing the script can't ", TierError::NotPermitted),
    ("READONLY ", TierError::ReadOnlyReplica),
];

impl TierError {
    /// What a server's error text means, whether it refused one command of a request or all of it.
    pub fn of_refusal(text: &str) -> Self {
        let known = REFUSALS.into_iter().find(|(beginning, _)| text.starts_with(beginning));
        known.map_or_else(
            || Self::Command(text.split_whitespace().next().unwrap_or_default().to_owned()),
            |(_, error)| match error {
                Self::RequestTooLarge { .. } => Self::RequestTooLarge { limit: limit_in(text) },
                error => error,
            },
        )
    }

    /// Whether the tier answers, and takes no writes.
    pub fn is_write_refusal(&self) -> bool {
        matches!(self, Self::NotPermitted | Self::Full | Self::ReadOnlyReplica)
    }

    /// Whether the tier itself is out of order, which is what a breaker counts. What is refused is a matter of the command,
    /// and others may pass, unless it is the credentials that are refused.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::NotPermitted
            | Self::Full
            | Self::ReadOnlyReplica
            | Self::RequestTooLarge { .. } => false,
            Self::Command(class) => class == "WRONGPASS" || class == "NOAUTH",
            Self::Timeout
            | Self::Unreachable
            | Self::Status(_)
            | Self::Limited
            | Self::Quota
            | Self::Malformed
            | Self::Open
            | Self::ReadOnly
            | Self::TooLarge => true,
        }
    }
}

/// The number after "Limit:", as in `ERR max request size exceeded. Limit: 1048576 bytes`.
fn limit_in(text: &str) -> Option<usize> {
    let (_, named) = text.split_once("Limit:")?;
    let digits: String = named.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart_by_how_they_begin() {
        let command = |class: &str| TierError::Command(class.to_owned());
        for (text, error) in [
            ("ERR max daily request limit exceeded. Limit: 10000", TierError::Quota),
            ("ERR max requests limit exceeded. Limit: 500000, Usage: 500002", TierError::Quota),
            ("ERR max concurrent connections exceeded", TierError::Limited),
            (
                "ERR max request size exceeded. Limit: 1048576 bytes, Usage: 2",
                TierError::RequestTooLarge { limit: Some(1_048_576) },
            ),
            ("ERR max single record size exceeded", TOO_LARGE),
            ("ERR DB capacity quota exceeded. Threshold: 268435456 bytes", TierError::Full),
            ("OOM command not allowed when used memory > 'maxmemory'.", TierError::Full),
            ("MISCONF Errors writing to the AOF file: No space left on device", TierError::Full),
            (
                "NOPERM this user has no permissions to run the 'set' command",
                TierError::NotPermitted,
            ),
            (
                "ERR The user executing the script can't run this command or subcommand script: fb29, on …",
                TierError::NotPermitted,
            ),
            (
                "ERR The user executing the script can't access at least one of the keys mentioned",
                TierError::NotPermitted,
            ),
            ("READONLY You can't write against a read only replica.", TierError::ReadOnlyReplica),
            ("WRONGTYPE Operation against a key", command("WRONGTYPE")),
            ("ERR value of a key: OOM NOPERM", command("ERR")),
            ("", command("")),
        ] {
            assert_eq!(TierError::of_refusal(text), error, "{text}");
        }
    }

    #[test]
    fn a_refusal_is_no_outage_unless_the_credentials_are_refused() {
        for (text, is_outage) in [
            ("NOPERM x", false),
            ("OOM x", false),
            ("READONLY x", false),
            ("ERR max request size exceeded", false),
            ("ERR x", false),
            ("WRONGPASS x", true),
            ("NOAUTH x", true),
            ("ERR max requests limit exceeded", true),
        ] {
            assert_eq!(TierError::of_refusal(text).is_outage(), is_outage, "{text}");
        }
    }
}
