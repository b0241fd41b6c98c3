//! What the cache needs of the world: small traits that adapters implement and tests fake.

use std::{fmt, ops::Add, rc::Rc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::catalog::{Malformed, Scope, Snapshot};

/// A point in time: milliseconds since the Unix epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// How long ago `earlier` was; zero when it is not earlier, as with another machine's clock.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// This point, moved back; never before the Unix epoch.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }
}

/// A duration in whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The tiers of the walk, nearest first (DESIGN.md §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// This isolate's memory.
    Memory,
    /// Upstash Redis over HTTP, shared with the backend.
    Upstash,
    /// Workers KV.
    Kv,
    /// Supabase REST.
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

/// Why a cache tier gave no answer. It never carries a token, a URL or a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TierError {
    /// Nothing came before the deadline.
    #[error("timeout")]
    Timeout,
    /// No connection, or it broke.
    #[error("unreachable")]
    Unreachable,
    /// An HTTP status that is no success.
    #[error("status {0}")]
    Status(u16),
    /// Too many requests just now.
    #[error("limited")]
    Limited,
    /// The plan's requests are used up: nothing will work for long (ANCHORS.md §F).
    #[error("quota")]
    Quota,
    /// The answer is not what the protocol says.
    #[error("malformed")]
    Malformed,
    /// Its breaker is open: it was not asked.
    #[error("breaker open")]
    Open,
    /// `EDGE_MODE` forbids writing: it was not asked.
    #[error("read only")]
    ReadOnly,
    /// More than a request may hold: it was not sent.
    #[error("too large")]
    TooLarge,
    /// A command was refused; only the first word of the server's text is kept.
    #[error("command refused: {0}")]
    Command(String),
}

impl TierError {
    /// One word for `Cache-Status` and statistics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Status(_) | Self::Command(_) => "error",
            Self::Limited => "limited",
            Self::Quota => "quota",
            Self::Malformed => "malformed",
            Self::Open => "breaker-open",
            Self::ReadOnly => "read-only",
            Self::TooLarge => "too-large",
        }
    }

    /// Whether the tier itself is out of order. A command that it refuses, but for the credentials', is not that.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Command(class) => class == "WRONGPASS" || class == "NOAUTH",
            _ => true,
        }
    }
}

/// A request of an adapter.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The whole URL.
    pub url: String,
    /// Header names and values, secrets among them.
    pub headers: Vec<(&'static str, String)>,
    /// A body makes it a POST, none a GET.
    pub body: Option<String>,
}

impl fmt::Debug for HttpRequest {
    /// Headers carry secrets and bodies whole catalogs: neither is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

/// An answer, with the only headers that an adapter reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// `Content-Range`.
    pub content_range: Option<String>,
    /// The whole body.
    pub body: String,
}

/// Why there is no answer at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Nothing, or not the whole body, before the deadline.
    #[error("timeout")]
    Timeout,
    /// No connection, or it broke.
    #[error("unreachable")]
    Unreachable,
    /// The body is larger than we take, or no UTF-8.
    #[error("malformed")]
    Malformed,
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

/// Sends requests. The deadline covers the body as well, and what outlives it is aborted.
#[async_trait(?Send)]
pub trait Http {
    /// Sends one request.
    async fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, HttpError>;
}

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

/// What stands beside a value in KV (DESIGN.md §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KvMetadata {
    /// The version of this format; another one is a miss.
    pub v: u32,
    /// When the origin was read.
    pub at: Timestamp,
    /// The epoch it was read under; none when Redis could not be asked.
    pub epoch: Option<u64>,
    /// The number of models.
    pub n: usize,
    /// XXH3 of the text, the 52 bits that a number of JavaScript can carry: whether the content changed.
    pub hash: u64,
}

/// A value in KV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvValue {
    /// The text.
    pub text: String,
    /// The metadata; none when it is missing or not of our form.
    pub metadata: Option<KvMetadata>,
}

/// A KV namespace.
#[async_trait(?Send)]
pub trait Kv {
    /// Reads a value.
    async fn get(&self, key: &str) -> Result<Option<KvValue>, TierError>;
    /// Writes a value that lasts for `ttl`.
    async fn put(
        &self,
        key: &str,
        text: &str,
        metadata: &KvMetadata,
        ttl: Duration,
    ) -> Result<(), TierError>;
    /// The keys with a prefix and their metadata: one operation instead of a read for each.
    async fn list(&self, prefix: &str) -> Result<Vec<(String, Option<KvMetadata>)>, TierError>;
}

/// A snapshot as the origin gave it.
#[derive(Clone, Debug)]
pub struct Load {
    /// The models.
    pub snapshot: Snapshot,
    /// How many mappings they were made of.
    pub rows: usize,
    /// How many requests it took.
    pub requests: usize,
}

/// Why the origin gave no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// Nothing before the deadline.
    #[error("timeout")]
    Timeout,
    /// No connection, or it broke.
    #[error("unreachable")]
    Unreachable,
    /// PostgREST refused; `code` is its own or `PostgreSQL`'s.
    #[error("status {status}, code {code}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Such as `57014` or `PGRST002`; empty when the body named none.
        code: String,
    },
    /// Rows that can not be read.
    #[error("malformed answer")]
    Malformed,
    /// A listing that can not be written, or read back.
    #[error(transparent)]
    Unreadable(#[from] Malformed),
    /// Distinct ids do not match the count that the server gave: rows changed meanwhile, or are missing.
    #[error("count mismatch: {expected} rows counted, {distinct} distinct ids read")]
    CountMismatch {
        /// The count of the first page.
        expected: usize,
        /// The distinct ids of all pages.
        distinct: usize,
    },
    /// The same id was read twice.
    #[error("duplicate ids: {rows} rows, {distinct} distinct ids")]
    DuplicateIds {
        /// All rows.
        rows: usize,
        /// The distinct ids among them.
        distinct: usize,
    },
}

impl OriginError {
    /// One word for logs and statistics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Refused { .. } => "refused",
            Self::Malformed | Self::Unreadable(_) => "unparsable",
            Self::CountMismatch { .. } => "count_mismatch",
            Self::DuplicateIds { .. } => "duplicate_ids",
        }
    }

    /// Whether the origin did answer, with something that must not be published.
    pub fn is_quarantine(&self) -> bool {
        !matches!(self, Self::Timeout | Self::Unreachable | Self::Refused { .. })
    }
}

/// Where snapshots come from.
#[async_trait(?Send)]
pub trait Origin {
    /// Reads every model of a scope. `timeout` bounds each request; whoever calls bounds the whole.
    async fn load(&self, scope: Scope, timeout: Duration) -> Result<Load, OriginError>;
}

/// Time and chance.
#[async_trait(?Send)]
pub trait Clock {
    /// Now. Stands still while the CPU works (PLATFORM.md §5).
    fn now(&self) -> Timestamp;
    /// Waits, with a timer of the calling request's own.
    async fn sleep(&self, duration: Duration);
    /// A random number.
    fn random(&self) -> u64;
}

/// Takes structured log lines.
pub trait Log {
    /// Writes one event as one line of JSON.
    fn write(&self, line: &str);
}

/// Named settings: vars and secrets.
pub trait Vars {
    /// The value of a setting, if it is set.
    fn get(&self, name: &str) -> Option<String>;
}

/// Everything that the cache works on.
#[derive(Clone)]
pub struct Ports {
    /// Upstash.
    pub redis: Rc<dyn Redis>,
    /// Workers KV.
    pub kv: Rc<dyn Kv>,
    /// Supabase.
    pub origin: Rc<dyn Origin>,
    /// Time and chance.
    pub clock: Rc<dyn Clock>,
    /// Where events go.
    pub log: Rc<dyn Log>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}
