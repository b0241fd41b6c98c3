//! A response as plain data: status, headers, body.

use serde_json::Value;

use super::headers::NO_STORE;

/// A response.
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
    /// A response with a body of a type; `cache_control` says what caches may do with it.
    pub fn new(status: u16, content_type: &str, cache_control: &str, body: Vec<u8>) -> Self {
        let headers = vec![
            ("content-type", content_type.to_owned()),
            ("cache-control", cache_control.to_owned()),
        ];
        Self { status, headers, body }
    }

    /// A response with a body of JSON that no cache may store.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", NO_STORE, body.to_string().into_bytes())
    }

    /// The response to OPTIONS: `allowed` is the value of `Allow`.
    pub fn options(allowed: &str) -> Self {
        let headers = vec![("allow", allowed.to_owned()), ("cache-control", NO_STORE.to_owned())];
        Self { status: 204, headers, body: Vec::new() }
    }

    /// The response with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The response to HEAD where this is the one to GET: the same headers, and its length among them.
    #[must_use]
    pub fn without_body(self) -> Self {
        let length = self.body.len().to_string();
        Self { body: Vec::new(), ..self }.with("content-length", length)
    }

    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| *header == name);
        found.map(|(_, value)| value.as_str())
    }
}
