//! What the database tells.

use serde_json::json;

use crate::http::{
    endpoints::webhook::{BYTES_MAX, TABLES, TYPES},
    openapi::{
        components::{Named, json_body, problem, response, to},
        operation::Operation,
    },
};

pub(super) fn supabase() -> Operation {
    Operation {
        id: "hearOfChange",
        summary: "Say that a table changed",
        description: "What is made of it is rebuilt behind the answer: once, however often that is said.",
        parameters: Vec::new(),
        body: Some("Change"),
        answers: vec![
            (200, "ChangeIgnored"),
            (202, "ChangeAccepted"),
            (400, "NoChange"),
            (409, "ChangeRefused"),
            (413, "ChangeTooLarge"),
        ],
    }
}

pub(super) fn bodies() -> Named {
    let description =
        format!("Supabase's payload, of at most {BYTES_MAX} bytes; other fields are ignored.");
    let content = json!({ "application/json": { "schema": to("schemas", "Change") } });
    vec![("Change", json!({ "description": description, "required": true, "content": content }))]
}

pub(super) fn schemas() -> Named {
    let tables = TABLES.map(|table| format!("`{table}`")).join(", ");
    let change = json!({
        "type": "object",
        "description": "A change of a table.",
        "properties": {
            "type": { "type": "string", "enum": TYPES, "description": "What was done." },
            "table": { "type": "string", "description": format!("Its name; {tables} matter here.") },
            "schema": { "type": "string", "description": "Its schema; `public` matters here." },
        },
        "required": ["type", "table", "schema"],
    });
    let heard = json!({
        "type": "object",
        "description": "What comes of it.",
        "properties": {
            "accepted": { "type": "boolean", "description": "Whether anything here is made of the table." },
        },
        "required": ["accepted"],
    });
    vec![("Change", change), ("Heard", heard)]
}

pub(super) fn responses() -> Named {
    let heard = |description: &str| response(description, &[], &json_body("Heard"));
    let refused = |description: &str| response(description, &[], &problem());
    vec![
        ("ChangeAccepted", heard("It is followed.")),
        ("ChangeIgnored", heard("Nothing here is made of that table.")),
        ("NoChange", refused("The body is no such payload.")),
        (
            "ChangeRefused",
            refused("The signature was used before, or `EDGE_MODE` forbids writing to Redis."),
        ),
        ("ChangeTooLarge", refused(&format!("The body has more than {BYTES_MAX} bytes."))),
    ]
}
