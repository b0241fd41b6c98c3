//! The document: paths of the route table, with what each is said to do.

use serde_json::{Map, Value, json};

use super::{
    components::{self, Named, to},
    headers,
    operation::Operation,
    routes, schemas,
};
use crate::http::routes::{Access, Endpoint, Methods, ROUTES, Route};

/// The whole document.
pub(super) fn document() -> Value {
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Model catalog at the edge",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Which AI models are there, who offers them, and at what price.",
            "description": "Prices are text in US dollars per single token. Errors other than 422 are `application/problem+json` \
                            (RFC 9457). A method that a path does not have is answered 405 with `Allow`, a path that is not \
                            here 404, and while settings are missing or wrong everything is 500; all as problems. \
                            HEAD is answered as GET, without the body.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": [
            { "name": PUBLIC, "description": "What anyone may ask, and pages of other origins may read." },
            { "name": PROVIDERS, "description": "The catalogs of single providers, of which `/docs/providers` tells. Anyone may ask." },
            { "name": SENDERS, "description": "What the database tells. Without `WEBHOOK_SECRET` set the route is 404." },
            { "name": OPERATORS, "description": "What operators may ask. Without `ADMIN_TOKEN` set these routes are 404." },
        ],
        "paths": paths(),
        "components": {
            "schemas": by_name(schemas::all()),
            "responses": by_name([components::responses(), routes::responses()].concat()),
            "parameters": by_name([routes::parameters(), components::parameters()].concat()),
            "requestBodies": by_name(routes::bodies()),
            "headers": headers::components(),
            "securitySchemes": {
                "operators": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The value of `ADMIN_TOKEN`.",
                },
                "scrapers": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The value of `METRICS_TOKEN`.",
                },
                "senders": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Webhook-Secret",
                    "description": "The value of `WEBHOOK_SECRET`, as a bearer token too; or `X-Webhook-Timestamp` (seconds since \
                                    1970) and `X-Webhook-Signature`: `sha256=` and the HMAC-SHA256 of timestamp, full stop and body.",
                },
            },
        },
    })
}

pub(super) const PUBLIC: &str = "public";
pub(super) const PROVIDERS: &str = "providers";
pub(super) const OPERATORS: &str = "operators";
pub(super) const SENDERS: &str = "webhooks";

fn by_name(named: Named) -> Map<String, Value> {
    let count = named.len();
    let map: Map<String, Value> =
        named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(map.len(), count, "two components of one name");
    map
}

fn paths() -> Map<String, Value> {
    let each = ROUTES.iter().flat_map(|route| {
        let paths = route.paths.iter().enumerate();
        // OpenAPI has one kind of variable.
        paths.map(|(number, path)| (path.replace("{+", "{"), path_item(route, number)))
    });
    each.collect()
}

/// The methods of one path of a route; paths that say the same have a number behind the operation's name.
fn path_item(route: &Route, number: usize) -> Value {
    let operation = routes::of(route.endpoint);
    let allowed = match route.access {
        Access::Public => "Options",
        Access::Operator | Access::Scraper | Access::Sender => "OperatorsOptions",
    };
    let mut options = json!({
        "tags": [tag(route)],
        "summary": "What the route can be asked",
        "responses": responses(&[(204, allowed)], route, false),
        "security": [],
    });
    let mut main = described(route, &operation);
    let known = routes::parameters();
    let is_in_path = |name: &&&str| {
        known.iter().any(|(known, parameter)| *known == **name && parameter["in"] == "path")
    };
    let in_path: Vec<Value> =
        operation.parameters.iter().filter(is_in_path).map(|name| to("parameters", name)).collect();
    if !in_path.is_empty() {
        options["parameters"] = in_path.into();
    }
    match route.methods {
        Methods::Read => {
            let mut head = main.clone();
            head["description"] = json!("As GET, without the body.");
            main["operationId"] = named(&operation, number);
            json!({ "get": main, "head": head, "options": options })
        }
        Methods::Command => {
            main["operationId"] = named(&operation, number);
            json!({ "post": main, "options": options })
        }
    }
}

fn named(operation: &Operation, number: usize) -> Value {
    let suffix = if number == 0 { String::new() } else { number.saturating_add(1).to_string() };
    json!(format!("{}{suffix}", operation.id))
}

fn tag(route: &Route) -> &'static str {
    if matches!(route.endpoint, Endpoint::Catalog(_)) {
        return PROVIDERS;
    }
    match route.access {
        Access::Public => PUBLIC,
        Access::Operator | Access::Scraper => OPERATORS,
        Access::Sender => SENDERS,
    }
}

fn described(route: &Route, operation: &Operation) -> Value {
    let mut described = json!({
        "tags": [tag(route)],
        "summary": operation.summary,
        "description": operation.description,
    });
    if !operation.parameters.is_empty() {
        let parameters = operation.parameters.iter().map(|name| to("parameters", name));
        described["parameters"] = parameters.collect();
    }
    if let Some(body) = operation.body {
        described["requestBody"] = to("requestBodies", body);
    }
    described["responses"] = responses(&operation.answers, route, true).into();
    match route.access {
        Access::Public => {}
        Access::Operator => described["security"] = json!([{ "operators": [] }]),
        Access::Scraper => described["security"] = json!([{ "scrapers": [] }, { "operators": [] }]),
        Access::Sender => described["security"] = json!([{ "senders": [] }]),
    }
    described
}

/// What is answered, and what comes with the access; `is_guarded` is said of what asks for the token.
fn responses(
    answers: &[(u16, &'static str)],
    route: &Route,
    is_guarded: bool,
) -> Map<String, Value> {
    let mut all = answers.to_vec();
    if route.access != Access::Public {
        all.push((404, "NotFound"));
        if is_guarded {
            all.extend([(401, "Unauthorized"), (429, "TooManyRequests")]);
        }
    }
    all.push((500, "Misconfigured"));
    all.sort_unstable();
    all.into_iter().map(|(status, name)| (status.to_string(), to("responses", name))).collect()
}
