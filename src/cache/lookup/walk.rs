//! A request on its way through the tiers: what it has found and what it leaves to do.

use std::{cmp::Reverse, rc::Rc, time::Duration};

use super::{
    asked::{Asked, Directives},
    outcome::Trace,
};
use crate::{
    cache::{background::FollowUp, entry::Entry, isolate::Isolate, protocol::Freshness},
    catalog::{Resource, View},
    ports::{Tier, Timestamp},
};

/// Something stale that was found on the way.
pub(super) struct Candidate {
    pub(super) tier: Tier,
    pub(super) resource: Resource,
    pub(super) entry: Entry,
    pub(super) freshness: Freshness,
}

/// A request on its way through the tiers.
pub(super) struct Walk {
    pub(super) isolate: Rc<Isolate>,
    pub(super) view: View,
    pub(super) directives: Directives,
    pub(super) begun: Timestamp,
    /// When what was found in memory was compared with Redis; what is found elsewhere is what there is.
    pub(super) compared_at: Timestamp,
    pub(super) trace: Trace,
    pub(super) failed: Vec<Tier>,
    pub(super) stale: Option<Candidate>,
    /// What a shared tier had last, whatever it was good for.
    pub(super) found: Option<Entry>,
    pub(super) asked_kv: bool,
    /// Whether another request's read was waited for.
    pub(super) followed: bool,
    /// Whether nothing could tell if what is served was invalidated.
    pub(super) unverified: bool,
    pub(super) follow_ups: Vec<FollowUp>,
}

impl Walk {
    pub(super) fn new(isolate: Rc<Isolate>, asked: Asked<'_>) -> Self {
        let begun = isolate.now();
        Self {
            isolate,
            view: asked.view,
            directives: asked.directives,
            begun,
            compared_at: begun,
            trace: Trace::default(),
            failed: Vec::new(),
            stale: None,
            found: None,
            asked_kv: false,
            followed: false,
            unverified: false,
            follow_ups: Vec::new(),
        }
    }

    /// Notes that a tier is being asked over the network.
    pub(super) fn ask(&mut self, tier: Tier) {
        let now = self.isolate.now();
        self.trace.begin(tier, now);
    }

    /// Notes that a tier answered, or is not waited for any longer.
    pub(super) fn heard(&mut self, tier: Tier) {
        let now = self.isolate.now();
        self.trace.end(tier, now);
    }

    /// Keeps what is stale for the end of the walk: what is not known to be wrong first, then what is newest.
    pub(super) fn remember(
        &mut self,
        tier: Tier,
        resource: Resource,
        entry: Entry,
        freshness: Freshness,
    ) {
        let rank = |freshness: Freshness, entry: &Entry| (Reverse(freshness), entry.at());
        let better = self
            .stale
            .as_ref()
            .is_none_or(|held| rank(held.freshness, &held.entry) < rank(freshness, &entry));
        if better {
            self.stale = Some(Candidate { tier, resource, entry, freshness });
        }
    }

    /// How what is stale may be served, by what is known now: another tier may have told of an invalidation since it was found.
    pub(super) fn stale_freshness(&self) -> Option<Freshness> {
        let held = self.stale.as_ref()?;
        let (state, now) = (self.isolate.state.borrow(), self.isolate.now());
        Some(state.freshness(self.view.source(), &held.entry, now, &self.isolate.policy))
    }

    /// Whether the client takes what may be served.
    pub(super) fn accepts(&self, entry: &Entry, freshness: Freshness) -> bool {
        let age = self.isolate.now().since(entry.at());
        self.directives.accept(freshness, age, self.isolate.policy.ttl)
    }

    /// Whether the client takes what is past its TTL and was found, so that the origin need not be waited for.
    pub(super) fn accepts_stale(&self) -> bool {
        let is_current = self.stale_freshness() == Some(Freshness::IfError);
        let (now, ttl) = (self.isolate.now(), self.isolate.policy.ttl);
        let accepted =
            |held: &Candidate| self.directives.accept_stale(now.since(held.entry.at()), ttl);
        is_current && self.stale.as_ref().is_some_and(accepted)
    }

    /// What is left of the time a request may take: each tier's deadline, once.
    pub(super) fn budget_left(&self) -> Duration {
        let policy = &self.isolate.policy;
        [policy.upstash_timeout, policy.kv_timeout, policy.origin_timeout]
            .into_iter()
            .fold(Duration::ZERO, Duration::saturating_add)
            .saturating_sub(self.isolate.now().since(self.begun))
    }
}
