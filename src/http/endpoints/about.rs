//! `GET /`: what this is, and where to go from here.

use serde_json::json;

use crate::http::{headers::MINUTES, response::Response};

/// Says it in JSON. It is the same for everyone until the next deployment.
pub(crate) fn get() -> Response {
    let body = json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "description": "The model catalog of an AI gateway: each model once, with every provider that offers it, its prices \
                        and its health.",
        "catalog": "/v1/models/unique",
        "parameters": ["limit", "offset", "min_providers", "sort_by", "order", "include_inactive"],
        "documentation": "docs/api.md in the repository of the service",
    });
    Response::new(200, "application/json", MINUTES, body.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_the_catalog_and_may_be_kept_for_minutes() {
        let response = get();
        assert_eq!(response.status, 200);
        assert_eq!(response.header("cache-control"), Some("public, max-age=300"));
        let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(body["catalog"], "/v1/models/unique");
        assert!(body["documentation"].as_str().unwrap().contains("docs/api.md"));
        let query = body["parameters"].as_array().unwrap().iter();
        let query: Vec<String> =
            query.map(|name| format!("{}=0x", name.as_str().unwrap())).collect();
        let mistakes = crate::http::params::unique::parse(&query.join("&")).unwrap_err();
        assert_eq!(mistakes.len(), query.len() - 1, "every name is known, and any text sorts");
    }
}
