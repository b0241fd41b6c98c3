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

use std::{
    env,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Instant,
};

use planet::{plan::Plan, plan::runs, report::Report, report::table, world::Planet};

fn main() {
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let is_json = words.iter().any(|word| word == "--json");
    let names: Vec<&String> = words.iter().filter(|word| !word.starts_with("--")).collect();
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| *wanted == name);
    let wanted: Vec<(&str, Plan)> =
        runs::all().into_iter().filter(|(name, _)| is_wanted(name)).collect();
    let mut reports = Vec::new();
    for (name, plan, report) in run_all(wanted) {
        if !is_json {
            print!("{}", table::one(name, &plan, &report));
        }
        reports.push((name, plan, report));
    }
    if is_json {
        println!("{:#}", table::json(&reports));
    } else {
        print!("{}", table::against_base(&reports));
    }
}

/// Runs two at a time, each in its own world, and gives each that has ended.
fn run_all(wanted: Vec<(&'static str, Plan)>) -> mpsc::Receiver<(&'static str, Plan, Report)> {
    let (done, ended) = mpsc::channel();
    let wanted = Arc::new(Mutex::new(wanted.into_iter()));
    for _ in 0..2 {
        let (done, wanted) = (done.clone(), Arc::clone(&wanted));
        let next = move || wanted.lock().unwrap().next();
        thread::spawn(move || {
            while let Some((name, plan)) = next() {
                let report = run(name, plan.clone());
                done.send((name, plan, report)).unwrap();
            }
        });
    }
    ended
}

fn run(name: &str, plan: Plan) -> Report {
    let begun = Instant::now();
    let mut planet = Planet::new(plan);
    planet.run();
    eprintln!("{name}: {:.0} s", begun.elapsed().as_secs_f64());
    Report::of(&planet)
}
