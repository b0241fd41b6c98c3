//! A data center: how far it is from Redis, and what is necessary once for all of its isolates where they share a cache.

use std::{collections::HashSet, time::Duration};

use futures_util::future::join_all;
use model_catalog_edge::catalog::View;

use crate::planet::{
    plan::ms,
    report::floor::Periodic,
    report::meter::Who,
    world::{Planet, isolate::Made, requests::since_begin},
};

/// What one isolate was told counts for the others so much shorter than `MEMORY_TTL_SECONDS`.
const SOONER: Duration = Duration::from_secs(5);

/// A data center.
pub struct Colo {
    pub distance: Duration,
    /// Requests a ms.
    pub rate: f64,
    /// When an isolate of it last had to check, as far as was noted request by request.
    checks: Option<Periodic>,
    /// The contents of each source that this deployment served here.
    served: HashSet<(usize, u64)>,
}

impl Colo {
    pub fn at(distance: Duration) -> Self {
        Self { distance, rate: 0.0, checks: None, served: HashSet::new() }
    }
}

/// How often each view is asked for by one of the colos that are not simulated, at the least.
pub const OTHERS_ASK: Duration = Duration::from_secs(15);

impl Planet {
    /// Asks for each view in the name of the colos that are not simulated: what one publishes for all is there as soon as it is on
    /// the whole planet.
    pub(super) fn others_ask(&mut self) {
        let cache = match &self.other {
            Some(cache) => cache.clone(),
            None => self.cache(Who::Operator, self.plan.sampled).0,
        };
        self.other = Some(cache.clone());
        let views: Vec<View> = self.demand.views.iter().map(|wanted| wanted.view).collect();
        let group = self.unique();
        self.shared.sim.spawn(group, async move {
            for view in views {
                let follow_ups = cache.lookup(view.into()).await.follow_ups;
                join_all(follow_ups.into_iter().map(|next| cache.run(next))).await;
            }
        });
    }

    fn check_period(&self) -> f64 {
        ms(self.plan.memory_ttl.saturating_sub(SOONER))
    }

    /// A request came to an isolate of a data center. Where all do, how many there are is known: [`Self::count_colos`].
    pub(super) fn note_asked(&mut self, slot: usize, at: f64) {
        let period = self.check_period();
        let colo = &mut self.colos[self.slots[slot].colo];
        colo.checks.get_or_insert_with(|| Periodic::new(period, at)).saw(at);
    }

    /// Notes what was served: each content must come once to each data center.
    pub(super) fn note_served(&mut self, slot: usize, source: usize, made: Option<Made>) {
        let colo = &mut self.colos[self.slots[slot].colo];
        if made.is_some_and(|made| colo.served.insert((source, made.hash))) {
            self.totals.floor_colo_snapshots += 1.0;
        }
    }

    /// Notes that something was served as current which the origin gave at `read`, in ms since the epoch.
    pub(super) fn note_current(&mut self, read: u64, at: f64) {
        if let Some(cleared) = self.cleared_at.filter(|cleared| since_begin(read) < *cleared) {
            self.totals.after_clear = self.totals.after_clear.max(at - cleared);
        }
    }

    /// A deployment finds nothing of what another one left.
    pub(super) fn rename_colos(&mut self) {
        self.other = None;
        self.policy.colo = self.policy.colo.map(|name| name + 1);
        for colo in &mut self.colos {
            colo.served.clear();
        }
    }

    /// Counts what was necessary once a data center and interval. Hits in bulk are counted an isolate after the other, so that
    /// which of them came first is drawn anew.
    pub(super) fn count_colos(&mut self, end: f64) {
        let period = self.check_period();
        for colo in &mut self.colos {
            let checks = if self.plan.is_fronted {
                colo.checks
            } else {
                let mut checks = Periodic::new(period, 0.0);
                checks.saw_many(0.0, end, colo.rate, &mut self.chance);
                Some(checks)
            };
            self.totals.floor_colo_checks += checks.map_or(0.0, |checks| checks.count);
        }
    }
}
