//! What a planet's day came to: figures, each beside its floor.

pub mod bound;
pub mod floor;
pub mod meter;
pub mod prices;
pub mod spread;
pub mod table;

use std::time::Duration;

use serde_json::{Value, json};

use crate::planet::{
    plan::demand::SOURCES,
    plan::ms,
    report::bound::Bound,
    report::meter::{Kind, Tally, number},
    report::prices::Month,
    world::{Planet, Totals},
};
use crate::support::sim::BEGIN;

/// Nothing is written to KV twice within this.
const KV_REWRITTEN_MS: f64 = 900_000.0;
/// A figure may be over its floor by so much.
pub const ALLOWANCE: f64 = 0.2;

/// A figure for a million requests of clients, and the least that it could be.
#[derive(Clone, Debug)]
pub struct Figure {
    pub name: &'static str,
    pub value: f64,
    pub floor: Option<f64>,
    /// Of a Redis command: bytes up and down.
    pub bytes: Option<[f64; 2]>,
}

impl Figure {
    /// Whether it is more than the floor makes necessary. Of what is hardly anything, a few are no waste.
    pub fn is_over(&self) -> bool {
        self.floor.is_some_and(|floor| self.value > floor.mul_add(1.0 + ALLOWANCE, 1.0))
    }
}

/// What a planet's day came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// Commands by what they are for.
    pub commands: Vec<Figure>,
    pub figures: Vec<Figure>,
    pub tiers: Vec<(&'static str, f64)>,
    pub stale: f64,
    pub unavailable: f64,
    /// p50, p99 and worst, in seconds; and what share was behind at all.
    pub staleness_s: [f64; 3],
    pub behind: f64,
    /// p50, p99 in ms of cached answers; and what share of them took less than 20 ms.
    pub latency_ms: [f64; 2],
    pub within_20_ms: f64,
    pub hit_rate: f64,
    /// Loads of a backend that loads each listing by itself, and by how much fewer there are.
    pub loads_apart: f64,
    pub loads: f64,
    pub loads_saved: f64,
    pub month: Month,
    /// What must hardly depend on how many isolates and requests there are, where data centers have caches.
    pub bounds: Vec<Bound>,
    /// How long after a hard clear something of before it was still served as current, in seconds.
    pub after_clear_s: f64,
    /// What was simulated: requests of clients, those that were run, isolates born, commands.
    pub simulated: [f64; 4],
    pub factor: f64,
}

/// Tallies of all kinds, for the whole planet.
struct Counted<'a> {
    planet: &'a Planet,
    factor: f64,
}

impl Counted<'_> {
    fn of(&self, kind: Kind) -> Tally {
        let tally = self.planet.shared.meter.total(kind, self.factor);
        if !matches!(kind, Kind::Claim | Kind::Lease) || tally.count <= 0.0 {
            return tally;
        }
        // A lease that led to no load, since another isolate had just loaded: each colo does so for itself.
        let loads = self.planet.shared.meter.total(Kind::Load, self.factor).count;
        let more = (tally.count - loads).max(0.0) * (self.factor - 1.0);
        tally.times(1.0 + more / tally.count)
    }

    /// All of Redis' commands.
    fn redis(&self) -> Tally {
        let kinds = Kind::ALL.into_iter().filter(|kind| kind.is_redis());
        kinds.fold(Tally::default(), |sum, kind| sum.plus(self.of(kind), 1.0))
    }

    fn changes(&self) -> f64 {
        number(self.planet.shared.history.borrow().changes())
    }

    /// Loads that are necessary: cron's, and for what it does not warm one a TTL; for both one after each clear.
    fn loads(&self) -> f64 {
        let totals = &self.planet.totals;
        let plan = &self.planet.plan;
        let unwarmed =
            if self.planet.demand.share(1) > 0.0 { plan.length_ms() / ms(plan.ttl) } else { 0.0 };
        totals.clears.mul_add(number(SOURCES.len()), totals.crons + unwarmed + 1.0)
    }

    /// How often at least something is necessary.
    fn floor(&self, kind: Kind) -> f64 {
        let totals = &self.planet.totals;
        match kind {
            Kind::Check if self.planet.plan.has_colo_cache => {
                totals.floor_colo_checks * self.factor
            }
            Kind::Check => totals.floor_checks * self.factor,
            Kind::Flush => totals.floor_flushes.mul_add(self.factor, totals.crons),
            Kind::Snapshot if self.planet.plan.has_colo_cache => {
                totals.floor_colo_snapshots.mul_add(self.factor, self.changes())
            }
            Kind::Snapshot => totals.floor_snapshots.mul_add(self.factor, self.changes()),
            Kind::Claim | Kind::Load | Kind::KvList => self.loads(),
            Kind::Lease => totals.floor_probes.mul_add(self.factor, self.loads()),
            Kind::Publish | Kind::Renew => self.loads() / 2.0,
            Kind::Control => totals.clears * 4.0,
            Kind::Report => totals.crons,
            Kind::Derived => self.derived(),
            // One for each content: the others of a data center are told.
            Kind::Look if self.planet.plan.has_colo_cache => {
                totals.floor_colo_snapshots * self.factor
            }
            Kind::Look => totals.floor_looks * self.factor,
            Kind::KvRead => totals.floor_apart * self.factor,
            Kind::KvWrite => self.kv_writes(),
            Kind::FailedLoad => self.failed_loads(),
            Kind::LogLine => self.lines(),
            Kind::Wait => (totals.floor_waits + totals.floor_probes) * self.factor,
            Kind::Listing => totals.floor_own_keys * self.factor,
        }
    }

    /// Copies in KV are no older than a quarter of an hour when they are made, by the next of cron's loads, or by that of a TTL.
    fn kv_writes(&self) -> f64 {
        let (plan, clears) = (&self.planet.plan, self.planet.totals.clears);
        let cron = ms(plan.cron_every);
        let rewritten = (KV_REWRITTEN_MS / cron).ceil() * cron;
        let warm = number(SOURCES[0].warm_views().len()) + 1.0;
        let of_source = |every: f64, values: f64| (plan.length_ms() / every + clears) * values;
        of_source(rewritten, warm) + of_source(ms(plan.ttl), 1.0) + clears
    }

    /// Whether the origin is there again is tried once a minute for each source, and by cron.
    fn failed_loads(&self) -> f64 {
        let plan = &self.planet.plan;
        let minutes = plan
            .origin_outage
            .map_or(0.0, |(_, length)| ms(Duration::from_secs(length * 60)) / 60_000.0);
        minutes * (number(SOURCES.len()) + 60_000.0 / ms(plan.cron_every))
    }

    /// A line for each hit that is to be logged, and for each request that was none; cron's and operators' reports.
    fn lines(&self) -> f64 {
        let totals = &self.planet.totals;
        let one_in = f64::from(u32::try_from(self.planet.plan.log_hits_one_in.max(1)).unwrap());
        let misses = totals.colo + totals.redis + totals.kv + totals.origin + totals.unavailable;
        (totals.memory / one_in + misses).mul_add(self.factor, totals.crons + totals.clears)
    }

    /// Listings that nobody keeps warm: they are there as long as their source's content lasts if each is sent once, and once a
    /// TTL, with which they expire.
    fn derived(&self) -> f64 {
        let (plan, demand) = (&self.planet.plan, &self.planet.demand);
        let of = |source| {
            let views = demand.of(source).filter(|(_, wanted)| !wanted.view.is_warm());
            number(views.count())
        };
        let ttl = u64::try_from(plan.ttl.as_millis()).unwrap();
        let length = Duration::from_secs_f64(plan.hours * 3_600.0);
        let end = BEGIN + u64::try_from(length.as_millis()).unwrap();
        let spans = self.planet.shared.history.borrow().spans(BEGIN, end);
        let warmed: u64 = spans.iter().map(|span| span.div_ceil(ttl)).sum();
        let warmed = f64::from(u32::try_from(warmed).unwrap()) + self.planet.totals.clears;
        of(0).mul_add(warmed, of(1) * (plan.length_ms() / ms(plan.ttl) + self.planet.totals.clears))
    }
}

impl Report {
    pub fn of(planet: &Planet) -> Self {
        let (plan, totals) = (&planet.plan, &planet.totals);
        let factor = plan.factor();
        let counted = Counted { planet, factor };
        let requests = totals.requests * factor;
        let reached = totals.reached * factor;
        let per_million = |value: f64| value / requests * 1e6;
        let redis: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kind.is_redis()).collect();
        let figure = |name, value: f64, floor: Option<f64>| Figure {
            name,
            value: per_million(value),
            floor: floor.map(per_million),
            bytes: None,
        };
        let command = |kind: &Kind| {
            let tally = counted.of(*kind);
            let bytes = [tally.bytes_up, tally.bytes_down].map(per_million);
            let figure = figure(kind.name(), tally.count, Some(counted.floor(*kind)));
            Figure { bytes: Some(bytes), ..figure }
        };
        let commands: Vec<Figure> = redis.iter().map(command).collect();
        let month = 720.0 / plan.hours;
        let all = counted.redis();
        let loads = counted.of(Kind::Load).count;
        let loads_apart = loads_apart(planet);
        let kv_writes = counted.of(Kind::KvWrite).count + counted.of(Kind::KvList).count;
        let served = totals.requests - totals.unavailable;
        let hits = served - totals.origin;
        Self {
            figures: figures(&counted, &figure, &redis, all),
            commands,
            tiers: tiers(totals),
            stale: totals.stale / totals.requests,
            unavailable: totals.unavailable / totals.requests,
            staleness_s: [
                totals.staleness.quantile(0.5) / 1e3,
                totals.staleness.quantile(0.99) / 1e3,
                totals.staleness.worst / 1e3,
            ],
            behind: totals.staleness.share(),
            latency_ms: [totals.latency.quantile(0.5), totals.latency.quantile(0.99)],
            within_20_ms: totals.latency.share_within(20.0),
            hit_rate: hits / totals.requests,
            loads_apart,
            loads,
            loads_saved: 1.0 - loads / loads_apart,
            bounds: bound::of(&counted),
            after_clear_s: totals.after_clear / 1e3,
            month: Month {
                requests: reached * month,
                redis_commands: all.count * month,
                redis_bytes: (all.bytes_up + all.bytes_down) * month,
                kv_reads: counted.of(Kind::KvRead).count * month,
                kv_writes: kv_writes * month,
            },
            simulated: [
                totals.requests,
                totals.run,
                totals.births,
                planet.shared.meter.redis().count,
            ],
            factor,
        }
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let figures = |figures: &[Figure]| -> Vec<Value> {
            let of = |figure: &Figure| {
                json!({
                    "name": figure.name, "per_million": figure.value, "floor": figure.floor, "over": figure.is_over(),
                    "bytes": figure.bytes,
                })
            };
            figures.iter().map(of).collect()
        };
        let bills = self
            .month
            .bills()
            .into_iter()
            .map(|bill| json!({ "plan": bill.plan, "dollars": bill.dollars }));
        json!({
            "commands": figures(&self.commands),
            "figures": figures(&self.figures),
            "tiers": self.tiers.iter().map(|(name, share)| json!({ "tier": name, "share": share })).collect::<Vec<_>>(),
            "stale": self.stale,
            "unavailable": self.unavailable,
            "staleness_s": { "p50": self.staleness_s[0], "p99": self.staleness_s[1], "worst": self.staleness_s[2] },
            "behind": self.behind,
            "cached_answers": { "p50_ms": self.latency_ms[0], "p99_ms": self.latency_ms[1], "within_20_ms": self.within_20_ms },
            "hit_rate": self.hit_rate,
            "loads": { "now": self.loads, "by_listing": self.loads_apart, "saved": self.loads_saved },
            "a_day": self.bounds.iter().copied().map(Bound::to_json).collect::<Vec<_>>(),
            "current_after_hard_clear_s": self.after_clear_s,
            "prices_of": prices::DATE,
            "month": bills.collect::<Vec<_>>(),
            "simulated": {
                "requests": self.simulated[0], "run": self.simulated[1], "isolates": self.simulated[2],
                "redis_commands": self.simulated[3], "multiplied_by": self.factor,
            },
        })
    }
}

fn figures(
    counted: &Counted<'_>,
    figure: &dyn Fn(&'static str, f64, Option<f64>) -> Figure,
    redis: &[Kind],
    all: Tally,
) -> Vec<Figure> {
    // A floor in bytes: what is necessary, each as large as it was.
    let floor_of = |of: &dyn Fn(&Tally) -> f64| -> f64 {
        let floors = redis.iter().map(|kind| {
            let tally = counted.of(*kind);
            if tally.count > 0.0 {
                of(&tally) / tally.count * counted.floor(*kind).min(tally.count)
            } else {
                0.0
            }
        });
        floors.sum()
    };
    let count = |kind: Kind| counted.of(kind).count;
    let floor = |kind: Kind| Some(counted.floor(kind));
    vec![
        figure("Redis commands", all.count, Some(floor_of(&|tally| tally.count))),
        figure("Redis requests", all.requests, Some(floor_of(&|tally| tally.requests))),
        figure("bytes up", all.bytes_up, Some(floor_of(&|tally| tally.bytes_up))),
        figure("bytes down", all.bytes_down, Some(floor_of(&|tally| tally.bytes_down))),
        figure("KV reads", count(Kind::KvRead), floor(Kind::KvRead)),
        figure("KV writes", count(Kind::KvWrite), floor(Kind::KvWrite)),
        figure("KV lists", count(Kind::KvList), floor(Kind::KvList)),
        figure("origin loads", count(Kind::Load), floor(Kind::Load)),
        figure("origin loads failed", count(Kind::FailedLoad), floor(Kind::FailedLoad)),
        figure("log lines", count(Kind::LogLine), floor(Kind::LogLine)),
    ]
}

/// Which share of requests each tier answered.
fn tiers(totals: &Totals) -> Vec<(&'static str, f64)> {
    vec![
        ("front", totals.front / totals.requests),
        ("memory", totals.memory / totals.requests),
        ("colo", totals.colo / totals.requests),
        ("redis", totals.redis / totals.requests),
        ("kv", totals.kv / totals.requests),
        ("origin", totals.origin / totals.requests),
    ]
}

/// How often a backend would load that loads each listing by itself, once a TTL in which somebody asks for it, and after each
/// clear.
fn loads_apart(planet: &Planet) -> f64 {
    let plan = &planet.plan;
    let rate = plan.requests_per_s / 1_000.0;
    let of = |share: f64| plan.length_ms() / (ms(plan.ttl) + 1.0 / (rate * share));
    let views = &planet.demand.views;
    let clears = planet.totals.clears * number(views.len());
    views.iter().map(|wanted| of(wanted.share)).sum::<f64>() + clears
}
