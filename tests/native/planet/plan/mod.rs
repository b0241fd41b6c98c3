//! How a planet is: its size, its load, and what happens to it in a day.

pub mod chance;
pub mod demand;
pub mod runs;

use std::time::Duration;

/// Minutes from the begin, and for how many.
pub type Outage = Option<(u64, u64)>;

/// A planet. Times are of virtual time.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing that a planet has or has not, whatever else it has"
)]
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub colos: usize,
    /// So many of the colos are simulated, each for as many as it takes to make all of them.
    pub sampled: usize,
    pub isolates_per_colo: usize,
    pub hours: f64,
    /// Requests a second, all colos together.
    pub requests_per_s: f64,
    /// How unlike colos are: the exponent of Zipf.
    pub colo_skew: f64,
    /// How long an isolate lives on average.
    pub lifetime: Duration,
    pub views: usize,
    pub pages: usize,
    /// How unlike views are: the exponent of Zipf.
    pub view_skew: f64,
    /// How often the catalog changes, on average.
    pub change_every: Duration,
    /// That it changes instead just before every so manieth of cron's runs.
    pub change_each_crons: Option<u32>,
    pub cron_every: Duration,
    /// The hours at which an operator clears: softly where `true`.
    pub clears: Vec<(f64, bool)>,
    /// The hours at which all isolates are born anew.
    pub deploys: Vec<f64>,
    pub redis_outage: Outage,
    pub origin_outage: Outage,
    /// Whether everything is loaded and published before the first request, as on a planet that has been there for long.
    pub begins_warm: bool,
    /// Whether the isolates of a colo leave each other what they learned, in its cache.
    pub has_colo_cache: bool,
    /// Whether a cache stands in front of the isolates of each colo.
    pub is_fronted: bool,
    /// Whether hits of which nothing can come are counted and not run.
    pub in_bulk: bool,
    /// Whether the catalog has hundreds of models, as a real one.
    pub is_full_size: bool,
    pub memory_ttl: Duration,
    pub ttl: Duration,
    pub log_hits_one_in: u64,
}

const MINUTE: u64 = 60;

impl Plan {
    /// 300 colos for a day.
    pub fn planet() -> Self {
        Self {
            seed: 1,
            colos: 300,
            sampled: 300,
            isolates_per_colo: 8,
            hours: 24.0,
            requests_per_s: 1_000.0,
            colo_skew: 0.9,
            lifetime: Duration::from_secs(120 * MINUTE),
            views: 40,
            pages: 5,
            view_skew: 1.1,
            change_every: Duration::from_secs(60 * MINUTE),
            change_each_crons: None,
            cron_every: Duration::from_secs(10 * MINUTE),
            clears: vec![(8.3, true), (19.7, false)],
            deploys: vec![12.1],
            redis_outage: Some((6 * 60 + 5, 10)),
            origin_outage: Some((15 * 60 + 5, 45)),
            begins_warm: false,
            has_colo_cache: false,
            is_fronted: false,
            in_bulk: true,
            is_full_size: true,
            memory_ttl: Duration::from_secs(30),
            ttl: Duration::from_secs(1800),
            log_hits_one_in: 100,
        }
    }

    /// Small enough for a test: hours of a few colos with small catalogs.
    pub fn small() -> Self {
        Self {
            colos: 4,
            sampled: 4,
            isolates_per_colo: 3,
            hours: 3.0,
            requests_per_s: 6.0,
            views: 16,
            clears: vec![(1.7, true), (2.2, false)],
            deploys: vec![1.1],
            redis_outage: None,
            origin_outage: None,
            is_full_size: false,
            ..Self::planet()
        }
    }

    /// How many colos each simulated one stands for.
    pub fn factor(&self) -> f64 {
        ratio(self.colos, self.sampled)
    }

    /// All of it, in ms.
    pub fn length_ms(&self) -> f64 {
        self.hours * 3_600_000.0
    }
}

/// One number by another.
pub fn ratio(part: usize, whole: usize) -> f64 {
    let number = |value: usize| f64::from(u32::try_from(value).unwrap());
    number(part) / number(whole)
}

/// A duration in ms.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
