//! Errors as responses: `application/problem+json` (RFC 9457), with the `detail` that clients of the backend read, and
//! for wrong parameters the backend's own body. This is the only place where an error becomes a status.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    headers::{NO_STORE, REQUEST_ID, request_id},
    params::{BodyError, Mistake},
    request::RequestHeaders,
    response::Response,
};
use crate::config::ConfigError;

/// The longest period over which the platform counts (docs/platform.md, "Rate limits are counted where they are asked").
const RATE_LIMIT_PERIOD: Duration = Duration::from_secs(60);

/// The type of a problem's body (RFC 9457).
const PROBLEM: &str = "application/problem+json";

fn problem(status: u16, title: &str, detail: &str) -> Response {
    let body = json!({ "type": "about:blank", "title": title, "status": status, "detail": detail });
    let body = body.to_string().into_bytes();
    Response::new(status, PROBLEM, NO_STORE, body)
}

/// 400: what was sent means nothing here.
pub(super) fn bad_request(detail: &str) -> Response {
    problem(400, "Bad Request", detail)
}

/// 401: credentials are missing or wrong.
pub(super) fn unauthorized() -> Response {
    problem(401, "Unauthorized", "A valid bearer token is required")
        .with("www-authenticate", "Bearer realm=\"cache\"")
}

/// 404: there is no such route.
pub(super) fn not_found() -> Response {
    problem(404, "Not Found", "Not Found")
}

/// 404: there is such a route, but nothing of this name.
pub(super) fn no_such(detail: &str) -> Response {
    problem(404, "Not Found", detail)
}

/// 404: there is no such thing; these are called nearly so.
pub(super) fn not_found_but(detail: &str, nearest: &[&str]) -> Response {
    with_member(no_such(detail), "nearest", json!(nearest))
}

/// 405: there is such a route, but not for this method. `allowed` is the value of `Allow`.
pub(super) fn method_not_allowed(allowed: &str) -> Response {
    problem(405, "Method Not Allowed", "Method Not Allowed").with("allow", allowed)
}

/// 409: this deployment does not do that.
pub(super) fn conflict(detail: &str) -> Response {
    problem(409, "Conflict", detail)
}

/// 410: it was there, and is no more; `start` is where to begin anew.
pub(super) fn gone(detail: &str, start: &str) -> Response {
    problem(410, "Gone", detail).with("link", format!("<{start}>; rel=\"start\""))
}

/// 413: the body has more bytes than this.
pub(super) fn too_large(limit: usize) -> Response {
    problem(413, "Content Too Large", &format!("The body may have at most {limit} bytes"))
}

/// 413 or 422: a body that cannot be used.
pub(super) fn unusable(error: BodyError) -> Response {
    match error {
        BodyError::TooLarge(limit) => too_large(limit),
        BodyError::Mistake(mistake) => unprocessable(&[mistake]),
    }
}

/// 422: mistakes in parameters, in the backend's own form (docs/backend.md, "422 bodies").
pub(super) fn unprocessable(mistakes: &[Mistake]) -> Response {
    Response::json(422, &json!({ "detail": mistakes }))
}

/// 429: one client asks too often (RFC 6585, section 4).
pub(super) fn too_many_requests() -> Response {
    let retry_after = RATE_LIMIT_PERIOD.as_secs().to_string();
    problem(429, "Too Many Requests", "Too many requests from this address; try again later")
        .with("retry-after", retry_after)
}

/// 500: settings are missing or wrong. They are named; their values are not shown.
pub fn misconfigured(error: &ConfigError, headers: &RequestHeaders, random: u64) -> Response {
    problem(500, "Internal Server Error", &error.to_string())
        .with(REQUEST_ID, request_id(headers, || random).as_str())
}

/// 503: something needed cannot answer now, and asking again makes sense after `retry_after`.
pub(super) fn unavailable(detail: &str, retry_after: Duration) -> Response {
    // Whole seconds, rounded up: an earlier retry would find the same.
    let secs = retry_after.saturating_add(Duration::from_millis(999)).as_secs().max(1);
    problem(503, "Service Unavailable", detail).with("retry-after", secs.to_string())
}

/// A problem with another member, that programs read (RFC 9457 §3.2).
pub(super) fn with_member(problem: Response, name: &str, value: Value) -> Response {
    let Ok(Value::Object(mut members)) = serde_json::from_slice(&problem.body) else {
        return problem;
    };
    members.insert(name.to_owned(), value);
    Response { body: Value::Object(members).to_string().into_bytes(), ..problem }
}

/// 504: the client wants nothing of the origin, and no cache has what it wants (RFC 9111 §5.2.1.7).
pub(super) fn not_cached() -> Response {
    problem(504, "Gateway Timeout", "Nothing that is cached is what only-if-cached allows")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_is_never_suggested_too_early() {
        for (millis, header) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (59_500, "60")] {
            let response = unavailable("x", Duration::from_millis(millis));
            assert_eq!(response.header("retry-after"), Some(header), "{millis}");
        }
    }

    #[test]
    fn a_problem_has_the_members_of_rfc_9457_and_is_not_stored() {
        let response = not_found();
        assert_eq!(response.header("content-type"), Some("application/problem+json"));
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert_eq!(
            response.body,
            br#"{"type":"about:blank","title":"Not Found","status":404,"detail":"Not Found"}"#
        );
    }

    #[test]
    fn an_error_is_its_status_with_what_it_must_say() {
        for (response, status, name, value) in [
            (unauthorized(), 401, "www-authenticate", "Bearer realm=\"cache\""),
            (not_found(), 404, "cache-control", "no-store"),
            (method_not_allowed("GET, HEAD"), 405, "allow", "GET, HEAD"),
            (gone("x", "/y"), 410, "link", "</y>; rel=\"start\""),
            (conflict("x"), 409, "content-type", "application/problem+json"),
            (unusable(BodyError::TooLarge(7)), 413, "content-type", "application/problem+json"),
            (unprocessable(&[]), 422, "content-type", "application/json"),
            (too_many_requests(), 429, "retry-after", "60"),
            (unavailable("x", Duration::ZERO), 503, "retry-after", "1"),
        ] {
            assert_eq!((response.status, response.header(name)), (status, Some(value)));
        }
        let large = String::from_utf8(unusable(BodyError::TooLarge(7)).body).unwrap();
        assert!(large.contains("The body may have at most 7 bytes"), "{large}");
    }
}
