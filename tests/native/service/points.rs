//! The rows that requests become where a dataset is bound: one for each that memory did not answer.

use std::{cell::RefCell, rc::Rc};

use futures_util::FutureExt;
use model_catalog_edge::{
    app::App,
    config::Config,
    http::{Request, RequestHeaders},
    ports::{Log, Point},
};

use super::{ports, settings};
use crate::support::{isolate::World, redis::Fault};

#[derive(Default)]
struct Points(RefCell<Vec<Point>>);

impl Log for Points {
    fn write(&self, _line: &str) {}

    fn point(&self, point: &Point) {
        self.0.borrow_mut().push(*point);
    }
}

struct Isolate {
    app: Rc<App>,
    log: Rc<Points>,
}

impl Isolate {
    fn of(world: &World) -> Self {
        let log = Rc::new(Points::default());
        let ports = ports(world, Rc::clone(&log) as Rc<_>);
        let config = Config::from_vars(&settings(&[])).unwrap();
        Self { app: Rc::new(App::new(config, ports)), log }
    }

    /// The words of the rows that a request becomes.
    fn ask(&self, world: &World, query: &str) -> Vec<[&'static str; 3]> {
        let url = format!("https://catalog.example/models/unique{query}");
        let body = Box::new(|_| async { None }.boxed_local());
        let request = Request::new("GET".to_owned(), &url, RequestHeaders::default(), body);
        let app = Rc::clone(&self.app);
        world.sim.block_on(async move {
            let (_, follow_ups) = app.handle(request).await;
            app.run(follow_ups).await;
        });
        let points = self.log.0.take();
        assert!(points.iter().all(|point| point.index == point.words[0] && point.millis < 60_000));
        points.iter().map(|point| point.words).collect()
    }
}

#[test]
fn what_memory_did_not_answer_is_a_row() {
    let world = World::new(1);
    let isolate = Isolate::of(&world);
    world.origin.fault.set(Fault::Error);
    assert_eq!(isolate.ask(&world, ""), [["unavailable", "origin", "unreachable"]]);
    world.origin.fault.set(Fault::None);
    world.sim.run_for(std::time::Duration::from_secs(60));
    assert_eq!(isolate.ask(&world, ""), [["miss", "origin", ""]]);
    assert_eq!(isolate.ask(&world, ""), [[""; 3]; 0], "memory answered");
    assert_eq!(isolate.ask(&world, "?limit=0"), [[""; 3]; 0], "nothing was looked up");
    assert_eq!(Isolate::of(&world).ask(&world, ""), [["hit", "colo", ""]]);
}
