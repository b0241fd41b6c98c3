//! What a warm run tells operators, in the log, in Redis and over HTTP.

use serde::Serialize;

use super::reasons::{Failure, Reason};
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
    /// What others can read it from by now.
    pub published: Published,
}

/// Where a warm run's snapshot is for others.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Published {
    /// What Redis said: `published`, `renewed`, or why not; `elsewhere` when another isolate published what was found.
    pub redis: Option<&'static str>,
    /// How many values KV has; none when it was not asked.
    pub kv: Option<usize>,
    /// What went wrong in KV.
    pub kv_error: Option<Reason>,
    /// The hash of the snapshot's text.
    pub hash: Option<String>,
    /// The epoch that it was read under.
    pub epoch: Option<u64>,
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
