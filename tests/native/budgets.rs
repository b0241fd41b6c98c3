//! What may be spent: the table in tests/budgets.json, which the specs of the Worker read as well, each row counted here on fakes.

use std::{cell::RefCell, collections::BTreeMap, fs, path::PathBuf, time::Duration};

use model_catalog_edge::{
    cache::{InvalidationMode, Served},
    catalog::{View, WARM},
};

use crate::{
    policy::{invalidate, warm},
    support::{
        isolate::{ACTIVE, Isolate, World},
        meter::Meter,
        redis::{Fault, Refusal},
        spent::Spent,
    },
};

/// What a load of 5,000 offers asks the origin for: the providers, five pages of a thousand, and three that are asked for again.
const LOAD_REQUESTS: usize = 9;

type Table = BTreeMap<String, BTreeMap<String, usize>>;

fn table() -> Table {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/budgets.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A figure of what was spent, as the table and the specs call it; none of what fakes cannot count.
fn figure(spent: &Spent, name: &str) -> Option<usize> {
    let kv_requests = spent.kv_reads + spent.kv_writes;
    Some(match name {
        "redis.requests" => spent.redis.requests,
        "redis.commands" => spent.redis.commands,
        "redis.bytesUp" => spent.redis.bytes_up,
        "kv.requests" => kv_requests,
        "kv.writes" => spent.kv_writes,
        "origin.loads" => spent.loads,
        "origin.requests" => spent.loads * LOAD_REQUESTS,
        "log.lines" => spent.lines,
        "subrequests" => spent.redis.requests + kv_requests + spent.loads * LOAD_REQUESTS,
        _ => return None,
    })
}

thread_local! {
    /// Which rows were asked for.
    static ASKED: RefCell<Vec<String>> = RefCell::default();
}

/// Fails where something is over its budget.
fn assert_within(event: &str, spent: &Spent, what: &str) {
    ASKED.with_borrow_mut(|asked| asked.push(event.to_owned()));
    for (name, most) in &table()[event] {
        let Some(found) = figure(spent, name) else { continue };
        assert!(found <= *most, "{event}, {what}: {name} is {found}, the budget {most}: {spent:?}");
    }
}

fn views() -> Vec<View> {
    WARM.map(View::from).to_vec()
}

fn large() -> World {
    let world = World::new(7);
    // Three offers each on average.
    world.origin.models.set(1_667);
    world
}

/// What one invocation spends, with what it does behind its response.
fn invocation(isolate: &Isolate, task: impl AsyncFnOnce(Isolate) + 'static) -> Spent {
    let of = isolate.clone();
    let id = isolate.sim.spawn(isolate.group, async move { task(of).await });
    isolate.sim.run_for(Duration::from_secs(40));
    isolate.sim.spent(id)
}

fn request(isolate: &Isolate) -> Spent {
    invocation(isolate, async |isolate| drop(isolate.ask(WARM[0]).await))
}

fn run(isolate: &Isolate) -> Spent {
    invocation(isolate, async |isolate| drop(isolate.cache.warm(false).await))
}

fn clear(isolate: &Isolate) -> Spent {
    let hard = InvalidationMode::Hard;
    invocation(isolate, async move |isolate| drop(isolate.cache.invalidate(hard).await))
}

fn a_hit() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    isolate.get(WARM[0]).0.unwrap();
    isolate.settle();
    for _ in 0..10 {
        let of = isolate.clone();
        let hit = async move {
            assert!(of.cache.hit(View::from(WARM[0]).into()).is_some(), "without a future");
        };
        let id = world.sim.spawn(1, hit);
        world.sim.run_for(Duration::from_secs(2));
        assert_within("hit", &world.sim.spent(id), "the plain function");
    }
}

fn a_busy_hour() {
    for (seed, with_cron) in [(1, true), (2, false)] {
        let world = World::new(seed);
        world.origin.models.set(400);
        let (isolate, cron) = (world.isolate(1), world.isolate(2));
        warm(&cron, false);
        isolate.get(WARM[0]).0.unwrap();
        isolate.settle();
        let meter = Meter::new(&world);
        let mut of_cron = Spent::default();
        for second in 0..3_600 {
            if with_cron && second % 600 == 599 {
                of_cron.add(&run(&cron));
            }
            isolate.get(views()[second % 6]).0.unwrap();
            world.sim.run_for(Duration::from_millis(960));
        }
        let mut spent = meter.read();
        spent.redis.commands -= of_cron.redis.commands;
        assert_within("busy isolate, an hour", &spent, &format!("cron {with_cron}"));
        // With cron nothing expires: no body goes up or down, and one of them is larger than all else.
        let bytes = spent.redis.bytes_up + spent.redis.bytes_down;
        assert!(!with_cron || bytes <= 300_000, "{spent:?}");
    }
}

fn a_cold_isolate() {
    let world = World::new(1);
    warm(&world.isolate(1), false);
    let meter = Meter::new(&world);
    assert_eq!(world.isolate(2).get(WARM[0]).0.unwrap().served, Served::Hit);
    assert_within("cold isolate, the first answer", &meter.read(), "from Redis");
}

fn warm_runs() {
    for models in [10, 400] {
        let world = World::new(1);
        world.origin.models.set(models);
        let isolate = world.isolate(1);
        warm(&isolate, false);
        let meter = Meter::new(&world);
        for _ in 0..2 {
            world.sim.run_for(Duration::from_secs(200));
            warm(&isolate, false);
            assert_within("warm run, unchanged", &meter.read(), &format!("{models} models"));
        }
        world.sim.run_for(Duration::from_secs(1_000));
        world.origin.change();
        warm(&isolate, false);
        assert_within("warm run, changed", &meter.read(), &format!("{models} models"));
    }
}

fn a_clear() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    warm(&isolate, false);
    let meter = Meter::new(&world);
    world.redis.calls.borrow_mut().clear();
    invalidate(&isolate, InvalidationMode::Hard);
    assert_within("clear", &meter.read(), "");
    let calls = world.redis.calls.borrow();
    let scripts = calls.iter().flatten().filter(|call| *call == "EVAL").count();
    // The invalidation, and control read once more from Redis itself.
    assert_eq!(scripts, table()["clear"]["redis.byCommand.EVAL.commands"]);
}

/// Everything that an invocation may come upon, each by its name.
fn paths() -> Vec<(&'static str, Spent)> {
    let mut paths = Vec::new();
    let world = large();
    let isolate = world.isolate(1);
    paths.push(("a cold request, and all that follows", request(&isolate)));
    world.sim.run_for(Duration::from_secs(1_900));
    paths.push(("a refresh", request(&isolate)));
    world.origin.change();
    paths.push(("a warm run", run(&isolate)));
    for n in 0..60_000 {
        world.redis.set(&format!("foreign:{n}"), "x", None);
    }
    for n in 65..2_000 {
        world.redis.set(&format!("t:models:unique:filtered:minp{n}:sortname:asc"), "[]", None);
    }
    paths.push(("a clear of a Redis that others fill", clear(&isolate)));

    let world = large();
    world.redis.set(&world.keys.lease(ACTIVE), "dead", Some(Duration::from_secs(90)));
    paths.push(("a dead lease", request(&world.isolate(1))));

    let world = large();
    world.origin.latency_ms.set(7_900);
    paths.push(("a slow origin", run(&world.isolate(1))));

    for limit in [1_000_000, 500_000] {
        let world = large();
        world.redis.request_bytes_max.set(limit);
        paths.push(("a plan with small requests", run(&world.isolate(1))));
    }
    for fault in [Fault::Error, Fault::Hung, Fault::Slow(900), Fault::Corrupt, Fault::LostAnswer] {
        for tier in 0..3 {
            let world = large();
            warm(&world.isolate(9), false);
            world.sim.run_for(Duration::from_secs(3_000));
            [&world.redis.fault, &world.kv.fault, &world.origin.fault][tier].set(fault);
            let isolate = world.isolate(1);
            paths.push(("an outage, a request", request(&isolate)));
            paths.push(("an outage, a warm run", run(&isolate)));
            paths.push(("an outage, a clear", clear(&isolate)));
        }
    }
    let world = large();
    world.redis.refusal.set(Refusal::NotPermitted);
    paths.push(("a token that may not write", run(&world.isolate(1))));
    paths
}

fn one_invocation() {
    for (what, spent) in paths() {
        assert_within("one invocation, 5,000 offers", &spent, what);
    }
}

fn a_day_of_changes() {
    let world = World::new(1);
    let isolate = world.isolate(1);
    let meter = Meter::new(&world);
    for _ in 0..144 {
        world.origin.change();
        warm(&isolate, false);
        world.sim.run_for(Duration::from_secs(600));
    }
    assert_within("a day, content changing every run", &meter.read(), "cron each ten minutes");
}

/// Loads while isolates are asked for `secs`, one after the other, each two seconds.
fn loads(world: &World, isolates: &[Isolate], secs: u64) -> usize {
    let meter = Meter::new(world);
    for second in (0..secs).step_by(2) {
        let isolate = &isolates[usize::try_from(second / 2).unwrap() % isolates.len()];
        isolate.get(WARM[0]).0.unwrap();
        world.sim.run_for(Duration::from_secs(2));
    }
    meter.read().loads
}

fn loads_of_the_origin() {
    const TTLS: usize = 4;
    let secs = 1_800 * u64::try_from(TTLS).unwrap() - 10;
    for (name, redis, kv) in [
        ("well", Fault::None, Fault::None),
        ("no KV", Fault::None, Fault::Error),
        ("no Redis", Fault::Error, Fault::None),
    ] {
        let world = World::new(1);
        world.redis.fault.set(redis);
        world.kv.fault.set(kv);
        let isolates: Vec<Isolate> = (1..=5).map(|group| world.isolate(group)).collect();
        isolates[0].get(WARM[0]).0.unwrap();
        isolates[0].settle();
        let found =
            Spent { loads: loads(&world, &isolates, secs).div_ceil(TTLS), ..Spent::default() };
        assert_within("a TTL of a source, while Redis or KV answers", &found, name);
    }
    let world = World::new(1);
    world.redis.fault.set(Fault::Error);
    world.kv.fault.set(Fault::Error);
    let isolates: Vec<Isolate> = (1..=3).map(|group| world.isolate(group)).collect();
    let found = loads(&world, &isolates, secs).div_ceil(TTLS * isolates.len());
    let found = Spent { loads: found, ..Spent::default() };
    assert_within("a TTL of a source and isolate, while neither does", &found, "three isolates");
    for mode in [InvalidationMode::Hard, InvalidationMode::Soft] {
        let world = World::new(1);
        let isolates: Vec<Isolate> = (1..=5).map(|group| world.isolate(group)).collect();
        loads(&world, &isolates, 100);
        invalidate(&isolates[0], mode);
        let found = Spent { loads: loads(&world, &isolates, 200), ..Spent::default() };
        assert_within("an invalidation", &found, mode.as_str());
    }
}

/// One test, so that it can say at its end that no row was forgotten.
#[test]
fn budgets_hold() {
    a_hit();
    a_busy_hour();
    a_cold_isolate();
    warm_runs();
    a_clear();
    one_invocation();
    a_day_of_changes();
    loads_of_the_origin();
    let asked = ASKED.take();
    for event in table().into_keys() {
        assert!(asked.contains(&event) || event.starts_with("Wasm at "), "nothing counts {event}");
    }
}
