//! A small planet: what is counted in bulk is what single requests come to, a sample stands for all, and nothing is done more
//! often than its floor makes necessary.

use super::{plan::Plan, report::Report, world::Planet};

fn run(plan: Plan) -> Report {
    let mut planet = Planet::new(plan);
    planet.run();
    Report::of(&planet)
}

#[test]
fn print_it() {
    let report = run(Plan::small());
    panic!("{report:#?}");
}
