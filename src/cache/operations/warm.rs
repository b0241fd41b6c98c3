//! Rebuilding the snapshot once and publishing the six variants from it: what cron and an operator do. It goes
//! through the same load, gate, lease and publication as a request.

use std::rc::Rc;

use serde::Serialize;

use super::{
    Cache,
    entry::Content,
    events::Event,
    load::{LoadEnd, LoadWish},
    publish::PublishEnd,
    redis::{self, Published},
    tiers::Found,
};
use crate::{
    catalog::{Changes, Resource, Scope, Selection, Snapshot, WARM},
    config::Mode,
    ports::millis,
};

/// What a warm run did. The first four fields are the backend's report.
#[derive(Clone, Debug, Serialize)]
pub struct WarmReport {
    /// How many variants there are.
    pub total_variants: usize,
    /// How many are cached as of this run.
    pub successful: usize,
    /// How many are not.
    pub failed: usize,
    /// Those that are.
    pub variants_cached: Vec<WarmedVariant>,
    /// How long it took.
    pub duration_ms: u64,
    /// Requests to the origin.
    pub origin_requests: usize,
    /// Mappings read from the origin.
    pub rows: usize,
    /// What is new against the snapshot before; none when the run failed.
    pub changes: Option<Changes>,
    /// When it ended, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Why it failed, in one word.
    pub error: Option<String>,
}

/// A variant that is cached.
#[derive(Clone, Debug, Serialize)]
pub struct WarmedVariant {
    /// The parameters, as the backend names them.
    pub variant: Variant,
    /// Its key in Redis and KV; none when no model has so many offers, since an empty listing needs none.
    pub key: Option<String>,
    /// Its number of models.
    pub count: usize,
}

/// A selection's parameters.
#[derive(Clone, Debug, Serialize)]
pub struct Variant {
    include_inactive: bool,
    min_providers: Option<u32>,
    sort_by: &'static str,
    order: &'static str,
}

impl From<&Selection> for Variant {
    fn from(selection: &Selection) -> Self {
        Self {
            include_inactive: selection.scope == Scope::All,
            min_providers: selection.min_providers,
            sort_by: selection.sort.as_str(),
            order: selection.order.as_str(),
        }
    }
}

impl Cache {
    /// Warms the six variants. `force` lets in a snapshot that lost more than half of its models.
    pub async fn warm(self: Rc<Self>, force: bool) -> WarmReport {
        let report = match self.policy.mode {
            Mode::Active => self.warm_active(force).await,
            Mode::ReadOnly => self.failed_report("read_only"),
            Mode::Passthrough => self.failed_report("passthrough"),
        };
        self.log(&Event::Warm { report: &report });
        if self.policy.mode == Mode::Active
            && let Ok(text) = serde_json::to_string(&report)
        {
            let timeout = self.policy.upstash_timeout;
            let save = redis::save_report(&*self.ports.redis, &self.keys, &text, timeout);
            // The log has the report; a Redis that fails is logged where it is found.
            let _ = self.redis(save).await;
        }
        // Cron's isolate may never see a request that would do it.
        self.flush().await;
        report
    }

    async fn warm_active(self: &Rc<Self>, force: bool) -> WarmReport {
        let begun = self.now();
        let before = self.previous(Scope::Active).await;
        let wish = LoadWish { not_before: Some(begun), force, ..LoadWish::default() };
        let load = Rc::clone(self).load(Scope::Active, wish).await;
        let LoadEnd { result, fetched, after, .. } = load;
        let published = match after {
            Some(after) => self.conclude_load(after, None).await,
            // Another request or isolate loaded it, and publishes it.
            None => None,
        };
        let mut report = match result {
            Err(unavailable) => self.failed_report(unavailable.reason),
            Ok(entry) => match (&entry.content, outcome(published)) {
                (Content::Snapshot(snapshot), Ok(())) => {
                    let changes = Changes::between(before.as_deref(), snapshot);
                    self.report(snapshot, changes)
                }
                (_, Err(error)) => self.failed_report(&error),
                (Content::Listing(_), Ok(())) => self.failed_report("malformed"),
            },
        };
        report.duration_ms = millis(self.now().since(begun));
        (report.origin_requests, report.rows) = (fetched.requests, fetched.rows);
        report
    }

    /// The snapshot before: what the new one is compared with.
    async fn previous(self: &Rc<Self>, scope: Scope) -> Option<Rc<Snapshot>> {
        let name = Resource::Snapshot(scope);
        let resident = self.state.borrow().entry_of(&name).cloned();
        let content = match resident {
            Some(entry) => entry.content,
            None => match self.read_upstash(name).await {
                Found::Entry(entry) => entry.content,
                _ => match self.read_kv(name).await {
                    Found::Entry(entry) => entry.content,
                    _ => return None,
                },
            },
        };
        match content {
            Content::Snapshot(snapshot) => Some(snapshot),
            Content::Listing(_) => None,
        }
    }

    fn report(&self, snapshot: &Snapshot, changes: Changes) -> WarmReport {
        let variants_cached: Vec<WarmedVariant> = WARM
            .iter()
            .map(|selection| WarmedVariant {
                variant: selection.into(),
                key: (selection.min_providers.unwrap_or(0) <= snapshot.offers_max())
                    .then(|| self.keys.listing(selection)),
                count: snapshot.count(selection),
            })
            .collect();
        WarmReport {
            successful: variants_cached.len(),
            failed: 0,
            variants_cached,
            changes: Some(changes),
            error: None,
            ..self.failed_report("")
        }
    }

    fn failed_report(&self, error: &str) -> WarmReport {
        WarmReport {
            total_variants: WARM.len(),
            successful: 0,
            failed: WARM.len(),
            variants_cached: Vec::new(),
            duration_ms: 0,
            origin_requests: 0,
            rows: 0,
            changes: None,
            at_ms: self.now().0,
            error: Some(error.to_owned()),
        }
    }
}

/// Warm means that the others can read it: from Redis, or at least from KV. Without an end of ours it is another's.
fn outcome(published: Option<PublishEnd>) -> Result<(), String> {
    let Some(PublishEnd { redis, kv, is_oversized }) = published else { return Ok(()) };
    match (redis, kv) {
        (Ok(Published::Done | Published::Newer), Err(error)) if is_oversized => {
            Err(format!("kv: {error}"))
        }
        (Ok(Published::Done | Published::Newer), _) | (Err(_), Ok(1..)) => Ok(()),
        (Ok(refused), _) => Err(refused.as_str().to_owned()),
        (Err(error), _) => Err(format!("upstash: {error}")),
    }
}
