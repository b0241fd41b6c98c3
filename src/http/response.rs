//! Answers: status, headers, body. The only place where an error becomes a status.

use std::time::Duration;

use serde_json::{Value, json};

use crate::config::ConfigError;

/// What only a listing may be, and what everything else must not (PLATFORM.md §1: without a directive Workers Cache
/// would keep a 200 for two hours).
const NO_STORE: &str = "no-store";

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A body of JSON that must not be stored.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", NO_STORE, body.to_string().into_bytes())
    }

    /// A body of a type, with what caches may do.
    pub fn new(status: u16, content_type: &str, cache_control: &str, body: Vec<u8>) -> Self {
        let headers = vec![
            ("content-type", content_type.to_owned()),
            ("cache-control", cache_control.to_owned()),
        ];
        Self { status, headers, body }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same for HEAD: the headers of the answer to GET, its length among them.
    #[must_use]
    pub fn without_body(self) -> Self {
        let length = self.body.len().to_string();
        Self { body: Vec::new(), ..self }.with("content-length", length)
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| *header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// An error of ours (RFC 9457); `detail` is what the backend's clients read.
    pub fn problem(status: u16, title: &str, detail: &str) -> Self {
        let body =
            json!({ "type": "about:blank", "title": title, "status": status, "detail": detail });
        let body = body.to_string().into_bytes();
        Self::new(status, "application/problem+json", NO_STORE, body)
    }

    /// Parameters that are wrong: FastAPI's own body, one item for each (REFERENCE.md §3).
    pub fn unprocessable(items: &[Value]) -> Self {
        Self::json(422, &json!({ "detail": items }))
    }

    /// No such route.
    pub fn not_found() -> Self {
        Self::problem(404, "Not Found", "Not Found")
    }

    /// A route, but not for this method.
    pub fn method_not_allowed(allowed: &str) -> Self {
        Self::problem(405, "Method Not Allowed", "Method Not Allowed").with("allow", allowed)
    }

    /// What a route can be asked.
    pub fn options(allowed: &str) -> Self {
        let headers = vec![("allow", allowed.to_owned()), ("cache-control", NO_STORE.to_owned())];
        Self { status: 204, headers, body: Vec::new() }
    }

    /// Missing or wrong credentials.
    pub fn unauthorized() -> Self {
        let detail = "A valid bearer token is required";
        Self::problem(401, "Unauthorized", detail)
            .with("www-authenticate", "Bearer realm=\"cache\"")
    }

    /// A body over the limit.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("The body may have at most {limit} bytes");
        Self::problem(413, "Content Too Large", &detail)
    }

    /// Something needed can not answer now.
    pub fn unavailable(detail: &str, retry_after: Duration) -> Self {
        // Whole seconds, rounded up: an early retry would find the same.
        let secs = retry_after.saturating_add(Duration::from_millis(999)).as_secs().max(1);
        Self::problem(503, "Service Unavailable", detail).with("retry-after", secs.to_string())
    }

    /// This deployment does not do that.
    pub fn conflict(detail: &str) -> Self {
        Self::problem(409, "Conflict", detail)
    }

    /// Settings that are missing or wrong, by name.
    pub fn misconfigured(error: &ConfigError) -> Self {
        Self::problem(500, "Internal Server Error", &error.to_string())
    }
}
