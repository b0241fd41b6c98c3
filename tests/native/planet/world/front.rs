//! A cache in front of a colo's isolates that honours `max-age` and `stale-while-revalidate`: of the requests for a page only the
//! first after its time reaches an isolate.

use std::time::Duration;

use model_catalog_edge::{cache::Answer, config::Policy, http::cache_control};

use crate::planet::{plan::ms, world::isolate::Made};

/// A page that a colo's cache holds.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    pub at: f64,
    /// When it must be asked for again.
    pub fresh_until: f64,
    /// Until when it is served while it is asked for again.
    pub usable_until: f64,
    pub made: Option<Made>,
}

impl Stored {
    /// What a cache keeps of an answer.
    pub fn of(answer: &Answer, policy: &Policy, at: f64) -> Self {
        let header = cache_control(answer.served, answer.age, policy);
        let of = |name: &str| {
            let secs = directive(&header, name).unwrap_or(0);
            ms(Duration::from_secs(secs))
        };
        // Ages count from the origin's read on.
        let age = ms(Duration::from_secs(answer.age.as_secs()));
        let fresh_until = at + (of("max-age") - age).max(0.0);
        let usable_until = fresh_until + of("stale-while-revalidate");
        Self { at, fresh_until, usable_until, made: Made::of(answer) }
    }
}

fn directive(header: &str, name: &str) -> Option<u64> {
    let parts = header.split(", ").filter_map(|part| part.split_once('='));
    parts.filter(|(known, _)| *known == name).find_map(|(_, value)| value.parse().ok())
}

/// A page in a colo.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub colo: usize,
    pub view: usize,
    /// Requests a ms.
    pub rate: f64,
    pub stored: Option<Stored>,
    /// Which of the arrivals that were planned still holds.
    pub planned: u64,
}
