//! What cron and operators did, as the list of the latest has it.

use serde::Serialize;

use super::reasons::Failure;
use crate::catalog::Changes;

/// So many are kept.
pub(in crate::cache) const OPERATIONS_MAX: usize = 20;

/// Who had something warmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cache) enum WarmCause {
    /// The schedule.
    Cron,
    /// An operator, over HTTP.
    Operator,
}

/// Something that was done, once it has ended.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(in crate::cache) enum Operation<'a> {
    /// What was cached was declared wrong.
    Invalidation {
        /// When, in milliseconds since the Unix epoch.
        at_ms: u64,
        /// Whose word it was.
        cause: &'static str,
        /// How much of it may still be served.
        mode: &'static str,
        /// Whose catalog it was; none where it was everything.
        provider: Option<&'a str>,
        /// The new epoch; none where it was one provider's catalog.
        epoch: Option<u64>,
        /// Keys that were unlinked in Redis.
        keys_deleted: u64,
    },
    /// The catalog was loaded and published.
    Warm {
        /// When that ended, in milliseconds since the Unix epoch.
        at_ms: u64,
        /// Whose word it was.
        cause: WarmCause,
        /// Whether a catalog that lost more than half of its entries was let in.
        forced: bool,
        /// The providers whose catalogs were loaded; none where none was.
        providers: Option<Vec<&'a str>>,
        /// Why it failed; none when it did not.
        error: Option<Failure>,
        /// How long it took, in milliseconds.
        duration_ms: u64,
        /// What was new; none when it failed, and of providers alone.
        changes: Option<Changes>,
    },
}
