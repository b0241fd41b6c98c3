//! `GET /models/unique`: one page of a listing, and how it was served (docs/api.md, "The listing").

mod walk;

use futures_util::FutureExt;

use crate::{
    cache::{self, Answer, Cache, FollowUp, Outcome, Reason, Served, Trace, Unavailable},
    catalog::{Page, Scope, Source},
    config::Policy,
    http::{
        headers::{self, cache_status},
        params::unique::{Query, parse},
        problem,
        request::RequestHeaders,
        response::Response,
    },
    ports::Timestamp,
};

/// What a client asked for.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The path, as the route has it.
    pub(crate) path: &'static str,
    /// What stands behind `?`, as it was sent.
    pub(crate) query: &'a str,
    /// What its headers say.
    pub(crate) headers: &'a RequestHeaders,
    /// What the request is called in the log.
    pub(crate) request_id: &'a str,
}

impl<'a> Asked<'a> {
    fn of_cache(&self, query: &Query) -> cache::Asked<'a> {
        let directives = headers::directives(self.headers.cache_control.as_deref());
        cache::Asked { view: query.selection.into(), directives, request_id: self.request_id }
    }

    /// Whether the client has what would be sent; `If-Modified-Since` counts only without `If-None-Match` (RFC 9110 §13.2.2).
    fn has(&self, etag: &str, at: Timestamp) -> bool {
        let RequestHeaders { if_none_match, if_modified_since, .. } = self.headers;
        match (if_none_match, if_modified_since) {
            (Some(held), _) => headers::is_held(held, etag),
            (None, Some(since)) => headers::is_unmodified_since(since, at),
            (None, None) => false,
        }
    }
}

/// Looks the listing up and gives the page that was asked for; 304 to who has it. 422 for mistakes in the query; 503 when the origin cannot
/// answer and no tier has anything left; 504 where the client wants nothing of the origin and no tier has what it wants.
pub(crate) async fn get(cache: &Cache, asked: Asked<'_>) -> (Response, Vec<FollowUp>) {
    let query = match parse(asked.query) {
        Ok(query) => query,
        Err(mistakes) => return (problem::unprocessable(&mistakes), Vec::new()),
    };
    let Outcome { answer, trace, follow_ups } = cache.lookup(asked.of_cache(&query)).await;
    let response = match answer {
        Ok(answer) if query.walk.is_some() => {
            walk::page(cache, asked, &query, answer, trace).boxed_local().await
        }
        Ok(answer) => page(asked, &query, &answer, &trace, cache.policy()),
        Err(Unavailable { reason: Reason::OnlyIfCached, .. }) => {
            problem::not_cached().with("cache-status", cache_status(&trace))
        }
        Err(unavailable) => {
            let detail = "The model catalog is temporarily unavailable";
            problem::unavailable(detail, unavailable.retry_after)
                .with("cache-status", cache_status(&trace))
        }
    };
    (response, follow_ups)
}

/// The page that was asked for, if memory can answer at once.
pub(crate) fn hit(cache: &Cache, asked: Asked<'_>) -> Option<Response> {
    let query = parse(asked.query).ok().filter(|query| query.walk.is_none())?;
    let (answer, trace) = cache.hit(asked.of_cache(&query))?;
    Some(page(asked, &query, &answer, &trace, cache.policy()))
}

fn page(
    asked: Asked<'_>,
    query: &Query,
    answer: &Answer,
    trace: &Trace,
    policy: &Policy,
) -> Response {
    let link = headers::link(asked.path, query, answer.listing.len());
    respond(asked, query, (answer, trace), policy, &tail(query, answer), link)
}

/// A page, with what stands behind its models and where to go on.
fn respond(
    asked: Asked<'_>,
    query: &Query,
    (answer, trace): (&Answer, &Trace),
    policy: &Policy,
    tail: &str,
    link: String,
) -> Response {
    let cache_control = headers::listing(answer.served, answer.age, policy);
    let etag = headers::etag(answer.listing.digest(&query.page), tail);
    let response = if asked.has(&etag, answer.at) {
        Response::not_modified(&cache_control)
    } else {
        let body = body(answer, &query.page, tail);
        Response::new(200, "application/json", &cache_control, body)
    };
    let response = response
        .with("etag", etag)
        .with("last-modified", headers::last_modified(answer.at))
        .with("no-vary-search", NO_VARY_SEARCH)
        .with("link", link)
        .with("x-total-count", answer.listing.len().to_string())
        .with("x-cache", answer.served.as_str())
        .with("cache-status", cache_status(trace));
    if policy.front {
        in_front(response, query, answer, policy)
    } else {
        response.with("age", answer.age.as_secs().to_string())
    }
}

/// The page for a cache in front: what it is known by there, and how long it may live there. A stale one lives as long as
/// anywhere. No age is told (docs/platform.md, "Workers Cache and Age").
fn in_front(response: Response, query: &Query, answer: &Answer, policy: &Policy) -> Response {
    let response = response.with("cache-tag", Source::from(query.selection.scope).tag());
    if answer.served == Served::Stale {
        return response;
    }
    let lifetime = headers::front(answer.age, answer.trusted_for(policy), policy);
    response.with("cloudflare-cdn-cache-control", lifetime)
}

/// Which parameters say what is asked for: neither their order nor any other does (No-Vary-Search).
const NO_VARY_SEARCH: &str = "key-order, params, except=(\"limit\" \"offset\" \"min_providers\" \"sort_by\" \
                              \"order\" \"include_inactive\" \"cursor\")";

/// What stands before the models.
const HEAD: &str = "{\"models\":[";

/// What stands behind them.
fn tail(query: &Query, answer: &Answer) -> String {
    let minimum = query.min_providers.as_ref().map_or("null", |minimum| minimum.as_str());
    format!(
        "],\"total\":{},\"limit\":{},\"offset\":{},\"filters\":{{\"min_providers\":{minimum},\
         \"include_inactive\":{}}},\"sort\":{{\"by\":\"{}\",\"order\":\"{}\"}}}}",
        answer.listing.len(),
        query.page.limit,
        query.offset.as_str(),
        query.selection.scope == Scope::All,
        query.selection.sort.as_str(),
        query.selection.order.as_str(),
    )
}

/// The models are copied as they stand in the listing; only what is around them is written here.
fn body(answer: &Answer, page: &Page, tail: &str) -> Vec<u8> {
    let models = answer.listing.page(page);
    let bytes = HEAD.len().saturating_add(models.bytes()).saturating_add(tail.len());
    let mut body = Vec::with_capacity(bytes);
    body.extend_from_slice(HEAD.as_bytes());
    models.write(&mut body);
    body.extend_from_slice(tail.as_bytes());
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::params::unique::Parameter;

    #[test]
    fn every_parameter_makes_another_page_and_no_other_does() {
        let names = Parameter::ALL.map(|parameter| format!("\"{}\"", parameter.as_str()));
        let expected = format!("key-order, params, except=({})", names.join(" "));
        assert_eq!(NO_VARY_SEARCH, expected);
    }
}
