//! Faults that were found by trying the Worker, one test each, with inputs of their own: what costs, what hangs, what is
//! served that should not be, and what operators are told.

mod configurations;
mod cost;
mod data_centers;
mod invalidations;
mod large;
mod liveness;
mod nonsense;
mod outages;
mod refusals;
mod withdrawals;

use std::{cell::RefCell, rc::Rc, time::Duration};

use model_catalog_edge::{
    cache::{Answer, Invalidated, InvalidationMode, Served, Unavailable, WarmReport},
    catalog::{Order, Scope, Selection, SortBy, View},
    ports::TierError,
};

use crate::support::{
    isolate::{Isolate, World},
    meter::Meter,
};

type Answered = (Result<Answer, Unavailable>, Duration);

impl World {
    pub fn secs(&self, secs: u64) {
        self.sim.run_for(Duration::from_secs(secs));
    }
}

impl Isolate {
    /// Requests that come together, each for the next one of `views`; their answers, with how long each took.
    fn together(&self, views: &[View], count: usize) -> Vec<Answered> {
        let answers: Rc<RefCell<Vec<Answered>>> = Rc::default();
        for n in 0..count {
            let (isolate, answers) = (self.clone(), Rc::clone(&answers));
            let view = views[n % views.len()];
            self.sim.spawn(self.group, async move {
                let begun = isolate.sim.now();
                let answer = isolate.ask(view).await;
                let took = isolate.sim.now().since(begun);
                answers.borrow_mut().push((answer, took));
            });
        }
        self.sim.run_for(Duration::from_secs(30));
        let answers = answers.take();
        assert_eq!(answers.len(), count, "every request is answered within half a minute");
        answers
    }

    /// Requests `every_ms`, for one of `views` after the other, for `secs`; how each was served.
    fn busy(&self, views: &[View], every_ms: u64, secs: u64) -> Vec<Option<Served>> {
        let end = self.sim.now() + Duration::from_secs(secs);
        let mut served = Vec::new();
        while self.sim.now() < end {
            let (answer, took) = self.get(views[served.len() % views.len()]);
            served.push(answer.ok().map(|answer| answer.served));
            let took = u64::try_from(took.as_millis()).unwrap();
            self.sim.run_for(Duration::from_millis(every_ms.saturating_sub(took)));
        }
        served
    }

    /// Requests every `every_ms`, for one of `views` after the other, for `secs`, whether or not those before are answered; how each
    /// was served.
    fn flooded(&self, views: &[View], every_ms: u64, secs: u64) -> Vec<Option<Served>> {
        let served: Rc<RefCell<Vec<Option<Served>>>> = Rc::default();
        let count = usize::try_from(secs * 1_000 / every_ms).unwrap();
        for n in 0..count {
            let (isolate, served) = (self.clone(), Rc::clone(&served));
            let view = views[n % views.len()];
            self.sim.spawn(self.group, async move {
                let answer = isolate.ask(view).await;
                served.borrow_mut().push(answer.ok().map(|answer| answer.served));
            });
            self.sim.run_for(Duration::from_millis(every_ms));
        }
        self.settle();
        let served = served.take();
        assert_eq!(served.len(), count, "every request is answered");
        served
    }

    fn warm(&self, force: bool) -> WarmReport {
        let cache = self.cache.clone();
        self.sim.block_on(async move { cache.warm(force).await })
    }

    fn clear(&self, mode: InvalidationMode) -> Result<Invalidated, TierError> {
        let cache = self.cache.clone();
        self.sim.block_on(async move { cache.invalidate(mode).await })
    }

    fn statistics(&self) -> serde_json::Value {
        let cache = self.cache.clone();
        self.sim.block_on(async move { cache.statistics().await.0 })
    }

    /// How many lines of an event were logged.
    fn logged(&self, event: &str) -> usize {
        let wanted = format!("\"event\":\"{event}\"");
        self.log.0.borrow().iter().filter(|line| line.contains(&wanted)).count()
    }
}

/// Every combination of a scope: 66 with eleven minimums.
fn combinations(scope: Scope) -> Vec<View> {
    let minimums = (1..=10).map(Some).chain([None]);
    let selections = minimums.flat_map(|min_providers| {
        SortBy::ALL.into_iter().flat_map(move |sort| {
            [Order::Asc, Order::Desc].map(|order| Selection { scope, min_providers, sort, order })
        })
    });
    selections.map(View::from).collect()
}

fn error(report: &WarmReport) -> Option<String> {
    report.error.as_ref().map(ToString::to_string)
}
