//! `GET /openapi.json`, `GET /docs` and the pages beside it: what can be asked and what is answered, for programs and for people. Both are made from the route
//! table by the tests of `openapi/`, and embedded as they are committed.

use super::page::page;
use crate::http::{
    headers::{MINUTES, etag, is_held},
    response::Response,
};

const DOCUMENT: &str = include_str!("../../openapi/made/openapi.json");
const PAGE: &str = include_str!("../../openapi/made/docs.html");
const PROVIDERS: &str = include_str!("../../openapi/made/providers.html");
const OPERATORS: &str = include_str!("../../openapi/made/operators.html");

/// The OpenAPI document; 304 to who has it.
pub(in crate::http) fn openapi(if_none_match: Option<&str>) -> Response {
    held_or(Response::new(200, "application/json", MINUTES, DOCUMENT.into()), if_none_match)
}

/// The same as a page; 304 to who has it.
pub(in crate::http) fn docs(if_none_match: Option<&str>) -> Response {
    held_or(page(PAGE), if_none_match)
}

/// The same of the catalogs of providers, which have a page of their own.
pub(in crate::http) fn provider_docs(if_none_match: Option<&str>) -> Response {
    held_or(page(PROVIDERS), if_none_match)
}

/// The same for operators and for senders of webhooks.
pub(in crate::http) fn operator_docs(if_none_match: Option<&str>) -> Response {
    held_or(page(OPERATORS), if_none_match)
}

/// The response with its validator, or 304 to who has what it names.
fn held_or(response: Response, if_none_match: Option<&str>) -> Response {
    let etag = etag(0, &response.body);
    let is_held = if_none_match.is_some_and(|held| is_held(held, &etag));
    let response = if is_held { Response::not_modified(MINUTES) } else { response };
    response.with("etag", etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_document_or_the_page_gets_no_body() {
        for get in [openapi, docs, provider_docs, operator_docs] {
            let whole = get(None);
            assert_eq!((whole.status, whole.body.is_empty()), (200, false));
            assert_eq!(whole.header("cache-control"), Some("public, max-age=300"));
            let tag = whole.header("etag").unwrap().to_owned();
            let held = get(Some(&tag));
            assert_eq!((held.status, held.body.len()), (304, 0));
            assert_eq!((held.header("etag"), held.header("content-type")), (Some(&*tag), None));
            assert_eq!(held.header("cache-control"), Some("public, max-age=300"));
            assert_eq!(get(Some("\"0\"")), whole);
        }
        let tags =
            [openapi, docs, provider_docs].map(|get| get(None).header("etag").map(str::to_owned));
        assert!(tags[0] != tags[1] && tags[1] != tags[2]);
    }
}
