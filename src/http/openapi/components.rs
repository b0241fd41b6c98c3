//! What several operations share: responses of every route, and how the components of a response are put together.

use serde_json::{Map, Value, json};

use super::headers::{self, EVERY, SHARED};

/// Components that no operation refers to: 405 is the answer to methods that a path does not have.
pub(super) const ELSEWHERE: [&str; 1] = ["MethodNotAllowed"];

/// Components of one kind, by name.
pub(super) type Named = Vec<(&'static str, Value)>;

/// A response with these headers besides those that every one has; `media` are the types of its body, with their schemas.
pub(super) fn response(
    description: &str,
    headers: &[&'static str],
    media: &[(&str, Value)],
) -> Value {
    let mut response = json!({ "description": description });
    response["headers"] = headers::named(&[&EVERY, headers].concat()).into();
    if !media.is_empty() {
        let content =
            media.iter().map(|(name, schema)| ((*name).to_owned(), json!({ "schema": schema })));
        response["content"] = content.collect::<Map<String, Value>>().into();
    }
    response
}

/// A response to what anyone may ask, which pages of other origins may read.
pub(super) fn public(
    description: &str,
    headers: &[&'static str],
    media: &[(&str, Value)],
) -> Value {
    response(description, &[headers, &SHARED].concat(), media)
}

/// The body of a response in JSON.
pub(super) fn json_body(schema: &str) -> [(&'static str, Value); 1] {
    [("application/json", to("schemas", schema))]
}

/// The body of an error (RFC 9457).
pub(super) fn problem() -> [(&'static str, Value); 1] {
    [("application/problem+json", to("schemas", "Problem"))]
}

/// A reference to a component.
pub(super) fn to(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// Responses that come with a route's access and methods.
pub(super) fn responses() -> Named {
    vec![
        (
            "Options",
            public(
                "What the route can be asked, and the answer to a browser's preflight.",
                &[
                    "Allow",
                    "Access-Control-Allow-Methods",
                    "Access-Control-Allow-Headers",
                    "Access-Control-Max-Age",
                ],
                &[],
            ),
        ),
        ("OperatorsOptions", response("What the route can be asked.", &["Allow"], &[])),
        ("Unauthorized", response("No token, or a wrong one.", &["WWW-Authenticate"], &problem())),
        (
            "TooManyRequests",
            response(
                "More than the rate limit of the deployment allows.",
                &["Retry-After"],
                &problem(),
            ),
        ),
        (
            "NotFound",
            public(
                "There is no such route; one that needs credentials does not exist where the deployment has none.",
                &[],
                &problem(),
            ),
        ),
        (
            "MethodNotAllowed",
            public(
                "The path has no such method. Every other method of a path that is described here is answered so.",
                &["Allow"],
                &problem(),
            ),
        ),
        (
            "Misconfigured",
            response(
                "Settings of the deployment are missing or wrong; `detail` names them, never a value.",
                &[],
                &problem(),
            ),
        ),
        (
            "NotModified",
            public("`If-None-Match` names what would be sent: it is the same.", &["ETag"], &[]),
        ),
    ]
}

/// Parameters that several routes have.
pub(super) fn parameters() -> Named {
    vec![(
        "IfNoneMatch",
        json!({
            "name": "If-None-Match",
            "in": "header",
            "description": "Entity tags of what the client has (RFC 9110), compared weakly: \
                            304 if one of them is the answer's, or if it is `*`.",
            "schema": { "type": "string" },
            "examples": { "none": { "value": "\"0123456789abcdef\"" } },
        }),
    )]
}
