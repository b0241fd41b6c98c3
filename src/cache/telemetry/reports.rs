//! What operators are told, in the log, in Redis and over HTTP: of a warm run, and of whether the tiers answer.

use std::time::Duration;

use serde::Serialize;

use super::reasons::{Failure, Reason};
use crate::{
    catalog::{Changes, Parameters},
    ports::{Tier, Timestamp},
};

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
    /// Whether it found a change that no webhook had told of, where webhooks are heard.
    pub missed_invalidation: bool,
    /// When the run ended, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Why it failed; none when it did not.
    pub error: Option<Failure>,
    /// What others can read it from by now.
    pub published: Published,
    /// What became of providers' catalogs; none where none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub providers: Option<ProvidersReport>,
}

/// What a run did for providers' catalogs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ProvidersReport {
    /// Those that were loaded, in the order in which that was done.
    pub warmed: Vec<WarmedProvider>,
    /// Those that are to be loaded and had to wait: the run may make only so many requests.
    pub behind: Vec<String>,
}

/// A provider's catalog that was loaded.
#[derive(Clone, Debug, Serialize)]
pub struct WarmedProvider {
    /// Its slug.
    pub provider: String,
    /// How many models it has.
    pub count: usize,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Requests to the origin.
    pub origin_requests: usize,
    /// What is new against the snapshot before; none when it failed.
    pub changes: Option<Changes>,
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

/// What the tiers answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// When they were asked.
    pub at: Timestamp,
    /// Each of them.
    pub tiers: [Probed; 3],
}

/// What one tier answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probed {
    /// The tier.
    pub tier: Tier,
    /// How long it took, in whole milliseconds.
    pub took: Duration,
    /// Why it did not answer; none when it did.
    pub failure: Option<Reason>,
}

impl Readiness {
    /// Whether all of them answered.
    pub fn is_ready(&self) -> bool {
        self.tiers.iter().all(|probed| probed.failure.is_none())
    }
}
