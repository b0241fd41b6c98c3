//! What the service says of itself.

use serde_json::json;

use crate::http::openapi::{
    components::{Named, json_body, public},
    operation::Operation,
};

pub(super) fn root() -> Operation {
    Operation {
        id: "getAbout",
        summary: "What this is, and where to go from here",
        description: "In JSON, or as a page where `Accept` prefers `text/html` to `application/json`, as browsers do.",
        parameters: Vec::new(),
        body: None,
        answers: vec![(200, "About")],
    }
}

pub(super) fn openapi() -> Operation {
    Operation {
        id: "getOpenApi",
        summary: "This document",
        description: "OpenAPI 3.1, the same until the next deployment.",
        parameters: vec!["IfNoneMatch"],
        body: None,
        answers: vec![(200, "OpenApi"), (304, "NotModified")],
    }
}

pub(super) fn docs() -> Operation {
    Operation {
        id: "getDocs",
        summary: "This document as a page",
        description: "One page of HTML without scripts.",
        parameters: vec!["IfNoneMatch"],
        body: None,
        answers: vec![(200, "Docs"), (304, "NotModified")],
    }
}

pub(super) fn responses() -> Named {
    let html = ("text/html", json!({ "type": "string" }));
    let [about] = json_body("About");
    let headers = ["Link", "Content-Security-Policy"];
    let root = public("What this is.", &headers, &[about, html.clone()]);
    let document = json!({
        "type": "object",
        "required": ["openapi", "info", "paths"],
        "properties": { "openapi": { "type": "string", "pattern": "^3\\.1\\." } },
        "additionalProperties": true,
    });
    vec![
        ("About", root),
        ("OpenApi", public("The document.", &["ETag"], &[("application/json", document)])),
        ("Docs", public("The page.", &["ETag", "Content-Security-Policy"], &[html])),
    ]
}
