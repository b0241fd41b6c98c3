//! One tier of a shared HTTP cache (RFC 9111, 5861, 9213) with tags and soft invalidation: what Workers Cache is documented to be.

use std::{cell::RefCell, collections::HashMap, time::Duration};

use model_catalog_edge::{http::Response, ports::Timestamp};

/// What is kept of a page.
#[derive(Clone)]
struct Stored {
    response: Response,
    /// When it came, how old it was then, and how long it may be used.
    at: Timestamp,
    age: Duration,
    fresh: Duration,
    revalidate: Duration,
    is_invalidated: bool,
}

/// A tier.
pub(super) struct SharedCache {
    /// Whether it says how long it had what it gives, and counts what was said so.
    tells_age: bool,
    stored: RefCell<HashMap<String, Stored>>,
}

impl SharedCache {
    pub(super) fn new(tells_age: bool) -> Self {
        Self { tells_age, stored: RefCell::default() }
    }

    /// Answers from what is kept, and by `fetch`, which is handed the tag of what is there.
    pub(super) fn get(
        &self,
        path: &str,
        now: Timestamp,
        fetch: impl Fn(Option<&str>) -> (Response, Timestamp),
    ) -> Response {
        let held = self.stored.borrow().get(path).cloned();
        let Some(held) = held else { return self.fill(path, None, fetch) };
        let age = held.age + now.since(held.at);
        if age < held.fresh && !held.is_invalidated {
            return self.given(&held, age);
        }
        let may_be_stale = age < held.fresh + held.revalidate;
        let asked = self.fill(path, Some(&held), fetch);
        if may_be_stale { self.given(&held, age) } else { asked }
    }

    /// Declares stale what has one of these tags.
    pub(super) fn invalidate(&self, tags: &[String]) {
        for stored in self.stored.borrow_mut().values_mut() {
            let tag = stored.response.header("cache-tag").unwrap_or_default();
            stored.is_invalidated |= tag.split(',').any(|tag| tags.iter().any(|of| of == tag));
        }
    }

    fn fill(
        &self,
        path: &str,
        held: Option<&Stored>,
        fetch: impl Fn(Option<&str>) -> (Response, Timestamp),
    ) -> Response {
        let (fetched, at) = fetch(held.and_then(|held| held.response.header("etag")));
        let response = match held {
            // The body stays, the headers are new.
            Some(held) if fetched.status == 304 => {
                Response { status: 200, body: held.response.body.clone(), ..fetched }
            }
            _ => fetched,
        };
        let told = response.header("cloudflare-cdn-cache-control");
        let told = told.or_else(|| response.header("cache-control")).expect("every answer says it");
        if told.contains("no-store") {
            self.stored.borrow_mut().remove(path);
            return response;
        }
        let age = response.header("age").filter(|_| self.tells_age);
        let stored = Stored {
            at,
            age: Duration::from_secs(age.map_or(0, |age| age.parse().unwrap())),
            fresh: directive(told, "max-age"),
            revalidate: directive(told, "stale-while-revalidate"),
            is_invalidated: false,
            response,
        };
        let given = self.given(&stored, stored.age);
        self.stored.borrow_mut().insert(path.to_owned(), stored);
        given
    }

    fn given(&self, stored: &Stored, age: Duration) -> Response {
        let mut response = stored.response.clone();
        if self.tells_age {
            response.headers.retain(|(name, _)| *name != "age");
            response = response.with("age", age.as_secs().to_string());
        }
        response
    }
}

fn directive(told: &str, name: &str) -> Duration {
    let parts = told.split(", ").filter_map(|part| part.split_once('='));
    let found = parts.filter(|(known, _)| *known == name).find_map(|(_, secs)| secs.parse().ok());
    Duration::from_secs(found.unwrap_or(0))
}
