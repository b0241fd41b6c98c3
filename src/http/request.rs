//! A client's request, taken apart by whoever received it.

use std::{borrow::Cow, fmt};

use futures_util::future::LocalBoxFuture;
use percent_encoding::percent_decode_str;

/// Reads a request's body when somebody asks for it. The argument is the most bytes that are taken; the answer is `None`
/// when the body has more, or broke off.
pub type ReadBody = Box<dyn FnOnce(usize) -> LocalBoxFuture<'static, Option<Vec<u8>>>>;

/// The headers of a request that anything here depends on.
#[derive(Clone, Default)]
pub struct RequestHeaders {
    /// The value of `Accept`: what the client would like to have.
    pub accept: Option<String>,
    /// The value of `Authorization`.
    pub authorization: Option<String>,
    /// The value of `CF-Connecting-IP`: the client's address, as the platform sees it.
    pub client_address: Option<String>,
    /// The value of `Origin`: whose page asks, in a browser.
    pub origin: Option<String>,
    /// The value of `If-None-Match`: what the client has.
    pub if_none_match: Option<String>,
    /// The value of `If-Modified-Since`: how old what the client has is.
    pub if_modified_since: Option<String>,
    /// The value of `Cache-Control`: what the client takes.
    pub cache_control: Option<String>,
    /// The value of `X-Webhook-Secret`: what a webhook's sender knows.
    pub webhook_secret: Option<String>,
    /// The value of `X-Webhook-Timestamp`: when a webhook was signed, in seconds since the Unix epoch.
    pub webhook_timestamp: Option<String>,
    /// The value of `X-Webhook-Signature`: `sha256=` and an HMAC in hexadecimal digits.
    pub webhook_signature: Option<String>,
    /// The value of `X-Request-ID`: what the client calls the request.
    pub request_id: Option<String>,
    /// The value of `CF-Ray`: what the platform calls the request.
    pub ray: Option<String>,
}

impl fmt::Debug for RequestHeaders {
    /// Credentials are never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHeaders")
            .field("if_none_match", &self.if_none_match)
            .finish_non_exhaustive()
    }
}

/// A client's request.
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// The path, decoded: `%65` is `e` here, and `%2F` is `/`.
    pub path: String,
    /// What stands behind `?`, as it was sent.
    pub query: String,
    /// What its headers say.
    pub headers: RequestHeaders,
    /// The body, not read yet.
    pub body: ReadBody,
}

impl Request {
    /// A request for a whole URL, such as `https://host/path?query#fragment`. It is split by hand: a URL parser brings
    /// more wasm than the rest of the Worker has (docs/platform.md, "No URL parser").
    pub fn new(method: String, url: &str, headers: RequestHeaders, body: ReadBody) -> Self {
        let Target { path, query } = Target::of(url);
        let (path, query) = (path.into_owned(), query.to_owned());
        Self { method, path, query, headers, body }
    }
}

/// What a URL asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// The path, decoded.
    pub(super) path: Cow<'a, str>,
    /// What stands behind `?`, as it was sent.
    pub(super) query: &'a str,
}

impl<'a> Target<'a> {
    /// Takes a URL apart. What is no encoding stays as it is, and what is no UTF-8 becomes U+FFFD: as in the backend, neither
    /// is a route.
    pub(super) fn of(url: &'a str) -> Self {
        let (path, query) = split(url);
        Self { path: percent_decode_str(path).decode_utf8_lossy(), query }
    }
}

fn split(url: &str) -> (&str, &str) {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let target = after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("/");
    let target = target.split_once('#').map_or(target, |(target, _)| target);
    target.split_once('?').unwrap_or((target, ""))
}

impl fmt::Debug for Request {
    /// Credentials and bodies are never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_path_and_a_query() {
        for (url, expected) in [
            ("https://host/models/unique?limit=1", ("/models/unique", "limit=1")),
            ("http://host:8787/a/b", ("/a/b", "")),
            ("https://host", ("/", "")),
            ("https://host/", ("/", "")),
            ("https://host/a?b?c=/d", ("/a", "b?c=/d")),
            ("https://host/a#b?c", ("/a", "")),
            ("https://host/a?b#c", ("/a", "b")),
            ("/a?b", ("/a", "b")),
        ] {
            assert_eq!(split(url), expected, "{url}");
        }
    }
}
