//! The origin: where snapshots come from.

use std::time::Duration;

use async_trait::async_trait;

use crate::catalog::{Malformed, Snapshot, Source};

/// A snapshot as the origin gave it, and what it took.
#[derive(Clone, Debug)]
pub struct Load {
    /// The models.
    pub snapshot: Snapshot,
    /// How many mappings (offers of a model by a provider) the models were made of.
    pub rows: usize,
    /// How many requests it took, those that were asked again included.
    pub requests: usize,
}

/// Why the origin gave no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// Nothing came before the deadline.
    #[error("timeout")]
    Timeout,
    /// There was no connection, or it broke.
    #[error("unreachable")]
    Unreachable,
    /// PostgREST answered with an error (docs/platform.md, "PostgREST errors").
    #[error("status {status}, code {code}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// PostgREST's code or `PostgreSQL`'s, such as `PGRST002` or `57014`; empty when the body named none.
        code: String,
    },
    /// What it answered cannot be read as rows.
    #[error("malformed answer")]
    Malformed,
    /// The rows make a snapshot that cannot be written, or not be read back.
    #[error(transparent)]
    Unreadable(#[from] Malformed),
    /// There are fewer or more rows than the server counted: some changed meanwhile, or are missing.
    #[error("count mismatch: {expected} rows counted, {distinct} distinct ids read")]
    CountMismatch {
        /// The count that came with the first page.
        expected: usize,
        /// The distinct ids of all pages.
        distinct: usize,
    },
    /// A row was read twice.
    #[error("duplicate ids: {rows} rows, {distinct} distinct ids")]
    DuplicateIds {
        /// All rows.
        rows: usize,
        /// The distinct ids among them.
        distinct: usize,
    },
}

impl OriginError {
    /// Whether the origin did answer, but with something that must not be published (docs/design.md, "The integrity gate").
    pub fn is_quarantine(&self) -> bool {
        !matches!(self, Self::Timeout | Self::Unreachable | Self::Refused { .. })
    }
}

/// The origin: where snapshots come from.
#[async_trait(?Send)]
pub trait Origin {
    /// Reads every entry of a source, within `timeout`: when that is over, requests that are under way are aborted, and none
    /// is made again.
    async fn load(&self, source: Source, timeout: Duration) -> Result<Load, OriginError>;

    /// Asks for something small, within `timeout`: whether it answers, with these credentials.
    async fn probe(&self, timeout: Duration) -> Result<(), OriginError>;
    /// How many requests were made again since this was last asked; none where none ever is.
    fn take_retries(&self) -> u64 {
        0
    }
}
