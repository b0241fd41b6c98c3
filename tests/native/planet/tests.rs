//! A small planet: what is counted in bulk is what single requests come to, a sample stands for all, and nothing is done more
//! often than its floor makes necessary.

use std::time::Duration;

use crate::planet::{
    plan::Plan,
    plan::runs,
    report::table,
    report::{Figure, Report},
    world::Planet,
};

fn run(plan: Plan) -> Report {
    let mut planet = Planet::new(plan);
    planet.run();
    Report::of(&planet)
}

fn figure<'a>(report: &'a Report, name: &str) -> &'a Figure {
    let all = report.figures.iter().chain(&report.commands);
    all.into_iter().find(|figure| figure.name == name).unwrap()
}

/// Whether as much of something was done on both planets, but for such a share of it. How many requests there were differs by
/// chance.
fn agree(one: &Report, other: &Report, name: &str, within: f64) {
    let done =
        |report: &Report| figure(report, name).value / 1e6 * report.simulated[0] * report.factor;
    let (one, other) = (done(one), done(other));
    assert!((one - other).abs() <= within * one.max(other), "{name}: {one} and {other}");
}

fn share(report: &Report, tier: &str) -> f64 {
    report.tiers.iter().find(|(name, _)| *name == tier).unwrap().1
}

fn troubled() -> Plan {
    Plan { redis_outage: Some((30, 10)), origin_outage: Some((50, 50)), ..Plan::small() }
}

/// With caches of data centers, and new content with every second of cron's runs.
fn shared() -> Plan {
    Plan {
        begins_warm: true,
        has_colo_cache: true,
        change_each_crons: Some(2),
        cron_every: Duration::from_secs(300),
        ..Plan::small()
    }
}

#[test]
fn hits_in_bulk_are_what_single_ones_come_to() {
    for plan in [Plan::small(), troubled(), shared()] {
        let plan = Plan { log_hits_one_in: 5, ..plan };
        let (bulk, single) = (run(plan.clone()), run(Plan { in_bulk: false, ..plan.clone() }));
        // Where isolates ask their data center each five seconds, few requests are left of so few.
        let is_counted = bulk.simulated[1] < single.simulated[1] / 2.0;
        assert!(is_counted || plan.has_colo_cache, "most were counted");
        // While tiers are out, one more or less of what is tried again is chance.
        let is_calm = plan.redis_outage.is_none();
        agree(&bulk, &single, "check", 0.01);
        // Of ten minutes' there are few.
        agree(&bulk, &single, "flush", 0.03);
        for name in ["Redis commands", "Redis requests"] {
            agree(&bulk, &single, name, if is_calm { 0.01 } else { 0.04 });
        }
        agree(&bulk, &single, "log lines", 0.03);
        for name in ["snapshot", "bytes down"] {
            agree(&bulk, &single, name, 0.08);
        }
        agree(&bulk, &single, "origin loads", if is_calm { 0.02 } else { 0.2 });
        for ((tier, bulk), (_, single)) in bulk.tiers.iter().zip(&single.tiers) {
            assert!((bulk - single).abs() < 0.01, "from {tier}: {bulk} and {single}");
        }
        assert!((bulk.behind - single.behind).abs() < 0.02);
        assert!((bulk.stale - single.stale).abs() < 0.01);
    }
}

#[test]
fn a_sample_of_the_colos_stands_for_all() {
    let all = Plan { colos: 60, sampled: 60, hours: 8.0, requests_per_s: 60.0, ..Plan::small() };
    let (sample, all) = (run(Plan { sampled: 20, ..all.clone() }), run(all));
    for name in ["Redis commands", "check", "flush", "log lines"] {
        agree(&sample, &all, name, 0.05);
    }
    for name in ["origin loads", "snapshot", "bytes down"] {
        agree(&sample, &all, name, 0.12);
    }
    for ((tier, sample), (_, all)) in sample.tiers.iter().zip(&all.tiers) {
        assert!((sample - all).abs() < 0.01, "from {tier}: {sample} and {all}");
    }
}

/// Every figure of the table but KV's reads, of which each isolate has a few: when nothing is there yet, and when Redis is slow.
fn assert_within_floors(report: &Report) {
    let commands = ["check", "flush", "snapshot", "look"].map(|name| figure(report, name));
    let figures = report.figures.iter().filter(|figure| figure.name != "KV reads");
    for figure in figures.chain(commands) {
        assert!(!figure.is_over(), "{figure:?}");
    }
}

#[test]
fn nothing_is_done_more_often_than_is_necessary() {
    let report = run(Plan { requests_per_s: 12.0, hours: 6.0, ..Plan::small() });
    assert_within_floors(&report);
    assert!(report.hit_rate > 0.95, "{}", report.hit_rate);
    assert!(report.loads_saved > 0.5, "{}", report.loads_saved);
    assert!(report.unavailable.abs() < f64::EPSILON);
    let bound = 1_800.0 + 60.0;
    assert!(report.staleness_s[2] <= bound, "{:?}", report.staleness_s);
}

#[test]
fn where_data_centers_have_caches_a_day_depends_neither_on_isolates_nor_on_requests() {
    let base = Plan { colos: 8, sampled: 8, hours: 6.0, requests_per_s: 80.0, ..shared() };
    let few = run(base.clone());
    let many = run(Plan { isolates_per_colo: 8, ..base.clone() });
    let busy = run(Plan { requests_per_s: 400.0, ..base });
    for report in [&few, &many, &busy] {
        assert!(report.unavailable.abs() < f64::EPSILON);
        assert!(report.after_clear_s <= 35.0, "{}", report.after_clear_s);
        for (bound, first) in report.bounds.iter().zip(&few.bounds) {
            // Of a catalog this small checks are most of the bytes.
            assert!(!bound.is_over() || bound.name == "bytes from Redis", "{bound:?}");
            // A deployment and the clears have a larger share of a few hours than of a day.
            assert!(bound.a_day <= first.a_day * 1.1, "{bound:?} {first:?}");
        }
    }
}

#[test]
fn outages_are_bridged_and_cost_no_more_than_is_necessary() {
    let report = run(Plan { requests_per_s: 60.0, ..troubled() });
    assert_within_floors(&report);
    assert!(!figure(&report, "listing").is_over());
    assert!(report.unavailable.abs() < f64::EPSILON, "{}", report.unavailable);
    assert!(report.hit_rate > 0.95 && report.stale > 0.0);
}

#[test]
fn a_cache_in_front_takes_requests_off() {
    let plan = Plan { requests_per_s: 60.0, hours: 2.0, ..Plan::small() };
    let (fronted, bare) = (run(Plan { is_fronted: true, ..plan.clone() }), run(plan));
    assert!(share(&fronted, "front") > 0.3, "{:?}", fronted.tiers);
    assert!(figure(&fronted, "Redis commands").value <= figure(&bare, "Redis commands").value);
    assert!(fronted.month.requests < bare.month.requests * 0.8);
    assert!(fronted.unavailable.abs() < f64::EPSILON);
}

#[test]
fn every_run_has_a_name_and_reports_are_tables() {
    let names: std::collections::BTreeSet<&str> =
        runs::all().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), runs::all().len());
    let plan = Plan { hours: 0.2, ..Plan::small() };
    let runs = [("base", plan.clone(), run(plan))];
    let text = table::one("base", &runs[0].1, &runs[0].2) + &table::against_base(&runs);
    for words in [
        "simulated: 4 colos",
        "Redis commands",
        "target: hit rate",
        "Upstash Free",
        "what moves origin loads most",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let json = table::json(&runs);
    assert_eq!(json["base"]["figures"][0]["name"], "Redis commands");
}
