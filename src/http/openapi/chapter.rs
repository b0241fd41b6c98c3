//! A part of the document, for a page of its own: some of its operations, with the components that they need.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::references;

/// Answers that a page tells of once, for all routes.
const EVERYWHERE: [&str; 4] = ["Unauthorized", "NotFound", "TooManyRequests", "Misconfigured"];

/// The document with those operations only that have a tag that is wanted.
pub(super) fn chapter(document: &Value, is_wanted: impl Fn(&Value) -> bool) -> Value {
    let mut chapter = document.clone();
    retain(&mut chapter["paths"], |_, methods| {
        let tags = |operation: &Value| operation["tags"].as_array().cloned().unwrap_or_default();
        members(methods).values().any(|operation| tags(operation).iter().any(&is_wanted))
    });
    let everywhere =
        EVERYWHERE.map(|name| json!({ "$ref": format!("#/components/responses/{name}") }));
    let needed = needed(document, &json!([chapter["paths"], everywhere]));
    retain(&mut chapter["components"], |kind, components| {
        let is_named = kind == "securitySchemes";
        retain(components, |name, _| {
            is_named || needed.contains(&format!("#/components/{kind}/{name}"))
        });
        true
    });
    chapter
}

/// What a value refers to, and what that does.
fn needed(document: &Value, from: &Value) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    let mut left: Vec<String> = references(from).into_iter().map(str::to_owned).collect();
    while let Some(target) = left.pop() {
        if !needed.contains(&target) {
            let component = document.pointer(target.strip_prefix('#').unwrap()).unwrap();
            left.extend(references(component).into_iter().map(str::to_owned));
            needed.insert(target);
        }
    }
    needed
}

fn members(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

fn retain(value: &mut Value, keep: impl Fn(&str, &mut Value) -> bool) {
    value.as_object_mut().unwrap().retain(|name, member| keep(name, member));
}
