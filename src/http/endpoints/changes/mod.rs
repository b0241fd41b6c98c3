//! `GET /models/unique/changes`: what publications changed (docs/api.md, "Following changes"), as JSON, as lines of JSON, or as a feed.

mod atom;
mod json;
mod told;

use std::time::Duration;

use form_urlencoded::Serializer;

use crate::{
    cache::{Cache, FollowUp},
    catalog::{Scope, Source},
    http::{
        headers::{NO_STORE, preferred},
        params::changes::{Query, parse},
        problem,
        request::RequestHeaders,
        response::Response,
    },
};
use told::Told;

/// What it can be had as.
const KINDS: [&str; 3] = ["application/json", "application/x-ndjson", "application/atom+xml"];

/// A journal that no tier can tell may be there again after this.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Tells what was published since a version, or lately. 410 where that cannot be told without a gap.
pub(crate) async fn get(
    cache: &Cache,
    path: &'static str,
    query: &str,
    headers: &RequestHeaders,
) -> (Response, Vec<FollowUp>) {
    let query = match parse(query) {
        Ok(query) => query,
        Err(mistakes) => return (problem::unprocessable(&mistakes), Vec::new()),
    };
    let source = Source::from(query.scope);
    let (journal, follow_up) = cache.journal(source).await;
    let response = match journal {
        None => problem::unavailable("The journal of changes is unavailable", RETRY_AFTER),
        Some(journal) => match Told::of(&journal, &query) {
            Some(told) => answer(cache, path, &query, headers, &told),
            None => problem::gone(
                "What changed since this version is not known without a gap. Read the catalog anew, and follow the version that it has.",
                &start(path, query.scope),
            ),
        },
    };
    (response, follow_up.into_iter().collect())
}

fn answer(
    cache: &Cache,
    path: &str,
    query: &Query,
    headers: &RequestHeaders,
    told: &Told,
) -> Response {
    let kind = preferred(headers.accept.as_deref().unwrap_or_default(), KINDS);
    let (kind, body) = match kind {
        1 => ("application/x-ndjson", json::lines(query, told)),
        2 => {
            let seed = cache.policy().fingerprint;
            ("application/atom+xml; charset=utf-8", atom::feed(seed, path, query, told))
        }
        _ => ("application/json", json::document(query, told)),
    };
    let mut response = Response::new(200, kind, NO_STORE, body.into_bytes()).varying("Accept");
    if let Some(until) = told.until {
        response = response.with("x-catalog-version", format!("{until:016x}"));
    }
    let mut link = format!("<{}>; rel=\"self\"", target(path, query, query.since));
    if told.has_more {
        link = [&link, ", <", &target(path, query, told.until), ">; rel=\"next\""].concat();
    }
    response.with("link", link)
}

/// Where the same is asked since another version.
fn target(path: &str, query: &Query, since: Option<u64>) -> String {
    let mut asked = Serializer::new(String::new());
    if let Some(since) = since {
        asked.append_pair("since", &format!("{since:016x}"));
    }
    asked.append_pair("limit", &query.limit.to_string());
    if let Some(provider) = &query.provider {
        asked.append_pair("provider", provider);
    }
    if query.scope == Scope::All {
        asked.append_pair("include_inactive", "true");
    }
    [path, "?", &asked.finish()].concat()
}

/// Where the catalog is read anew.
fn start(path: &str, scope: Scope) -> String {
    let catalog = path.strip_suffix("/changes").unwrap_or(path);
    let inactive = if scope == Scope::All { "&include_inactive=true" } else { "" };
    format!("{catalog}?cursor=*&limit=1000{inactive}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_asked_for_as_this_one_was() {
        let target =
            |query: &str| target("/models/unique/changes", &parse(query).unwrap(), Some(255));
        assert_eq!(target(""), "/models/unique/changes?since=00000000000000ff&limit=50");
        assert_eq!(
            target("limit=2&provider=%3E%22&include_inactive=on"),
            "/models/unique/changes?since=00000000000000ff&limit=2&provider=%3E%22&include_inactive=true"
        );
        let start = start("/v1/models/unique/changes", Scope::All);
        assert_eq!(start, "/v1/models/unique?cursor=*&limit=1000&include_inactive=true");
    }
}
