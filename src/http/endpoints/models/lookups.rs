//! What an answer stands on: each catalog is looked up as a view of its own, and the answer is refused when one of them cannot be had.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Asked, standing::Standing};
use crate::{
    cache::{
        self, Answer, Cache, FollowUp, Joined, Outcome, Parts, Reason, Served, Trace, Unavailable,
    },
    catalog::{
        Listing, Page, Selection, Slug, View,
        provider::{
            Registry, RegistryEntry,
            served::{Block, Draft, Gateway, Row, resolve},
        },
    },
    http::{
        headers::{self, cache_status},
        problem,
        response::Response,
    },
};

/// Why there is no answer.
const UNAVAILABLE: &str = "The model catalog is temporarily unavailable";

/// When asking again makes sense after nothing was found: no listing is fresh for longer at a client.
const RETRY_AFTER: Duration = Duration::from_secs(60);

/// What was looked up for one answer so far.
pub(super) struct Lookups<'a> {
    cache: &'a Cache,
    pub(super) asked: Asked<'a>,
    follow_ups: Vec<FollowUp>,
    standing: Option<Standing>,
    /// The providers of a list of several whose part of it is stale.
    stale: Vec<String>,
    /// What a cache in front knows the answer by.
    tag: &'static str,
}

/// The lists of some providers.
pub(super) struct Lists<'r> {
    providers: Vec<&'r RegistryEntry>,
    found: Found,
}

enum Found {
    /// A list for each.
    Each(Vec<Listing>),
    /// One of all.
    Full(Listing),
}

impl Lists<'_> {
    /// What each offers, in the order of the registry.
    pub(super) fn blocks(&self) -> Vec<Block<'_>> {
        match &self.found {
            Found::Each(listings) => {
                let each = self.providers.iter().zip(listings);
                each.map(|(provider, listing)| Block { provider, rows: listing.rows() }).collect()
            }
            Found::Full(listing) => Block::of_full(listing.rows(), &self.providers),
        }
    }

    /// What all of them offer.
    pub(super) fn rows(&self) -> Vec<Row<'_>> {
        Block::rows(&self.blocks())
    }
}

impl<'a> Lookups<'a> {
    pub(super) fn new(cache: &'a Cache, asked: Asked<'a>) -> Self {
        Self { cache, asked, follow_ups: Vec::new(), standing: None, stale: Vec::new(), tag: "" }
    }

    /// The active providers.
    pub(super) async fn registry(&mut self) -> Result<Registry, Response> {
        let outcome = self.look_up(View::Registry).await;
        let listing = self.take(View::Registry, outcome)?;
        match &listing {
            Listing::Ordered(snapshot, _) => snapshot.registry().cloned(),
            Listing::Foreign(array) => Registry::read(&array.text().to_string()).ok(),
        }
        .ok_or_else(|| self.nothing())
    }

    /// The lists of the providers that are asked for.
    pub(super) async fn lists<'r>(
        &mut self,
        registry: &'r Registry,
        gateway: Gateway<'r>,
    ) -> Result<Lists<'r>, Response> {
        let chosen = match gateway {
            Gateway::All => registry.entries(),
            Gateway::One(entry) => std::slice::from_ref(entry),
        };
        let views = chosen
            .iter()
            .filter_map(|entry| Slug::new(&entry.slug).map(|slug| (entry, View::Provider(slug))));
        let (providers, views): (Vec<_>, Vec<_>) = views.unzip();
        let found = match (gateway, &*views) {
            (Gateway::One(_), [view]) => {
                let outcome = self.look_up(*view).await;
                Found::Each(vec![self.take(*view, outcome)?])
            }
            _ => self.look_up_all(&providers, &views).await?,
        };
        Ok(Lists { providers, found })
    }

    async fn look_up_all(
        &mut self,
        providers: &[&RegistryEntry],
        views: &[View],
    ) -> Result<Found, Response> {
        let Joined { found, trace, follow_ups, .. } =
            self.cache.lookup_all(self.asked_of_cache(View::Full), views).await;
        self.follow_ups.extend(follow_ups);
        self.tag = View::Full.source().tag();
        match found {
            Parts::Full(answer) => self.noted(Ok(answer), true, &trace).map(Found::Full),
            Parts::Each(answers) => {
                let named = || providers.iter().map(|provider| &*provider.slug).zip(&answers);
                let stale = named().filter(|(_, answer)| is_stale(answer));
                self.stale = stale.map(|(slug, _)| slug.to_owned()).collect();
                let missing = named().filter(|(_, answer)| answer.is_err());
                let missing: Vec<&str> = missing.map(|(slug, _)| slug).collect();
                let missing = serde_json::json!(missing);
                let noted = answers.into_iter().map(|answer| self.noted(answer, true, &trace));
                let listings: Result<_, Response> = noted.collect();
                listings
                    .map(Found::Each)
                    .map_err(|refusal| problem::with_member(refusal, "missing", missing))
            }
        }
    }

    /// The unique models, in the order of the catalog where a snapshot tells it.
    pub(super) async fn unique(&mut self) -> Result<Listing, Response> {
        let view = View::from(Selection::default());
        let outcome = self.look_up(view).await;
        Ok(match self.take(view, outcome)? {
            Listing::Ordered(snapshot, _) => {
                let order = (0..u32::try_from(snapshot.len()).unwrap_or(u32::MAX)).collect();
                Listing::Ordered(snapshot, order)
            }
            foreign @ Listing::Foreign(_) => foreign,
        })
    }

    async fn look_up(&self, view: View) -> Outcome {
        self.cache.lookup(self.asked_of_cache(view)).await
    }

    fn asked_of_cache(&self, view: View) -> cache::Asked<'a> {
        let directives = headers::directives(self.asked.headers.cache_control.as_deref());
        cache::Asked { view, directives, request_id: self.asked.request_id }
    }

    /// What a lookup came to is noted, and its listing taken.
    fn take(&mut self, view: View, outcome: Outcome) -> Result<Listing, Response> {
        let Outcome { answer, trace, follow_ups } = outcome;
        self.follow_ups.extend(follow_ups);
        self.tag = view.source().tag();
        self.noted(answer, view != View::Registry, &trace)
    }

    /// How an answer was served is noted, and its listing taken.
    fn noted(
        &mut self,
        answer: Result<Answer, Unavailable>,
        is_listed: bool,
        trace: &Trace,
    ) -> Result<Listing, Response> {
        match answer {
            Ok(answer) => {
                let standing = Standing::of(&answer, is_listed, trace.clone(), self.cache.policy());
                self.standing = Some(match self.standing.take() {
                    Some(others) => others.join(standing),
                    None => standing,
                });
                Ok(answer.listing)
            }
            Err(Unavailable { reason: Reason::OnlyIfCached, .. }) => {
                Err(problem::not_cached().with("cache-status", cache_status(trace)))
            }
            Err(Unavailable { retry_after, .. }) => {
                let refusal = problem::unavailable(UNAVAILABLE, retry_after);
                Err(refusal.with("cache-status", cache_status(trace)))
            }
        }
    }

    /// 503: there is nothing where the backend takes nothing for a failure.
    pub(super) fn nothing(&self) -> Response {
        let trace = self.standing.as_ref().map(|standing| cache_status(&standing.trace));
        problem::unavailable(UNAVAILABLE, RETRY_AFTER)
            .with("cache-status", trace.unwrap_or_default())
    }

    /// The response of what was made of it, and what is left to do behind it; `parameters` are those that say what is asked for.
    pub(super) fn respond(
        self,
        draft: Result<Draft, Response>,
        parameters: &[&str],
    ) -> (Response, Vec<FollowUp>) {
        let response = match (draft, &self.standing) {
            (Ok(draft), Some(standing)) => self.answer(draft, standing, parameters),
            // Nothing is made of nothing.
            (Ok(_), None) => self.nothing(),
            (Err(refusal), _) => refusal,
        };
        (response, self.follow_ups)
    }

    fn answer(&self, draft: Draft, standing: &Standing, parameters: &[&str]) -> Response {
        let policy = self.cache.policy();
        let cache_control = headers::listing(standing.served, standing.age, policy);
        let etag = headers::etag(0, draft.text());
        let held = self.asked.headers.if_none_match.as_deref();
        let response = if held.is_some_and(|held| headers::is_held(held, &etag)) {
            Response::not_modified(&cache_control)
        } else {
            let body = draft.finish_at(&standing.timestamp());
            Response::new(200, "application/json", &cache_control, body)
        };
        let response = response
            .with("etag", etag)
            .with("no-vary-search", no_vary_search(parameters))
            .with("x-cache", standing.served.as_str())
            .with("cache-status", cache_status(&standing.trace));
        let response = if self.stale.is_empty() {
            response
        } else {
            response.with("x-stale-providers", names(&self.stale))
        };
        if !policy.front {
            return response.with("age", standing.age.as_secs().to_string());
        }
        let response = response.with("cache-tag", self.tag);
        if standing.served == Served::Stale {
            return response;
        }
        let lifetime = headers::front(standing.age, standing.trusted, policy);
        response.with("cloudflare-cdn-cache-control", lifetime)
    }
}

/// Slugs as a header has them: the database bounds their characters as little as their length.
fn names(slugs: &[String]) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    let slugs = slugs.iter().map(|slug| utf8_percent_encode(slug, PLAIN).to_string());
    slugs.collect::<Vec<_>>().join(", ")
}

fn is_stale(answer: &Result<Answer, Unavailable>) -> bool {
    answer.as_ref().is_ok_and(|answer| answer.served == Served::Stale)
}

/// Every entry of a listing.
pub(super) fn whole(listing: &Listing) -> Vec<&str> {
    listing.records(&Page { limit: listing.len(), offset: 0 }).collect()
}

/// Which gateway a client means; 400 where there is none of that name.
pub(super) fn gateway<'r>(name: &str, registry: &'r Registry) -> Result<Gateway<'r>, Response> {
    resolve(name, registry).map_err(|unknown| problem::bad_request(&unknown.to_string()))
}

/// Which parameters say what is asked for: neither their order nor any other does (No-Vary-Search).
fn no_vary_search(parameters: &[&str]) -> String {
    let quoted: Vec<String> = parameters.iter().map(|name| format!("\"{name}\"")).collect();
    format!("key-order, params, except=({})", quoted.join(" "))
}
