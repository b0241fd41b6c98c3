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

use std::{cell::RefCell, rc::Rc, time::Duration};

pub use background::{FLUSH_EVERY, FollowUp, ModeError};
pub use entry::{Content, Entry};
pub use history::Lost;
pub use lookup::{
    Answer, Asked, Directives, ForwardReason, Joined, Outcome, Parts, Served, Standing, TierReport,
    Trace, Walked,
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
    config::{Mode, Policy},
    ports::{Ports, TierError, Timestamp},
};
use isolate::Isolate;
use telemetry::WarmCause;

/// The cache of one isolate, as requests, cron and operators use it.
#[derive(Clone, Debug)]
pub struct Cache {
    isolate: Rc<Isolate>,
    /// The walks of a request that is explained.
    walked: Option<Rc<RefCell<Vec<Walked>>>>,
}

impl Cache {
    /// A cache with empty memory.
    pub fn new(ports: Ports, policy: Policy, keys: KeySpace) -> Self {
        Self { isolate: Isolate::new(ports, policy, keys), walked: None }
    }

    /// Finds the listing of a view.
    pub async fn lookup(&self, asked: Asked<'_>) -> Outcome {
        let outcome = lookup::lookup(&self.isolate, asked).await;
        if let Some(walked) = &self.walked {
            let Outcome { answer, trace, follow_ups } = &outcome;
            walked.borrow_mut().push(Walked::new(asked.view, trace, answer, follow_ups));
        }
        outcome
    }

    /// The same cache for one request that is explained: [`Self::walked`] tells of its walks.
    #[must_use]
    pub fn explaining(&self) -> Self {
        Self { isolate: Rc::clone(&self.isolate), walked: Some(Rc::default()) }
    }

    /// What walks did since [`Self::explaining`], in the order in which they ended.
    pub fn walked(&self) -> Vec<Walked> {
        self.walked.as_ref().map(|walked| walked.take()).unwrap_or_default()
    }

    /// Finds the listings of many views, each of a source of its own; `asked` says how old they may be.
    pub async fn lookup_all(&self, asked: Asked<'_>, views: &[View]) -> Joined {
        let joined = lookup::lookup_all(&self.isolate, asked, views).await;
        if let Some(walked) = &self.walked {
            walked.borrow_mut().extend(joined.walked(views));
        }
        joined
    }

    /// The listing of a view, if memory can answer it without waiting and without leaving anything to do.
    pub fn hit(&self, asked: Asked<'_>) -> Option<(Answer, Trace)> {
        lookup::hit(&self.isolate, asked)
    }

    /// What operations left to do behind an answer, whichever comes next.
    pub fn left_to_do(&self) -> Option<FollowUp> {
        background::front_is_due(&self.isolate).then_some(FollowUp::TellFront)
    }

    /// Does what a lookup left to do. Nothing of it can fail the response any more.
    pub async fn run(&self, follow_up: FollowUp) {
        background::run(Rc::clone(&self.isolate), follow_up).await;
    }

    /// Rebuilds what is kept warm, once, for everyone. `force` admits a snapshot that lost more than half of its entries.
    pub async fn warm(&self, force: bool) -> WarmReport {
        operations::warm(&self.isolate, WarmCause::Operator, force).await
    }

    /// The same, as cron does it.
    pub async fn warm_on_schedule(&self) -> WarmReport {
        operations::warm(&self.isolate, WarmCause::Cron, false).await
    }

    /// Rebuilds these providers' catalogs, for everyone.
    pub async fn warm_providers(&self, slugs: &[Slug], force: bool) -> ProvidersReport {
        operations::warm_named(&self.isolate, slugs, force).await
    }

    /// Declares everything that is cached wrong.
    pub async fn invalidate(&self, mode: InvalidationMode) -> Result<Invalidated, TierError> {
        operations::invalidate(&self.isolate, mode).await
    }

    /// Declares what is cached of one source wrong, and the list of all that a provider is part of.
    pub async fn withdraw(
        &self,
        source: Source,
        mode: InvalidationMode,
    ) -> Result<Withdrawal, TierError> {
        operations::withdraw(&self.isolate, source, mode).await
    }

    /// Forgets that loads of a source failed.
    pub async fn forgive(&self, source: Source) -> Result<(), TierError> {
        operations::forgive(&self.isolate, source).await
    }

    /// Hears that the tables changed. A `signature` counts once, for as long as it `lasts`.
    pub async fn hear_of_change(
        &self,
        signature: Option<(&str, Duration)>,
    ) -> Result<ChangeOutcome, TierError> {
        operations::hear_of_change(&self.isolate, signature).await
    }

    /// The journal of a source, with what is left to do behind the answer; none while no tier can tell.
    pub async fn journal(&self, source: Source) -> (Option<Rc<Journal>>, Option<FollowUp>) {
        history::journal(&self.isolate, source).await
    }

    /// Keeps what memory holds readable for who walks it, if it is this version.
    pub fn pin(&self, source: Source, version: u64) {
        history::pin(&self.isolate, source, version);
    }

    /// The listing of a view as a version has it that [`Self::lookup`] did not find.
    pub async fn earlier(&self, view: View, version: u64) -> Result<(Answer, Trace), Lost> {
        history::earlier(&self.isolate, view, version).await
    }

    /// Counts what happened outside of the cache.
    pub fn count(&self, counter: Counter) {
        self.isolate.count(counter);
    }

    /// Says what is done with the tiers from now on, where that stands in KV.
    /// Gives the one before.
    pub async fn set_mode(&self, mode: Mode) -> Result<Mode, ModeError> {
        background::set_mode(&self.isolate, mode).await
    }

    /// Whether each tier that is asked over the network answers.
    pub async fn readiness(&self) -> Readiness {
        operations::readiness(&self.isolate).await
    }

    /// What operators see.
    pub async fn statistics(&self) -> Statistics {
        operations::statistics(&self.isolate).await
    }

    /// What a scraper sees.
    pub async fn metrics(&self) -> Vec<Family> {
        operations::metrics(&self.isolate).await
    }

    /// Counts a request, once it has a status.
    pub fn count_request(&self, route: RouteName, status: u16) {
        self.isolate.count(Counter::Requests(route, status.into()));
    }

    /// Now, by this Worker's clock.
    pub fn now(&self) -> Timestamp {
        self.isolate.now()
    }

    /// A random number, of all 64 bits.
    pub fn random(&self) -> u64 {
        self.isolate.ports.clock.random()
    }

    /// Its times and bounds, which also say for how long caches downstream may keep an answer.
    pub fn policy(&self) -> &Policy {
        &self.isolate.policy
    }

    /// The keys of this deployment.
    pub fn keys(&self) -> &KeySpace {
        &self.isolate.keys
    }

    /// Bytes that memory holds.
    pub fn memory_bytes(&self) -> usize {
        self.isolate.state.borrow().memory.bytes()
    }

    /// How often something happened in this isolate.
    pub fn counted(&self, counter: Counter) -> u64 {
        self.isolate.state.borrow().counters.get(counter)
    }
}
