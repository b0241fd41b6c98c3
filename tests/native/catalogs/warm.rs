//! What operators and cron do for providers.

use model_catalog_edge::{
    cache::{InvalidationMode, ProvidersReport, WarmReport},
    catalog::Source,
};

use super::{publish, views};
use crate::support::{
    catalog::slug,
    isolate::{Isolate, World},
};

impl Isolate {
    pub(super) fn withdraw(&self, source: Source, mode: InvalidationMode) {
        let cache = self.cache.clone();
        self.sim.block_on(async move { cache.withdraw(source, mode).await }).unwrap();
    }

    fn cron(&self) -> WarmReport {
        let cache = self.cache.clone();
        self.sim.block_on(async move { cache.warm(false).await })
    }
}

fn names(report: &ProvidersReport) -> Vec<&str> {
    report.warmed.iter().map(|warmed| warmed.provider.as_str()).collect()
}

#[test]
fn cron_keeps_warm_what_was_asked_for_the_oldest_first_within_its_budget() {
    let mut world = World::new(1);
    // Two loads of two requests, and what is around them.
    world.policy.warm_subrequests = 14;
    world.origin.providers.set(5);
    let (cron, isolate) = (world.isolate(1), world.isolate(2));
    assert!(cron.cron().providers.is_none(), "nobody asked for any");
    for n in [3, 1, 2] {
        isolate.get(views(5)[n - 1]).0.unwrap();
        world.secs(5);
    }
    // Who asked is told with the counters.
    world.secs(700);
    isolate.get(views(5)[2]).0.unwrap();
    isolate.settle();
    world.secs(300);
    let report = cron.cron().providers.unwrap();
    assert_eq!(names(&report), ["p3", "p1"], "the oldest first");
    assert_eq!(report.behind, ["p2"]);
    assert!(report.warmed.iter().all(|warmed| warmed.error.is_none() && warmed.count == 10));
    let report = cron.cron().providers.unwrap();
    assert_eq!((names(&report), report.behind.len()), (vec!["p2"], 0), "and then the rest");
    assert!(names(&cron.cron().providers.unwrap()).is_empty(), "all are young");
    // A day later nobody asks for them any more.
    world.secs(25 * 3_600);
    assert!(cron.cron().providers.is_none());
}

#[test]
fn one_provider_that_fails_is_said_and_the_others_are_warm() {
    let world = World::new(2);
    publish(&world, 3);
    world.origin.failing.borrow_mut().push(Source::Provider(slug(2)));
    let operator = world.isolate(1);
    let (cache, slugs) = (operator.cache.clone(), [1, 2, 3].map(slug));
    let report = world.sim.block_on(async move { cache.warm_providers(&slugs, false).await });
    let failed: Vec<bool> = report.warmed.iter().map(|warmed| warmed.error.is_some()).collect();
    assert_eq!(failed, [false, true, false]);
    assert!(report.behind.is_empty(), "an operator's word has no budget");
    let cache = operator.cache.clone();
    let all = world.sim.block_on(async move { cache.statistics().await.0 });
    assert!(all["sources"]["provider:p2"]["failures"].as_u64() >= Some(1), "{all}");
    let cache = operator.cache.clone();
    world.sim.block_on(async move { cache.forgive(Source::Provider(slug(2))).await }).unwrap();
    let cache = operator.cache.clone();
    let all = world.sim.block_on(async move { cache.statistics().await.0 });
    assert!(all["sources"]["provider:p2"]["failures"].is_null(), "{all}");
}
