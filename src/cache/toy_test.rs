//! A second kind of catalog goes through lookup, load, publish and invalidate: nothing outside catalog/ and the origin
//! had to learn of it.

use std::{cell::Cell, rc::Rc, time::Duration};

use async_trait::async_trait;
use futures_util::future::join_all;

use super::{Cache, InvalidationMode, Outcome, Served};
use crate::{
    catalog::{Snapshot, Source, View},
    ports::{Load, Log, Origin, OriginError, Ports},
    support::{
        isolate::{Lines, World},
        sim::SimClock,
    },
};

/// An origin of the toy kind that counts its loads.
#[derive(Default)]
struct ToyOrigin(Cell<usize>);

#[async_trait(?Send)]
impl Origin for ToyOrigin {
    async fn load(&self, source: Source, _timeout: Duration) -> Result<Load, OriginError> {
        self.0.set(self.0.get() + 1);
        let snapshot = Snapshot::decode(source, format!("[{},\"b\"]", self.0.get()))?;
        Ok(Load { snapshot, rows: 2, requests: 1 })
    }

    async fn probe(&self, _: Duration) -> Result<(), OriginError> {
        Ok(())
    }
}

/// A request with what it leaves to do.
fn ask(world: &World, cache: &Cache) -> (String, Served) {
    let asking = cache.clone();
    world.sim.block_on(async move {
        let Outcome { answer, follow_ups, .. } = asking.lookup(View::Toy.into()).await;
        join_all(follow_ups.into_iter().map(|next| asking.run(next))).await;
        let answer = answer.unwrap();
        (answer.listing.to_text(), answer.served)
    })
}

#[test]
fn a_second_kind_needs_no_word_outside_the_catalog() {
    let world = World::new(7);
    let origin = Rc::new(ToyOrigin::default());
    let isolate = || {
        let ports = Ports {
            colo: Rc::new(world.colo.clone()),
            redis: Rc::new(world.redis.clone()),
            kv: Rc::new(world.kv.clone()),
            origin: Rc::clone(&origin) as Rc<dyn Origin>,
            front: Rc::new(world.front.clone()),
            clock: Rc::new(SimClock { sim: world.sim.clone(), skew_ms: 0 }),
            log: Rc::new(Lines::default()) as Rc<dyn Log>,
        };
        Cache::new(ports, world.policy.clone(), world.keys.clone())
    };
    let (first, second) = (isolate(), isolate());
    assert_eq!(ask(&world, &first), ("[1,\"b\"]".to_owned(), Served::Miss));
    assert_eq!(ask(&world, &first).1, Served::Hit);
    assert_eq!(ask(&world, &second), ("[1,\"b\"]".to_owned(), Served::Hit), "what was published");
    assert_eq!(world.redis.get("t:models:toy").as_deref(), Some("[1,\"b\"]"));
    assert!(world.kv.newest("t:models:edge:snapshot:toy").is_some());
    let operator = first.clone();
    world.sim.block_on(async move { operator.invalidate(InvalidationMode::Hard).await.unwrap() });
    assert_eq!(world.redis.get("t:models:toy"), None);
    assert_eq!(ask(&world, &first), ("[2,\"b\"]".to_owned(), Served::Miss));
    assert_eq!(origin.0.get(), 2);
}
