//! A page of a walk: of one version of the catalog, from its first page to its last, whatever is published meanwhile (docs/api.md, "A
//! walk that sees one version").

use std::time::Duration;

use form_urlencoded::Serializer;

use crate::{
    cache::{Answer, Cache, Lost, Trace},
    catalog::{Scope, Source},
    http::{
        endpoints::listed::{Asked, body, respond, tail},
        headers,
        params::unique::{Query, Walk, cursor::Cursor},
        problem,
        response::Response,
    },
};

/// Redis may answer again after this.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The page, of what was found if that is the version that is walked, else of what is kept of that. 410 where it is not.
pub(super) async fn page(
    cache: &Cache,
    asked: Asked<'_>,
    query: &Query,
    found: Answer,
    trace: Trace,
) -> Response {
    let there = found.listing.version();
    let (answer, trace) = match query.walk {
        Some(Walk::Continue(version)) if there != Some(version) => {
            match cache.earlier(query.selection.into(), version).await {
                Ok(earlier) => earlier,
                Err(Lost::Gone) => {
                    let detail =
                        "The version that is walked is not kept any more. Begin the walk anew.";
                    return problem::gone(detail, &first(asked.path, query));
                }
                Err(Lost::Unreachable) => {
                    let detail = "The version that is walked cannot be read now";
                    return problem::unavailable(detail, RETRY_AFTER);
                }
            }
        }
        _ => (found, trace),
    };
    let Some(version) = answer.listing.version() else {
        // Under a view's own key is a listing of no version.
        return problem::unavailable("There is no whole catalog to walk now", RETRY_AFTER);
    };
    cache.pin(Source::from(query.selection.scope), version);
    let end = query.page.offset.saturating_add(query.page.limit);
    let position = u32::try_from(end).ok().filter(|_| end < answer.listing.len());
    let next =
        position.map(|position| Cursor { version, selection: query.selection, position }.to_text());
    let listing = &answer.listing;
    let tail = tail(query, listing.len(), "", &with_cursor(version, next.as_deref()));
    let etag = headers::etag(listing.digest(&query.page), &tail);
    let pages = (link(asked.path, query, next.as_deref()), listing.len());
    let body = || body(listing, &query.page, &tail);
    let served = (&answer, &trace, cache.policy());
    respond(asked, query.selection.scope, served, (etag, body), Some(pages))
}

/// The version and where to go on, as members behind those of a whole listing.
fn with_cursor(version: u64, next: Option<&str>) -> String {
    let next = next.map_or("null".to_owned(), |next| format!("\"{next}\""));
    format!(",\"version\":\"{version:016x}\",\"next_cursor\":{next}")
}

fn link(path: &str, query: &Query, next: Option<&str>) -> String {
    let limit = query.page.limit;
    let mut link = format!("<{}>; rel=\"first\"", first(path, query));
    if let Some(next) = next {
        let next = format!("<{path}?cursor={next}&limit={limit}>; rel=\"next\"");
        link = [link, next].join(", ");
    }
    link
}

/// Where the same walk begins.
fn first(path: &str, Query { selection, page, .. }: &Query) -> String {
    let mut asked = Serializer::new(String::new());
    asked.append_pair("cursor", "*").append_pair("limit", &page.limit.to_string());
    if let Some(minimum) = selection.min_providers {
        asked.append_pair("min_providers", &minimum.to_string());
    }
    asked.append_pair("sort_by", selection.sort.as_str());
    asked.append_pair("order", selection.order.as_str());
    if selection.scope == Scope::All {
        asked.append_pair("include_inactive", "true");
    }
    [path, "?", &asked.finish()].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        catalog::{Page, Selection},
        http::params::{Shape, unique::parse},
    };

    #[test]
    fn a_walk_is_what_its_cursor_says_and_nothing_else() {
        let selection = Selection { min_providers: Some(2), ..Selection::default() };
        let cursor = Cursor { version: 7, selection, position: 30 }.to_text();
        for query in ["cursor=", "cursor=*", "cursor=%2A&limit=5"] {
            assert_eq!(parse(Shape::Listing, query).unwrap().walk, Some(Walk::Begin), "{query}");
        }
        for query in ["limit=5", "limit=5&min_providers=2", "limit=5&min_providers=+2&order=DESC"] {
            let query = parse(Shape::Listing, &format!("{query}&cursor={cursor}")).unwrap();
            assert_eq!((query.selection, query.walk), (selection, Some(Walk::Continue(7))));
            assert_eq!(query.page, Page { limit: 5, offset: 30 });
            assert_eq!((query.offset.as_str(), query.min_providers.unwrap().as_str()), ("30", "2"));
        }
        for (query, name) in [
            (format!("cursor={cursor}&offset=0"), "offset"),
            ("cursor=*&offset=3".to_owned(), "offset"),
            (format!("cursor={cursor}&min_providers=3"), "cursor"),
            (format!("cursor={cursor}&sort_by=name"), "cursor"),
            (format!("cursor={cursor}&provider=groq"), "cursor"),
            ("cursor=*&view=stable".to_owned(), "cursor"),
            (format!("cursor={cursor}x"), "cursor"),
            (format!("cursor={cursor}&limit=0"), "limit"),
        ] {
            let mistakes = parse(Shape::Listing, &query).unwrap_err();
            assert_eq!(json!(mistakes[0])["loc"], json!(["query", name]), "{query}");
        }
    }
}
