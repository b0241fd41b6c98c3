//! Reports as people and programs read them.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Map, Value};

use crate::planet::{
    plan::Plan,
    report::prices,
    report::{Figure, Report},
};

/// All reports as JSON, by name.
pub fn json<N: AsRef<str>>(runs: &[(N, Plan, Report)]) -> Value {
    let entry =
        |(name, _, report): &(N, Plan, Report)| (name.as_ref().to_owned(), report.to_json());
    Value::Object(runs.iter().map(entry).collect::<Map<String, Value>>())
}

/// What each variation changes, where there is a base.
pub fn against_base<N: AsRef<str>>(runs: &[(N, Plan, Report)]) -> String {
    let mut text = String::new();
    let base = runs.iter().find(|(name, ..)| name.as_ref() == "base");
    if let Some((_, _, base)) = base {
        writeln!(text, "\nAgainst base, for a million requests:").unwrap();
        for (name, _, report) in runs {
            let change = |figure| change(report, base, figure);
            writeln!(
                text,
                "  {:<16} commands {:+6.1} %  bytes down {:+6.1} %  bytes up {:+6.1} %  loads {:+6.1} %  p99 {:5.0} s",
                name.as_ref(),
                change("Redis commands"),
                change("bytes down"),
                change("bytes up"),
                change("origin loads"),
                report.staleness_s[1],
            )
            .unwrap();
        }
        for figure in ["Redis commands", "bytes down", "origin loads"] {
            writeln!(text, "  what moves {figure} most: {}", ranked(runs, base, figure)).unwrap();
        }
    }
    text
}

/// The parameters by how much a variation of each changes a figure; a run's name is its parameter's and a value.
fn ranked<N: AsRef<str>>(runs: &[(N, Plan, Report)], base: &Report, figure: &str) -> String {
    let mut most: BTreeMap<&str, f64> = BTreeMap::new();
    for (name, _, report) in runs {
        let Some((parameter, value)) = name.as_ref().rsplit_once('-') else { continue };
        if value.starts_with(|first: char| first.is_ascii_digit()) {
            let known = most.entry(parameter).or_default();
            *known = known.max(change(report, base, figure).abs());
        }
    }
    let mut most: Vec<(&str, f64)> = most.into_iter().collect();
    most.sort_by(|one, other| other.1.total_cmp(&one.1));
    let words = most.iter().map(|(parameter, change)| format!("{parameter} {change:.0} %"));
    words.collect::<Vec<String>>().join(", ")
}

/// How much more of something there is than in another run, in percent.
fn change(report: &Report, base: &Report, figure: &str) -> f64 {
    value(&report.figures, figure) / value(&base.figures, figure) * 100.0 - 100.0
}

fn value(figures: &[Figure], name: &str) -> f64 {
    figures.iter().find(|figure| figure.name == name).map_or(0.0, |figure| figure.value)
}

/// A report.
pub fn one(name: &str, plan: &Plan, report: &Report) -> String {
    let mut text = String::new();
    let [requests, run, isolates, commands] = report.simulated;
    let mut line = |words: std::fmt::Arguments<'_>| writeln!(text, "{words}").unwrap();
    line(format_args!(
        "\n{name}: {} colos x {} isolates, {} h, {} requests a second{}",
        plan.colos,
        plan.isolates_per_colo,
        plan.hours,
        plan.requests_per_s,
        caches(plan),
    ));
    line(format_args!(
        "  simulated: {} colos, {requests:.0} requests ({run:.0} run, the others counted), {isolates:.0} isolates, {commands:.0} commands; what colos do multiplied by {}",
        plan.sampled, report.factor,
    ));
    line(format_args!("  for a million requests             value            floor    of it"));
    for figure in &report.figures {
        let over = if figure.is_over() { "  OVER" } else { "" };
        line(format_args!("  {}{over}", beside(figure)));
    }
    line(format_args!(
        "  of the Redis commands            value            floor    of it     bytes up   bytes down"
    ));
    for figure in &report.commands {
        line(format_args!("  {}", beside(figure)));
    }
    let percent = |share: f64| share * 100.0;
    for (tier, share) in &report.tiers {
        line(format_args!("  from {tier:<15} {:>13.4} %", percent(*share)));
    }
    line(format_args!(
        "  stale {:.4} %, unavailable {:.4} %",
        percent(report.stale),
        percent(report.unavailable)
    ));
    let [p50, p99, worst] = report.staleness_s;
    line(format_args!(
        "  behind the catalog: {:.2} %; p50 {p50:.0} s, p99 {p99:.0} s, worst {worst:.0} s",
        percent(report.behind),
    ));
    line(format_args!("  target: hit rate > 95 %: {:.3} %", percent(report.hit_rate)));
    line(format_args!(
        "  target: cached answers < 20 ms: {:.3} % of them; p50 {:.0} ms, p99 {:.0} ms",
        percent(report.within_20_ms),
        report.latency_ms[0],
        report.latency_ms[1],
    ));
    line(format_args!(
        "  target: origin queries -90 %: {:.0} loads instead of {:.0}: {:.1} % fewer",
        report.loads,
        report.loads_apart,
        percent(report.loads_saved),
    ));
    line(format_args!("{}", bounds(report)));
    line(format_args!("  prices of {}", prices::DATE));
    for bill in report.month.bills() {
        let dollars = bill
            .dollars
            .map_or_else(|| "not enough".to_owned(), |dollars| format!("${dollars:.2}"));
        line(format_args!("  a month on {:<30} {dollars}", bill.plan));
    }
    text
}

/// Which caches there are beside the isolates'.
fn caches(plan: &Plan) -> &'static str {
    match (plan.has_colo_cache, plan.is_fronted) {
        (false, false) => "",
        (true, false) => ", caches of data centers",
        (false, true) => ", a cache in front",
        (true, true) => ", caches of data centers and in front",
    }
}

/// A day, beside the least that it could be; and how long clears take.
fn bounds(report: &Report) -> String {
    let mut text = String::new();
    for bound in &report.bounds {
        let over = if bound.is_over() { "  OVER" } else { "" };
        writeln!(
            text,
            "  a day: {:<20} {:>16.0}, necessary {:>16.0}: {:.2}{over}",
            bound.name,
            bound.a_day,
            bound.necessary,
            bound.a_day / bound.necessary,
        )
        .unwrap();
    }
    write!(
        text,
        "  served as current after a hard clear: {:.1} s at the worst",
        report.after_clear_s
    )
    .unwrap();
    text
}

/// A figure beside its floor.
fn beside(figure: &Figure) -> String {
    let floor = match figure.floor {
        Some(floor) if floor > 0.0 => format!("{floor:>16.2} {:>8.2}", figure.value / floor),
        Some(_) => format!("{:>16} {:>8}", 0, ""),
        None => String::new(),
    };
    let bytes =
        figure.bytes.map_or(String::new(), |[up, down]| format!(" {up:>12.0} {down:>12.0}"));
    format!("{:<20} {:>16.2}{floor}{bytes}", figure.name, figure.value)
}
