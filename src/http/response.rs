//! A response as plain data: status, headers, body.

use serde_json::Value;

use super::headers::NO_STORE;

/// A listing has so many.
const HEADERS_LIKELY: usize = 16;

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
        let mut headers = Vec::with_capacity(HEADERS_LIKELY);
        headers.push(("content-type", content_type.to_owned()));
        headers.push(("cache-control", cache_control.to_owned()));
        Self { status, headers, body }
    }

    /// A response with a body of JSON that no cache may store.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", NO_STORE, body.to_string().into_bytes())
    }

    /// The response to who has what would be sent; `cache_control` is what it would be sent with.
    pub fn not_modified(cache_control: &str) -> Self {
        let headers = vec![("cache-control", cache_control.to_owned())];
        Self { status: 304, headers, body: Vec::new() }
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

    /// The response, which depends on one more header of the request: `Vary` names all of them.
    #[must_use]
    pub fn varying(mut self, name: &str) -> Self {
        match self.headers.iter_mut().find(|(header, _)| *header == "vary") {
            Some((_, names)) => {
                names.push_str(", ");
                names.push_str(name);
                self
            }
            None => self.with("vary", name),
        }
    }

    /// The response to HEAD where this is the one to GET: the same headers, and its length among them, unless there is no body anyway.
    #[must_use]
    pub fn without_body(self) -> Self {
        if self.status == 304 {
            return self;
        }
        let length = self.body.len().to_string();
        Self { body: Vec::new(), ..self }.with("content-length", length)
    }

    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| *header == name);
        found.map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_response_has_what_it_was_given() {
        let response = Response::json(422, &json!({"a": 1})).with("allow", "GET");
        assert_eq!((response.status, &*response.body), (422, br#"{"a":1}"#.as_slice()));
        for (name, value) in [
            ("content-type", Some("application/json")),
            ("cache-control", Some("no-store")),
            ("allow", Some("GET")),
            ("age", None),
        ] {
            assert_eq!(response.header(name), value, "{name}");
        }
        let head = response.without_body();
        assert!(head.body.is_empty());
        assert_eq!((head.status, head.header("content-length")), (422, Some("7")));
        assert_eq!(head.header("allow"), Some("GET"));
        let unchanged = Response::not_modified("max-age=1");
        assert_eq!(unchanged.clone().without_body(), unchanged);
        assert_eq!((unchanged.status, unchanged.header("cache-control")), (304, Some("max-age=1")));
    }

    #[test]
    fn what_it_depends_on_is_one_header() {
        let response = Response::default().varying("Accept");
        assert_eq!(response.header("vary"), Some("Accept"));
        let response = response.varying("Origin");
        assert_eq!((response.header("vary"), response.headers.len()), (Some("Accept, Origin"), 1));
    }

    #[test]
    fn options_have_no_body_and_say_what_is_allowed() {
        let response = Response::options("GET, HEAD");
        assert_eq!((response.status, response.body.len()), (204, 0));
        assert_eq!(response.header("allow"), Some("GET, HEAD"));
        assert_eq!(response.header("cache-control"), Some("no-store"));
    }
}
