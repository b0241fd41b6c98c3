//! The runs that `npm run simulate` makes: the whole planet under two loads, and a smaller one with one parameter at a time
//! changed.

use std::time::Duration;

use crate::planet::plan::Plan;

/// Every run by its name.
pub fn all() -> Vec<(&'static str, Plan)> {
    let every = Plan::planet();
    let planet = Plan { sampled: 100, ..every.clone() };
    let large = Plan { requests_per_s: 100_000.0, sampled: 15, ..planet.clone() };
    let fronted = |plan: &Plan| Plan { is_fronted: true, sampled: 15, ..plan.clone() };
    let mut runs = vec![
        // Every colo by itself takes as long as half of the others together: it begins first.
        ("1k-all", every),
        ("1k", planet.clone()),
        ("1k-fronted", fronted(&planet)),
        ("100k", large.clone()),
        ("100k-fronted", fronted(&large)),
    ];
    runs.extend(with_colo_caches());
    runs.extend(variations());
    runs
}

/// The planet with the caches of data centers and new content with every second of cron's runs: few and many isolates a data
/// center, few and many requests, and the first of them without.
fn with_colo_caches() -> Vec<(&'static str, Plan)> {
    let colo = Plan {
        sampled: 15,
        cron_every: Duration::from_secs(300),
        change_each_crons: Some(2),
        redis_outage: None,
        origin_outage: None,
        begins_warm: true,
        has_colo_cache: true,
        ..Plan::planet()
    };
    let of = |isolates_per_colo: usize, requests_per_s: f64| Plan {
        isolates_per_colo,
        requests_per_s,
        ..colo.clone()
    };
    vec![
        // Every isolate asks its data center each five seconds, which is most of the work.
        ("colo-50-100k", Plan { sampled: 3, ..of(50, 100_000.0) }),
        ("colo-50-1k", of(50, 1_000.0)),
        ("colo-8-100k", of(8, 100_000.0)),
        ("colo-8-1k", of(8, 1_000.0)),
        ("no-colo-8-1k", Plan { has_colo_cache: false, ..of(8, 1_000.0) }),
    ]
}

/// A tenth of the planet for half a day, and what becomes of it.
fn variations() -> Vec<(&'static str, Plan)> {
    let base = Plan {
        colos: 30,
        sampled: 30,
        hours: 12.0,
        requests_per_s: 300.0,
        clears: vec![(4.3, true), (9.7, false)],
        deploys: vec![6.1],
        redis_outage: None,
        origin_outage: None,
        ..Plan::planet()
    };
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    vec![
        ("base", base.clone()),
        ("memory-ttl-15s", Plan { memory_ttl: Duration::from_secs(15), ..base.clone() }),
        ("memory-ttl-60s", Plan { memory_ttl: minutes(1), ..base.clone() }),
        ("ttl-15m", Plan { ttl: minutes(15), ..base.clone() }),
        ("ttl-60m", Plan { ttl: minutes(60), ..base.clone() }),
        ("isolates-4", Plan { isolates_per_colo: 4, ..base.clone() }),
        ("isolates-16", Plan { isolates_per_colo: 16, ..base.clone() }),
        ("lifetime-30m", Plan { lifetime: minutes(30), ..base.clone() }),
        ("lifetime-8h", Plan { lifetime: minutes(480), ..base.clone() }),
        ("cron-5m", Plan { cron_every: minutes(5), ..base.clone() }),
        ("cron-20m", Plan { cron_every: minutes(20), ..base.clone() }),
        ("change-10m", Plan { change_every: minutes(10), ..base.clone() }),
        ("change-6h", Plan { change_every: minutes(360), ..base }),
    ]
}
