//! The planet, simulated (docs/simulation.md): what `npm run simulate` runs. It takes the names of runs, and `--json`.
#![expect(
    unreachable_pub,
    dead_code,
    reason = "the modules are those of the native tests, which use more of them"
)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a tool that is run by hand"
)]

#[path = "../tests/native/planet/mod.rs"]
mod planet;
#[path = "../tests/native/support/mod.rs"]
mod support;

use std::{env, time::Instant};

use planet::{plan::Plan, report::Report, runs, table, world::Planet};

fn main() {
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let is_json = words.iter().any(|word| word == "--json");
    let names: Vec<&String> = words.iter().filter(|word| !word.starts_with("--")).collect();
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| *wanted == name);
    let wanted: Vec<(&str, Plan)> =
        runs::all().into_iter().filter(|(name, _)| is_wanted(name)).collect();
    let mut reports = Vec::new();
    // Two at a time: each has its own world.
    for pair in wanted.chunks(2) {
        let threads: Vec<_> = pair.iter().map(|(name, plan)| start(name, plan.clone())).collect();
        for ((name, plan), thread) in pair.iter().zip(threads) {
            reports.push((*name, plan.clone(), thread.join().expect("a run that ends")));
        }
    }
    if is_json {
        println!("{:#}", table::json(&reports));
    } else {
        println!("{}", table::text(&reports));
    }
}

fn start(name: &str, plan: Plan) -> std::thread::JoinHandle<Report> {
    let name = name.to_owned();
    std::thread::spawn(move || {
        let begun = Instant::now();
        let mut planet = Planet::new(plan);
        planet.run();
        eprintln!("{name}: {:.0} s", begun.elapsed().as_secs_f64());
        Report::of(&planet)
    })
}
