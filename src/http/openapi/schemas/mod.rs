//! The shapes of bodies: a file a group of routes.

mod about;
mod catalog;
mod changes;
mod errors;
mod excerpts;
mod explain;
mod providers;
mod statistics;
mod warm;

use serde_json::{Map, Value, json};

use super::{
    components::{Named, to},
    routes,
};

/// Every schema, by name.
pub(super) fn all() -> Named {
    [
        about::all(),
        catalog::all(),
        changes::all(),
        errors::all(),
        excerpts::all(),
        explain::all(),
        providers::all(),
        routes::schemas(),
        warm::all(),
        statistics::all(),
    ]
    .concat()
}

/// An object that has all of these fields.
fn object(description: &str, fields: Vec<(&str, Value)>) -> Value {
    let required: Vec<String> = fields.iter().map(|(name, _)| (*name).to_owned()).collect();
    let properties: Map<String, Value> =
        fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({ "type": "object", "description": description, "properties": properties, "required": required })
}

/// Of every name the same.
fn map_of(description: &str, of: Value) -> Value {
    let mut schema = json!({ "type": "object", "description": description });
    schema["additionalProperties"] = of;
    schema
}

fn array_of(description: &str, of: Value) -> Value {
    let mut schema = json!({ "type": "array", "description": description });
    schema["items"] = of;
    schema
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn words(description: &str, words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words, "description": description })
}

fn flag(description: &str) -> Value {
    json!({ "type": "boolean", "description": description })
}

fn number(description: &str) -> Value {
    json!({ "type": "number", "description": description })
}

/// A whole number that is never negative.
fn count(description: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": description })
}

/// The same, or null.
fn or_null(mut schema: Value) -> Value {
    let kind = schema["type"].take();
    schema["type"] = json!([kind, "null"]);
    schema
}

/// A component, or null.
fn component_or_null(name: &str) -> Value {
    json!({ "anyOf": [to("schemas", name), { "type": "null" }] })
}
