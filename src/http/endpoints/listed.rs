//! What every answer that is made of the catalog's listing has: what was asked, the headers, and what stands around models.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    cache::{self, Answer, Served, Trace},
    catalog::{Listing, Page, Scope, Source},
    config::Policy,
    http::{
        headers::{self, cache_status},
        params::{Shape, unique::Query},
        request::RequestHeaders,
        response::Response,
    },
    ports::Timestamp,
};

/// What a client asked for.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// What the route gives.
    pub(crate) shape: Shape,
    /// The path, as the route has it.
    pub(crate) path: &'static str,
    /// What the path names; empty where it names nothing.
    pub(crate) named: &'a str,
    /// What stands behind `?`, as it was sent.
    pub(crate) query: &'a str,
    /// What its headers say.
    pub(crate) headers: &'a RequestHeaders,
    /// What the request is called in the log.
    pub(crate) request_id: &'a str,
}

impl<'a> Asked<'a> {
    pub(super) fn of_cache(&self, query: &Query) -> cache::Asked<'a> {
        let directives = headers::directives(self.headers.cache_control.as_deref());
        cache::Asked { view: query.selection.into(), directives, request_id: self.request_id }
    }

    /// The path once more, with another name in it.
    pub(super) fn path_of(&self, name: &str) -> String {
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
        self.path.replace("{slug}", &name)
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

/// The answer, with what is said of it. The body is made where the client has not got it; `link` and the number of models are of answers
/// in pages.
pub(super) fn respond(
    asked: Asked<'_>,
    scope: Scope,
    (answer, trace, policy): (&Answer, &Trace, &Policy),
    (etag, body): (String, impl FnOnce() -> Vec<u8>),
    pages: Option<(String, usize)>,
) -> Response {
    let cache_control = headers::listing(answer.served, answer.age, policy);
    let response = if asked.has(&etag, answer.at) {
        Response::not_modified(&cache_control)
    } else {
        Response::new(200, "application/json", &cache_control, body())
    };
    let response = response
        .with("etag", etag)
        .with("last-modified", headers::last_modified(answer.at))
        .with("no-vary-search", NO_VARY_SEARCH);
    let response = match pages {
        Some((link, total)) => response.with("link", link).with("x-total-count", total.to_string()),
        None => response,
    };
    let response =
        response.with("x-cache", answer.served.as_str()).with("cache-status", cache_status(trace));
    if policy.front {
        in_front(response, scope, answer, policy)
    } else {
        response.with("age", answer.age.as_secs().to_string())
    }
}

/// The page for a cache in front: what it is known by there, and how long it may live there. A stale one lives as long as
/// anywhere. No age is told (docs/platform.md, "Workers Cache and Age").
fn in_front(response: Response, scope: Scope, answer: &Answer, policy: &Policy) -> Response {
    let response = response.with("cache-tag", Source::from(scope).tag());
    if answer.served == Served::Stale {
        return response;
    }
    let lifetime = headers::front(answer.age, answer.trusted_for(policy), policy);
    response.with("cloudflare-cdn-cache-control", lifetime)
}

/// Which parameters say what is asked for: neither their order nor any other does (No-Vary-Search).
const NO_VARY_SEARCH: &str = "key-order, params, except=(\"limit\" \"offset\" \"min_providers\" \"sort_by\" \
                              \"order\" \"include_inactive\" \"cursor\" \"name\" \"q\" \"provider\" \"capability\" \"modality\" \
                              \"min_context\" \"max_price\" \"health\" \"fields\" \"facets\" \"view\")";

/// What stands before the models.
pub(super) const HEAD: &str = "{\"models\":[";

/// What stands behind them, of so many models; `filters` and `more` are members that follow those of a whole listing.
pub(super) fn tail(query: &Query, total: usize, filters: &str, more: &str) -> String {
    let minimum = query.min_providers.as_ref().map_or("null", |minimum| minimum.as_str());
    format!(
        "],\"total\":{},\"limit\":{},\"offset\":{},\"filters\":{{\"min_providers\":{minimum},\
         \"include_inactive\":{}{filters}}},\"sort\":{{\"by\":\"{}\",\"order\":\"{}\"}}{more}}}",
        total,
        query.page.limit,
        query.offset.as_str(),
        query.selection.scope == Scope::All,
        query.selection.sort.as_str(),
        query.selection.order.as_str(),
    )
}

/// The models are copied as they stand in the listing; only what is around them is written here.
pub(super) fn body(listing: &Listing, page: &Page, tail: &str) -> Vec<u8> {
    let models = listing.page(page);
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
    use crate::http::params::parameter::Parameter;

    #[test]
    fn every_parameter_makes_another_page_and_no_other_does() {
        let names = Parameter::ALL.map(|parameter| format!("\"{}\"", parameter.as_str()));
        let expected = format!("key-order, params, except=({})", names.join(" "));
        assert_eq!(NO_VARY_SEARCH, expected);
    }
}
