//! `GET /`: what this is, and where to go from here.

use serde_json::json;

use super::page::page;
use crate::http::{
    headers::{MINUTES, prefers_html},
    params::parameter::Parameter,
    response::Response,
};

const PAGE: &str = include_str!("../../openapi/made/index.html");

/// What describes the service (RFC 8631): for programs and for people.
const LINKS: &str = "</openapi.json>; rel=\"service-desc\"; type=\"application/json\", \
                     </docs>; rel=\"service-doc\"; type=\"text/html\"";

/// Says it in JSON, or as a page to who would rather have HTML. It is the same until the next deployment.
pub(in crate::http) fn get(accept: Option<&str>) -> Response {
    let response = if accept.is_some_and(prefers_html) { page(PAGE) } else { json() };
    response.with("link", LINKS).varying("Accept")
}

fn json() -> Response {
    let body = json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "description": "The model catalog of an AI gateway: each model once, with every provider that offers it, its prices \
                        and its health.",
        "catalog": "/v1/models/unique",
        "parameters": Parameter::ALL.map(Parameter::as_str),
        "openapi": "/openapi.json",
        "docs": "/docs",
        "documentation": "docs/api.md in the repository of the service",
    });
    Response::new(200, "application/json", MINUTES, body.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::params::{Shape, unique::parse};

    #[test]
    fn it_names_the_catalog_and_may_be_kept_for_minutes() {
        let response = get(None);
        assert_eq!(response.status, 200);
        assert_eq!(response.header("cache-control"), Some("public, max-age=300"));
        let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(body["catalog"], "/v1/models/unique");
        assert_eq!((&body["openapi"], &body["docs"]), (&json!("/openapi.json"), &json!("/docs")));
        assert!(body["documentation"].as_str().unwrap().contains("docs/api.md"));
        let query = body["parameters"].as_array().unwrap().iter();
        let query: Vec<String> =
            query.map(|name| format!("{}=0x", name.as_str().unwrap())).collect();
        let query = query.join("&");
        let mistakes = parse(Shape::Listing, &query).unwrap_err();
        let texts = ["sort_by", "name", "q", "provider", "modality", "health"];
        let others = Parameter::ALL.len() - texts.len();
        assert_eq!(mistakes.len(), others, "every name is known, and these take any text");
    }

    #[test]
    fn who_would_rather_have_a_page_gets_one_and_either_says_so() {
        for (accept, content_type) in [
            (Some("text/html"), "text/html; charset=utf-8"),
            (Some("application/json"), "application/json"),
            (None, "application/json"),
        ] {
            let response = get(accept);
            assert_eq!(response.header("content-type"), Some(content_type), "{accept:?}");
            assert_eq!(response.header("vary"), Some("Accept"), "{accept:?}");
            let links = response.header("link").unwrap();
            for link in ["</openapi.json>; rel=\"service-desc\"", "</docs>; rel=\"service-doc\""] {
                assert!(links.contains(link), "{links}");
            }
            let is_page = content_type.starts_with("text/html");
            assert_eq!(response.header("content-security-policy").is_some(), is_page);
        }
    }
}
