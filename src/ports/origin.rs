//! The origin: where snapshots come from.

use std::time::Duration;

use async_trait::async_trait;

use crate::catalog::{Malformed, Scope, Snapshot};

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
            Self::CountMismatch { .. } => "count-mismatch",
            Self::DuplicateIds { .. } => "duplicate-ids",
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
