//! Cross-origin reads (the Fetch standard, "CORS protocol"): of what anyone may read, errors included, and never of operators' routes.

use super::response::Response;
use crate::config::CorsConfig;

/// What a page may see of an answer besides its body.
const EXPOSED: &str = "ETag, Last-Modified, Link, X-Total-Count, Cache-Status, X-Cache, Retry-After, Age, X-Stale-Providers, X-Request-ID";
/// How long a browser remembers that it may ask: a day, in seconds.
const REMEMBERED: &str = "86400";

/// The answer as a page of this origin may read it; `origin` is the value of `Origin`.
pub(super) fn shared(response: Response, config: &CorsConfig, origin: Option<&str>) -> Response {
    const ALLOW: &str = "access-control-allow-origin";
    let response = match config {
        CorsConfig::Any => response.with(ALLOW, "*"),
        CorsConfig::Listed(origins) => {
            let response = response.varying("Origin");
            let known = origins.iter().find(|known| origin == Some(known.as_str()));
            let Some(known) = known else { return response };
            response.with(ALLOW, known.as_str())
        }
    };
    response.with("access-control-expose-headers", EXPOSED)
}

/// The answer to a preflight, which asks whether a request may be made. `methods` are what the route can be asked.
pub(super) fn preflight(response: Response, methods: &'static str) -> Response {
    response
        .with("access-control-allow-methods", methods)
        .with("access-control-allow-headers", "*")
        .with("access-control-max-age", REMEMBERED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_origin_may_read_or_those_that_are_named() {
        let any = shared(Response::default(), &CorsConfig::Any, None);
        assert_eq!(any.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            (any.header("access-control-expose-headers"), any.header("vary")),
            (Some(EXPOSED), None)
        );
        let listed = CorsConfig::Listed(vec!["https://a.example".to_owned()]);
        for (origin, allowed) in [
            (Some("https://a.example"), Some("https://a.example")),
            (Some("https://b.example"), None),
            (Some("null"), None),
            (None, None),
        ] {
            let response = shared(Response::default(), &listed, origin);
            assert_eq!(response.header("access-control-allow-origin"), allowed, "{origin:?}");
            assert_eq!(response.header("vary"), Some("Origin"), "{origin:?}");
            assert_eq!(response.header("access-control-allow-credentials"), None);
        }
    }
}
