//! Counters as metrics: families by the field's conventions, with the names that the backend's dashboards know.

use std::collections::BTreeMap;

use super::{
    counters::Counter,
    labels::{Label, LoadTime},
};
use crate::ports::Tier;

/// Metrics of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// The name.
    pub name: String,
    /// What it means, in one sentence.
    pub help: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// Its values.
    pub samples: Vec<Sample>,
}

/// How a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Up alone.
    Counter,
    /// Up and down.
    Gauge,
    /// Buckets of counts, with their sum.
    Histogram,
}

impl Kind {
    /// The word of the exposition format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A value of a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What follows the family's name: `_bucket`, `_sum` or `_count` of a histogram.
    pub suffix: &'static str,
    /// Names and values of its labels: words of ours, or slugs of the registry.
    pub labels: Vec<(&'static str, String)>,
    /// The number, as it is written.
    pub value: String,
}

impl Sample {
    /// A value with labels.
    pub fn new(labels: &[(&'static str, &str)], value: &impl ToString) -> Self {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { suffix: "", labels, value: value.to_string() }
    }
}

impl Family {
    /// A family whose values may fall.
    pub(in crate::cache) fn gauge(name: &str, help: &'static str, samples: Vec<Sample>) -> Self {
        Self { name: name.to_owned(), help, kind: Kind::Gauge, samples }
    }
}

/// The families of all counters. A series is there from the beginning, at 0, so that its first count is seen as a rise; only of those
/// with two labels just what was counted, since most of their combinations never are.
pub(in crate::cache) fn families(of: impl Fn(Counter) -> u64) -> Vec<Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    for counter in Counter::all() {
        let Some(Series { name, help, labels }) = series(counter) else { continue };
        let count = of(counter);
        let (kind, samples) = (Kind::Counter, Vec::new());
        let family = Family { name: name.clone(), help, kind, samples };
        let family = families.entry(name).or_insert(family);
        if count > 0 || labels.len() < 2 {
            family.samples.push(Sample::new(&labels, &count));
        }
    }
    families.into_values().chain([load_durations(&of), hit_rate(&of)]).collect()
}

/// Where a counter is shown.
struct Series {
    name: String,
    help: &'static str,
    labels: Vec<(&'static str, &'static str)>,
}

/// None for what is the sum of others, or shown in another form.
fn series(counter: Counter) -> Option<Series> {
    let tier = |name: &str, help, tier: Tier| {
        Some(Series { name: name.to_owned(), help, labels: vec![("tier", tier.as_str())] })
    };
    let hits = |of| tier("cache_hits_total", "Requests answered from a cache, by its tier.", of);
    let errors = |of| tier("cache_errors_total", "Failed calls, by the tier that was called.", of);
    let name = match counter {
        Counter::Hits
        | Counter::Stale
        | Counter::Errors
        | Counter::Invalidations
        | Counter::Quarantined
        | Counter::PublishRefused
        | Counter::OriginLoadTimes(_)
        | Counter::OriginLoadMillis => return None,
        Counter::MemoryHits => return hits(Tier::Memory),
        Counter::ColoHits => return hits(Tier::Colo),
        Counter::UpstashHits => return hits(Tier::Upstash),
        Counter::KvHits => return hits(Tier::Kv),
        Counter::ColoErrors => return errors(Tier::Colo),
        Counter::UpstashErrors => return errors(Tier::Upstash),
        Counter::KvErrors => return errors(Tier::Kv),
        Counter::OriginErrors => return errors(Tier::Origin),
        Counter::Misses => "cache_misses_total".to_owned(),
        Counter::InvalidationCauses(_) => "cache_invalidations_total".to_owned(),
        Counter::MissedInvalidations => "missed_invalidations_total".to_owned(),
        Counter::RedisConnectionErrors => "redis_connection_errors_total".to_owned(),
        other => format!("catalog_{}_total", other.as_str()),
    };
    Some(Series { name, help: counter.help(), labels: counter.labels() })
}

fn load_durations(of: impl Fn(Counter) -> u64) -> Family {
    let mut count = 0_u64;
    let mut samples = Vec::new();
    let sample =
        |suffix, labels: &[_], value: String| Sample { suffix, ..Sample::new(labels, &value) };
    for time in LoadTime::ALL {
        count = count.saturating_add(of(Counter::OriginLoadTimes(*time)));
        samples.push(sample("_bucket", &[("le", time.as_str())], count.to_string()));
    }
    samples.push(sample("_sum", &[], thousandths(of(Counter::OriginLoadMillis))));
    samples.push(sample("_count", &[], count.to_string()));
    Family {
        name: "catalog_origin_load_duration_seconds".to_owned(),
        help: "How long loads of a snapshot from the origin took, failed ones included.",
        kind: Kind::Histogram,
        samples,
    }
}

fn hit_rate(of: impl Fn(Counter) -> u64) -> Family {
    let (hits, others) = (of(Counter::Hits), [Counter::Misses, Counter::Unavailable].map(&of));
    let all = others.into_iter().fold(hits, u64::saturating_add);
    let rate = hits.saturating_mul(1_000).checked_div(all);
    let samples = rate.map(|rate| Sample::new(&[], &thousandths(rate)));
    let help = "Requests answered from a cache, of all that a listing could be given for: from 0 to 1, since counting began.";
    Family::gauge("cache_hit_rate", help, samples.into_iter().collect())
}

/// A number of thousandths as a decimal: 1,500 is `1.500`.
pub(in crate::cache) fn thousandths(number: u64) -> String {
    let whole = number.checked_div(1_000).unwrap_or(0);
    format!("{whole}.{:03}", number.saturating_sub(whole.saturating_mul(1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(counts: &[(Counter, u64)]) -> Vec<Family> {
        families(|counter| {
            let found = counts.iter().find(|(counted, _)| *counted == counter);
            found.map_or(0, |(_, count)| *count)
        })
    }

    fn values<'a>(families: &'a [Family], name: &str) -> Vec<(&'a str, &'a str)> {
        let family = families.iter().find(|family| family.name == name).unwrap();
        let samples = family.samples.iter();
        let value = |sample: &'a Sample| {
            (sample.labels.first().map_or("", |(_, value)| value.as_str()), sample.value.as_str())
        };
        samples.map(value).collect()
    }

    #[test]
    fn a_family_has_every_tier_of_its_own_from_the_beginning() {
        let families = counted(&[(Counter::KvHits, 3), (Counter::Misses, 2)]);
        let hits = [("memory", "0"), ("colo", "0"), ("upstash", "0"), ("kv", "3")];
        assert_eq!(values(&families, "cache_hits_total"), hits);
        assert_eq!(values(&families, "cache_misses_total"), [("", "2")]);
        assert_eq!(values(&families, "catalog_requests_total"), []);
    }

    #[test]
    fn buckets_hold_those_before_them() {
        let families = counted(&[
            (Counter::OriginLoadTimes(LoadTime::Quarter), 2),
            (Counter::OriginLoadTimes(LoadTime::Two), 1),
            (Counter::OriginLoadTimes(LoadTime::Longer), 1),
            (Counter::OriginLoadMillis, 11_045),
        ]);
        let expected = [
            ("0.25", "2"),
            ("0.5", "2"),
            ("1", "2"),
            ("2", "3"),
            ("4", "3"),
            ("8", "3"),
            ("+Inf", "4"),
            ("", "11.045"),
            ("", "4"),
        ];
        assert_eq!(values(&families, "catalog_origin_load_duration_seconds"), expected);
    }

    #[test]
    fn the_hit_rate_is_of_all_that_asked_for_a_listing() {
        let rate = |counts: &[_]| {
            values(&counted(counts), "cache_hit_rate").first().map(|(_, rate)| (*rate).to_owned())
        };
        assert_eq!(rate(&[]), None);
        let counts = [(Counter::Hits, 5), (Counter::Misses, 2), (Counter::Unavailable, 1)];
        assert_eq!(rate(&counts).as_deref(), Some("0.625"));
        assert_eq!(rate(&[(Counter::Hits, 7)]).as_deref(), Some("1.000"));
    }

    #[test]
    fn no_name_is_two_families() {
        let families = counted(&[]);
        let names: std::collections::BTreeSet<&str> =
            families.iter().map(|family| family.name.as_str()).collect();
        assert_eq!(names.len(), families.len());
    }
}
