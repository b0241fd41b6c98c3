//! Pages for people: HTML that is made beforehand, and what a browser may do with it.

use crate::http::{headers::MINUTES, response::Response};

/// A page loads nothing and runs nothing: all that is allowed is its own style, by its digest (Content Security Policy Level 3). It is made
/// with the pages, in `openapi/pages.rs`.
const POLICY: &str = include_str!("../../openapi/made/policy.txt");

/// A page, the same for everyone until the next deployment.
pub(super) fn page(html: &'static str) -> Response {
    Response::new(200, "text/html; charset=utf-8", MINUTES, html.into())
        .with("content-security-policy", POLICY)
}
