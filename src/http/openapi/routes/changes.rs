//! What changed: its parameters, and its answers in three types.

use serde_json::{Value, json};

use crate::http::{
    openapi::{
        components::{Named, problem, public, to},
        operation::Operation,
    },
    params::changes::{LIMIT, LIMIT_DEFAULT, VERSION},
};

pub(super) fn changes() -> Operation {
    Operation {
        id: "listChanges",
        summary: "What changed, version by version",
        description: "Since a version, or the newest. As JSON, a line of JSON a change, or an Atom feed, as `Accept` has it.",
        parameters: vec!["Since", "Versions", "Touched", "IncludeInactive"],
        body: None,
        answers: vec![
            (200, "Changes"),
            (410, "ChangesGone"),
            (422, "WrongParameters"),
            (503, "ChangesUnavailable"),
        ],
    }
}

pub(super) fn parameters() -> Named {
    let query = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "query", "description": description, "schema": schema });
    vec![
        (
            "Since",
            query(
                "since",
                "The version that the client has: `until` of an answer, or `version` of a walk.",
                json!({ "type": "string", "pattern": VERSION }),
            ),
        ),
        (
            "Versions",
            query(
                "limit",
                "At most so many versions.",
                json!({ "type": "integer", "minimum": LIMIT.least, "maximum": LIMIT.most, "default": LIMIT_DEFAULT }),
            ),
        ),
        (
            "Touched",
            query(
                "provider",
                "Only changes that touch offers of this provider. Who applies changes needs all.",
                json!({ "type": "string" }),
            ),
        ),
    ]
}

pub(super) fn responses() -> Named {
    let media = [
        ("application/json", to("schemas", "ChangeDocument")),
        ("application/x-ndjson", to("schemas", "CatalogChange")),
        ("application/atom+xml", json!({ "type": "string" })),
    ];
    vec![
        (
            "Changes",
            public("What changed, perhaps nothing.", &["Link", "X-Catalog-Version"], &media),
        ),
        (
            "ChangesGone",
            public(
                "That is not known, or no more. `Link` says where to begin anew.",
                &["Link"],
                &problem(),
            ),
        ),
        (
            "ChangesUnavailable",
            public("Neither Redis nor KV answers.", &["Retry-After"], &problem()),
        ),
    ]
}
