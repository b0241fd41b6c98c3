//! The policy: one walk over the tiers, freshness, leases, breakers, publishing, warming, invalidating, counting.
//! Everything is decided from plain state and `now`; the world is reached through the ports only.
//!
//! A failing cache tier is a miss and never an error; only the origin's failure can reach a client, and only after
//! everything stale was tried. The rooms stand in reading order; each names only those before it.

mod telemetry;

pub mod protocol;

mod entry;

mod state;

pub mod redis;

mod isolate;

mod tiers;

mod publish;

mod rebuild;

mod background;

mod lookup;

mod history;

mod operations;

#[cfg(test)]
#[expect(clippy::as_conversions, reason = "a fake becomes its port")]
mod toy_test;

use std::{rc::Rc, time::Duration};

pub use background::{FLUSH_EVERY, FollowUp};
pub use entry::{Content, Entry};
pub use history::Lost;
pub use lookup::{
    Answer, Asked, Directives, ForwardReason, Joined, Outcome, Parts, Served, TierReport, Trace,
};
pub use operations::{ChangeOutcome, Invalidated, InvalidationMode, Statistics, Withdrawal};
pub use protocol::{Freshness, Journal, JournalEntry};
pub use rebuild::Unavailable;
pub use state::{Breaker, BreakerState};
pub use telemetry::{
    Counter, Failure, Family, Kind, Label, Probed, ProvidersReport, Published, Readiness, Reason,
    RouteName, Sample, Status, WarmReport, WarmedProvider, WarmedView, WebhookOutcome,
};

use crate::{
    catalog::{KeySpace, Slug, Source, View},
    config::Policy,
    ports::{Ports, TierError, Timestamp},
};
use isolate::Isolate;

/// The cache of one isolate, as requests, cron and operators use it.
#[derive(Clone, Debug)]
pub struct Cache(Rc<Isolate>);

impl Cache {
    /// A cache with empty memory.
    pub fn new(ports: Ports, policy: Policy, keys: KeySpace) -> Self {
        Self(Isolate::new(ports, policy, keys))
    }

    /// Finds the listing of a view.
    pub async fn lookup(&self, asked: Asked<'_>) -> Outcome {
        lookup::lookup(&self.0, asked).await
    }

    /// Finds the listings of many views, each of a source of its own; `asked` says how old they may be.
    pub async fn lookup_all(&self, asked: Asked<'_>, views: &[View]) -> Joined {
        lookup::lookup_all(&self.0, asked, views).await
    }

    /// The listing of a view, if memory can answer it without waiting and without leaving anything to do.
    pub fn hit(&self, asked: Asked<'_>) -> Option<(Answer, Trace)> {
        lookup::hit(&self.0, asked)
    }

    /// What operations left to do behind an answer, whichever comes next.
    pub fn left_to_do(&self) -> Option<FollowUp> {
        background::front_is_due(&self.0).then_some(FollowUp::TellFront)
    }

    /// Does what a lookup left to do. Nothing of it can fail the response any more.
    pub async fn run(&self, follow_up: FollowUp) {
        background::run(Rc::clone(&self.0), follow_up).await;
    }

    /// Rebuilds what is kept warm, once, for everyone. `force` admits a snapshot that lost more than half of its entries.
    pub async fn warm(&self, force: bool) -> WarmReport {
        operations::warm(&self.0, force).await
    }

    /// Rebuilds these providers' catalogs, for everyone.
    pub async fn warm_providers(&self, slugs: &[Slug], force: bool) -> ProvidersReport {
        operations::warm_providers(&self.0, slugs, force, None).await
    }

    /// Declares everything that is cached wrong.
    pub async fn invalidate(&self, mode: InvalidationMode) -> Result<Invalidated, TierError> {
        operations::invalidate(&self.0, mode).await
    }

    /// Declares what is cached of one source wrong, and the list of all that a provider is part of.
    pub async fn withdraw(
        &self,
        source: Source,
        mode: InvalidationMode,
    ) -> Result<Withdrawal, TierError> {
        operations::withdraw(&self.0, source, mode).await
    }

    /// Forgets that loads of a source failed.
    pub async fn forgive(&self, source: Source) -> Result<(), TierError> {
        operations::forgive(&self.0, source).await
    }

    /// Hears that the tables changed. A `signature` counts once, for as long as it `lasts`.
    pub async fn hear_of_change(
        &self,
        signature: Option<(&str, Duration)>,
    ) -> Result<ChangeOutcome, TierError> {
        operations::hear_of_change(&self.0, signature).await
    }

    /// The journal of a source, with what is left to do behind the answer; none while no tier can tell.
    pub async fn journal(&self, source: Source) -> (Option<Rc<Journal>>, Option<FollowUp>) {
        history::journal(&self.0, source).await
    }

    /// Keeps what memory holds readable for who walks it, if it is this version.
    pub fn pin(&self, source: Source, version: u64) {
        history::pin(&self.0, source, version);
    }

    /// The listing of a view as a version has it that [`Self::lookup`] did not find.
    pub async fn earlier(&self, view: View, version: u64) -> Result<(Answer, Trace), Lost> {
        history::earlier(&self.0, view, version).await
    }

    /// Counts what happened outside of the cache.
    pub fn count(&self, counter: Counter) {
        self.0.count(counter);
    }

    /// Whether each tier that is asked over the network answers.
    pub async fn readiness(&self) -> Readiness {
        operations::readiness(&self.0).await
    }

    /// What operators see.
    pub async fn statistics(&self) -> Statistics {
        operations::statistics(&self.0).await
    }

    /// What a scraper sees.
    pub async fn metrics(&self) -> Vec<Family> {
        operations::metrics(&self.0).await
    }

    /// Counts a request, once it has a status.
    pub fn count_request(&self, route: RouteName, status: u16) {
        self.0.count(Counter::Requests(route, status.into()));
    }

    /// Now, by this Worker's clock.
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// A random number, of all 64 bits.
    pub fn random(&self) -> u64 {
        self.0.ports.clock.random()
    }

    /// Its times and bounds, which also say for how long caches downstream may keep an answer.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// The keys of this deployment.
    pub fn keys(&self) -> &KeySpace {
        &self.0.keys
    }

    /// Bytes that memory holds.
    pub fn memory_bytes(&self) -> usize {
        self.0.state.borrow().memory.bytes()
    }

    /// How often something happened in this isolate.
    pub fn counted(&self, counter: Counter) -> u64 {
        self.0.state.borrow().counters.get(counter)
    }
}
