//! Operators' routes: their bodies, with the words that the endpoints know, and their answers.

use serde_json::{Value, json};

use crate::http::{
    endpoints::operators::{
        clear::{CACHE_TYPES, MODES},
        mode,
        warm::PROVIDERS_MAX,
    },
    openapi::{
        components::{Named, json_body, problem, response, to},
        operation::Operation,
    },
    params::body::BYTES_MAX,
};

pub(super) fn clear() -> Operation {
    Operation {
        id: "clearCache",
        summary: "Invalidate what every tier holds",
        description: "The only way to invalidate: a key deleted by hand in Redis comes back from KV. One provider's catalog can be \
                      invalidated alone, and its failed loads forgotten.",
        parameters: Vec::new(),
        body: Some("Clear"),
        answers: vec![
            (200, "Cleared"),
            (400, "UnknownProvider"),
            (409, "WritingForbidden"),
            (413, "BodyTooLarge"),
            (422, "WrongBody"),
            (503, "NotCleared"),
        ],
    }
}

pub(super) fn warm() -> Operation {
    Operation {
        id: "warmCache",
        summary: "Load the catalog once and publish the variants that are kept warm",
        description: "What cron does, now. A load that failed is a report as well: `error` says whether it worked.",
        parameters: Vec::new(),
        body: Some("Warm"),
        answers: vec![
            (200, "Warmed"),
            (400, "UnknownProvider"),
            (413, "BodyTooLarge"),
            (422, "WrongBody"),
        ],
    }
}

pub(super) fn mode() -> Operation {
    Operation {
        id: "setMode",
        summary: "Say what is done with the tiers from now on",
        description: "Where `EDGE_MODE` is `kv`: the mode is written to KV, and every isolate notices within a minute.",
        parameters: Vec::new(),
        body: Some("Mode"),
        answers: vec![
            (200, "ModeSet"),
            (409, "ModeFixed"),
            (413, "BodyTooLarge"),
            (422, "WrongBody"),
            (503, "ModeNotSet"),
        ],
    }
}

pub(super) fn statistics() -> Operation {
    Operation {
        id: "getStatistics",
        summary: "Counters of all isolates, and what this one knows",
        description: "From Redis, with this isolate's latest counts; its own where Redis does not answer.",
        parameters: Vec::new(),
        body: None,
        answers: vec![(200, "Statistics")],
    }
}

pub(super) fn metrics() -> Operation {
    Operation {
        id: "getMetrics",
        summary: "The same for Prometheus",
        description: "Counters of all isolates, and gauges of the one that answers, in Prometheus' text format.",
        parameters: Vec::new(),
        body: None,
        answers: vec![(200, "Metrics")],
    }
}

pub(super) fn bodies() -> Named {
    let body = |name: &str, required: bool| {
        let description =
            format!("A JSON object of at most {BYTES_MAX} bytes; unknown fields are ignored.");
        let content = json!({ "application/json": { "schema": to("schemas", name) } });
        json!({ "description": description, "required": required, "content": content })
    };
    vec![
        ("Clear", body("Clear", true)),
        ("Warm", body("Warm", false)),
        ("Mode", body("Mode", true)),
    ]
}

/// The schemas of the bodies.
pub(super) fn schemas() -> Named {
    let default = MODES.first();
    vec![
        (
            "Clear",
            json!({
                "type": "object",
                "description": "What is invalidated, and how.",
                "properties": {
                    "cache_type": { "type": "string", "enum": CACHE_TYPES, "description": "`unique_models` and `all` are the same here: everything. `provider`: one provider's catalog. \
                                        `provider_errors`: that its loads failed." },
                    "provider": { "description": "A slug or an alias, in any letter case: a text, with the last two, and unread with the others." },
                    "mode": {
                        "type": "string",
                        "enum": MODES,
                        "default": default,
                        "description": "`hard`: served only when the origin cannot answer. `soft`: what is young enough is served while \
                                        it is refreshed.",
                    },
                },
                "required": ["cache_type"],
                "if": { "properties": { "cache_type": { "enum": ["provider", "provider_errors"] } } },
                "then": { "properties": { "provider": { "type": "string" } }, "required": ["provider"] },
            }),
        ),
        (
            "Mode",
            json!({
                "type": "object",
                "description": "What is done with the tiers.",
                "properties": { "mode": {
                    "type": "string",
                    "enum": mode::MODES,
                    "description": "`active`: everything. `read_only`: reads every tier and writes to none. `passthrough`: asks the origin alone.",
                } },
                "required": ["mode"],
            }),
        ),
        (
            "Warm",
            json!({
                "type": "object",
                "description": "How the catalog is loaded.",
                "properties": {
                    "force": {
                        "type": "boolean",
                        "default": false,
                        "description": "Lets in a catalog that lost more than half of its models.",
                    },
                    "providers": {
                        "type": "array",
                        "items": { "type": "string" },
                        "minItems": 1,
                        "maxItems": PROVIDERS_MAX,
                        "description": "Only these providers' catalogs, by their slugs or aliases, one after the other.",
                    },
                },
            }),
        ),
    ]
}

pub(super) fn responses() -> Named {
    let done = |description: &str, schema: &str| response(description, &[], &json_body(schema));
    let refused = |description: &str| response(description, &[], &problem());
    let large = format!("The body has more than {BYTES_MAX} bytes.");
    vec![
        (
            "Cleared",
            leading(
                done("What the invalidation did.", "Cleared"),
                "listing",
                "listModels",
                "What is served from now on.",
            ),
        ),
        (
            "Warmed",
            leading(warmed(), "statistics", "getStatistics", "It is kept there as `last_warm`."),
        ),
        (
            "UnknownProvider",
            refused("There is no such provider; `detail` names those that there are."),
        ),
        ("Metrics", response("The metrics.", &[], &[("text/plain", json!({ "type": "string" }))])),
        ("Statistics", done("The statistics.", "Statistics")),
        ("ModeSet", done("The mode is set.", "ModeSet")),
        ("ModeFixed", refused("`EDGE_MODE` names the mode itself.")),
        (
            "ModeNotSet",
            response("KV does not take the mode now. Repeat it.", &["Retry-After"], &problem()),
        ),
        ("WritingForbidden", refused("`EDGE_MODE` forbids writing to Redis.")),
        ("BodyTooLarge", refused(&large)),
        (
            "WrongBody",
            done("The body is no JSON object, or fields are wrong: an item for each.", "Mistakes"),
        ),
        (
            "NotCleared",
            response(
                "Redis did not take part, and nothing is changed; `detail` says why. Repeat it.",
                &["Retry-After"],
                &problem(),
            ),
        ),
    ]
}

/// The report of a run, of either kind.
fn warmed() -> Value {
    let any = json!({ "anyOf": [to("schemas", "WarmReport"), to("schemas", "ProvidersReport")] });
    response("The report of the run.", &[], &[("application/json", any)])
}

/// A response with where to go from it.
fn leading(mut response: Value, name: &str, operation: &str, description: &str) -> Value {
    response["links"] = json!({ name: { "description": description, "operationId": operation } });
    response
}
