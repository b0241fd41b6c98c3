//! What a warm run tells operators, in the log, in Redis and over HTTP.

use serde::Serialize;

use super::reasons::Failure;
use crate::catalog::{Changes, Parameters};

/// What a warm run did. The first four fields are the backend's report.
#[derive(Clone, Debug, Serialize)]
pub struct WarmReport {
    /// How many views are kept warm.
    pub total_variants: usize,
    /// How many of them are cached as of this run.
    pub successful: usize,
    /// How many are not.
    pub failed: usize,
    /// Those that are.
    pub variants_cached: Vec<WarmedView>,
    /// How long the run took, in milliseconds.
    pub duration_ms: u64,
    /// Requests to the origin.
    pub origin_requests: usize,
    /// Mappings read from the origin.
    pub rows: usize,
    /// What is new against the snapshot before; none when the run failed.
    pub changes: Option<Changes>,
    /// When the run ended, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Why it failed; none when it did not.
    pub error: Option<Failure>,
}

/// A view that is cached.
#[derive(Clone, Debug, Serialize)]
pub struct WarmedView {
    /// The parameters, as the backend names them.
    pub variant: Parameters,
    /// Its key in Redis and KV; none when the listing is empty for certain, since that needs none.
    pub key: Option<String>,
    /// Its number of entries.
    pub count: usize,
}
