//! The degradation matrix: every meaningful combination of what the tiers can be like, run on a fake clock. Each
//! cell's status, `Cache-Status`, latency and calls are checked against rules that are written down here, apart from
//! the code that makes them true, and the table is the one in docs/degradation.md.
//!
//! `DEGRADATION_WRITE=1 cargo test degradation` writes that file anew.

mod data_center;
mod table;

use std::time::Duration;

use model_catalog_edge::{
    cache::{Served, protocol::Control},
    catalog::WARM,
};

use crate::support::{
    catalog::{snapshot, version},
    isolate::{Isolate, World},
    redis::Fault,
};

/// What a tier is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Ok,
    Miss,
    Slow,
    Hung,
    Error,
    Corrupt,
    /// Expired, but within `REVALIDATE_SECONDS`; in Redis, of an earlier epoch of the backend's.
    Recent,
    /// Expired for longer.
    Stale,
    Limited,
    Quota,
}

use State::{Corrupt, Error, Hung, Limited, Miss, Ok as Fine, Quota, Recent, Slow, Stale};

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Fine => "ok",
            Miss => "miss",
            Slow => "slow",
            Hung => "hung",
            Error => "error",
            Corrupt => "corrupt",
            Recent => "stale (recent)",
            Stale => "stale",
            Limited => "429",
            Quota => "quota",
        }
    }

    fn fault(self) -> Fault {
        match self {
            Fine | Miss | Recent | Stale => Fault::None,
            Slow => Fault::Slow(SLOW_MS),
            Hung => Fault::Hung,
            Error => Fault::Error,
            Corrupt => Fault::Corrupt,
            Limited => Fault::Limited,
            Quota => Fault::Quota,
        }
    }

    /// Whether the tier has a fresh copy, sooner or later.
    fn has_fresh(self) -> bool {
        matches!(self, Fine | Slow)
    }
}

const SLOW_MS: u64 = 400;
const MEMORY: [State; 4] = [Fine, Recent, Stale, Miss];
const UPSTASH: [State; 9] = [Fine, Miss, Slow, Hung, Error, Corrupt, Recent, Limited, Quota];
const KV: [State; 9] = [Fine, Miss, Slow, Hung, Error, Corrupt, Recent, Stale, Limited];
const ORIGIN: [State; 6] = [Fine, Slow, Hung, Error, Corrupt, Limited];

/// Which version each tier holds, so that an answer shows where it comes from.
const IN_MEMORY: u64 = 1;
const IN_KV: u64 = 2;
const IN_UPSTASH: u64 = 3;
const IN_ORIGIN: u64 = 4;
const IN_COLO: u64 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    memory: State,
    upstash: State,
    kv: State,
    origin: State,
}

/// What a client sees, and what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    served: Option<Served>,
    version: Option<u64>,
    latency: Duration,
    cache_status: String,
    upstash_calls: usize,
    kv_reads: usize,
    loads: usize,
}

fn cells() -> impl Iterator<Item = Cell> {
    MEMORY.into_iter().flat_map(|memory| {
        UPSTASH.into_iter().flat_map(move |upstash| {
            KV.into_iter().flat_map(move |kv| {
                ORIGIN.into_iter().map(move |origin| Cell { memory, upstash, kv, origin })
            })
        })
    })
}

fn age(state: State) -> Duration {
    match state {
        Recent => Duration::from_secs(1_900),
        Stale => Duration::from_secs(4_000),
        _ => Duration::from_secs(20),
    }
}

/// Puts the tiers into their states, then asks once.
fn run(cell: Cell) -> Seen {
    run_near(cell, None)
}

/// The same in a data center with a cache, if `colo` says what that is like.
fn run_near(cell: Cell, colo: Option<State>) -> Seen {
    let mut world = World::new(7);
    world.policy.colo = colo.map(|_| 7);
    let selection = WARM[0];
    let isolate = world.isolate(1);
    let control = Control { epoch: 5, ..Control::default() }.to_text();
    world.redis.set(&world.keys.control(), &control, None);
    remember(&world, &isolate, cell.memory);
    if let Some(state) = colo {
        leave(&world, state);
    }
    world.redis.data.borrow_mut().retain(|name, _| *name == world.keys.control());
    match cell.upstash {
        Miss => {}
        state => {
            world.put_in_redis(&snapshot(IN_UPSTASH, 10), Duration::from_secs(800), 5);
            if state == Recent {
                // What Redis holds expires with its TTL: what makes it stale is an invalidation of the backend's.
                world.redis.set(&world.keys.backend_epoch(), "6", None);
            }
        }
    }
    if cell.kv != Miss {
        world.put_in_kv(&snapshot(IN_KV, 10), age(cell.kv), 5);
    }
    world.redis.fault.set(cell.upstash.fault());
    world.kv.fault.set(cell.kv.fault());
    world.origin.fault.set(cell.origin.fault());
    world.origin.version.set(IN_ORIGIN);
    world.redis.calls.borrow_mut().clear();
    world.kv.calls.borrow_mut().clear();
    world.origin.loads.borrow_mut().clear();

    let (answer, cache_status, latency) = isolate.get_traced(selection);
    let reads = |call: &&String| call.starts_with("get ") && !call.ends_with(":marker");
    let seen = Seen {
        served: answer.as_ref().ok().map(|answer| answer.served),
        version: answer.as_ref().ok().and_then(|answer| version(&answer.listing)),
        latency,
        cache_status,
        // Counters and publications go out behind the response.
        upstash_calls: world
            .redis
            .calls
            .borrow()
            .iter()
            .filter(|call| !call[0].starts_with("HINCRBY") && call[0] != "EVAL")
            .count(),
        kv_reads: world.kv.calls.borrow().iter().filter(reads).count(),
        loads: world.origin.loads.borrow().len(),
    };
    if let Err(unavailable) = answer {
        assert!(unavailable.retry_after > Duration::ZERO, "{cell:?}");
    }
    seen
}

/// Fills memory with a listing that will be as old as the cell wants it when the question comes.
fn remember(world: &World, isolate: &Isolate, state: State) {
    if state == Miss {
        return;
    }
    world.put_in_redis(&snapshot(IN_MEMORY, 10), Duration::ZERO, 5);
    isolate.get(WARM[0]).0.expect("filled");
    world.sim.run_for(age(state));
}

/// Fills the data center's cache with what another isolate has read there.
fn leave(world: &World, state: State) {
    world.colo.forget();
    if state != Miss {
        world.put_in_redis(&snapshot(IN_COLO, 10), Duration::from_secs(10), 5);
        let other = world.isolate(2);
        other.get(WARM[0]).0.expect("filled");
        other.settle();
    }
    world.colo.fault.set(state.fault());
}

/// The rules. Who answers, how it is labelled, and within what time.
fn expected(cell: Cell) -> (Option<Served>, Option<u64>, Duration) {
    let millis = Duration::from_millis;
    let fast = millis(50);
    // Memory, fresh or recently expired, asks nobody.
    match cell.memory {
        Fine => return (Some(Served::Hit), Some(IN_MEMORY), fast),
        // The isolate idled: its first request looks at Redis for as long as HEDGE_MS.
        Recent => return (Some(Served::Stale), Some(IN_MEMORY), millis(200)),
        _ => {}
    }
    // Upstash answers; when it is slow, KV may be first.
    if cell.upstash == Fine {
        return (Some(Served::Hit), Some(IN_UPSTASH), millis(250));
    }
    if cell.upstash == Recent {
        return (Some(Served::Stale), Some(IN_UPSTASH), millis(250));
    }
    let hedged = millis(350);
    match cell.kv {
        Fine => return (Some(Served::Hit), Some(IN_KV), hedged),
        Recent => return (Some(Served::Stale), Some(IN_KV), hedged),
        Slow if cell.upstash != Slow => {
            return (Some(Served::Hit), Some(IN_KV), hedged + millis(SLOW_MS));
        }
        _ => {}
    }
    if cell.upstash == Slow {
        return (Some(Served::Hit), Some(IN_UPSTASH), millis(900));
    }
    // Nothing but the origin. What the tiers may take before it: their deadlines, once each.
    let upstash = if cell.upstash == Hung { millis(1_000) } else { millis(100) };
    let kv = match cell.kv {
        Hung => millis(1_000 + 150),
        _ => millis(200),
    };
    let caches = upstash + kv;
    if cell.origin.has_fresh() {
        return (Some(Served::Miss), Some(IN_ORIGIN), caches + millis(900));
    }
    let stale = match (cell.memory, cell.kv) {
        (_, Stale) => Some(IN_KV),
        (Stale, _) => Some(IN_MEMORY),
        _ => None,
    };
    // With something stale at hand nobody waits longer than a second for the origin.
    let origin = match (cell.origin, stale) {
        (Hung, None) => millis(8_000),
        (Hung, Some(_)) => millis(1_000),
        _ => millis(100),
    };
    (stale.map(|_| Served::Stale), stale, caches + origin + millis(100))
}

#[test]
fn every_cell_is_as_the_rules_say() {
    let mut count = 0;
    for cell in cells() {
        let seen = run(cell);
        let (served, version, latency) = expected(cell);
        assert_eq!((seen.served, seen.version), (served, version), "{cell:?}: {seen:?}");
        assert!(seen.latency <= latency, "{cell:?}: {:?} is over {latency:?}", seen.latency);
        check_calls(cell, &seen);
        check_cache_status(cell, &seen);
        count += 1;
    }
    assert_eq!(count, 1_944, "as README and the table say");
}

fn check_calls(cell: Cell, seen: &Seen) {
    if cell.memory == Fine {
        assert_eq!((seen.upstash_calls, seen.kv_reads, seen.loads), (0, 0, 0), "{cell:?}");
    }
    assert!(seen.loads <= 1, "{cell:?}: {} loads", seen.loads);
    // The listing, the snapshot, the lease, and a check after idling.
    assert!(seen.upstash_calls <= 4, "{cell:?}: {} calls of Upstash", seen.upstash_calls);
    assert!(seen.kv_reads <= 2, "{cell:?}: {} reads of KV", seen.kv_reads);
    if seen.served == Some(Served::Hit) {
        assert_eq!(seen.loads, 0, "{cell:?}: a hit asked the origin");
    }
}

fn check_cache_status(cell: Cell, seen: &Seen) {
    let status = &seen.cache_status;
    let hits = status.matches("; hit;").count();
    let labelled = match seen.served {
        None | Some(Served::Miss) => hits == 0,
        Some(Served::Hit) => hits == 1 && !status.contains("detail=stale"),
        Some(Served::Stale) => hits == 1 && status.contains("detail=stale"),
    };
    assert!(labelled, "{cell:?}: {status}");
    let last = status.rsplit(", ").next().unwrap();
    assert!(last.starts_with("memory; "), "{cell:?}: {status}");
}
