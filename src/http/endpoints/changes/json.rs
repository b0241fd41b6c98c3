//! Changes as JSON: one document, or a line a change. Changes are copied as they stand in the journal.

use serde_json::{Value, json};

use super::told::{Step, Told};
use crate::{catalog::Scope, http::params::changes::Query};

fn version(hash: u64) -> String {
    format!("{hash:016x}")
}

/// The document.
pub(super) fn document(query: &Query, told: &Told) -> String {
    let head = json!({
        "version": told.version.map(version),
        "since": query.since.map(version),
        "until": told.until.map(version),
        "include_inactive": query.scope == Scope::All,
        "provider": query.provider,
    });
    let steps: Vec<String> = told.steps.iter().map(|step| entry(query, step)).collect();
    with_array(&head, "entries", &steps)
}

fn entry(query: &Query, Step { entry, changes }: &Step) -> String {
    let head = json!({
        "version": version(entry.hash),
        "at_ms": entry.at.0,
        "reset": changes.is_none(),
        "summary": changes.as_ref().map(|changes| changes.counts),
    });
    let changes = changes.as_ref().map(|changes| changes.changes(query.provider.as_deref()));
    with_array(&head, "changes", &changes.unwrap_or_default())
}

/// An object with one more field: an array of what is JSON already.
fn with_array(head: &Value, name: &str, items: &[impl AsRef<str>]) -> String {
    let head = head.to_string();
    let head = head.strip_suffix('}').unwrap_or_default();
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    format!("{head},\"{name}\":[{}]}}", items.join(","))
}

/// A line a change, with its version; a version whose changes are not known is a line of the type `reset`.
pub(super) fn lines(query: &Query, told: &Told) -> String {
    let mut lines = String::new();
    for Step { entry, changes } in &told.steps {
        let head = format!("{{\"version\":\"{}\",", version(entry.hash));
        let Some(changes) = changes else {
            lines.push_str(&head);
            lines.push_str("\"type\":\"reset\"}\n");
            continue;
        };
        for change in changes.changes(query.provider.as_deref()) {
            lines.push_str(&head);
            lines.push_str(change.strip_prefix('{').unwrap_or_default());
            lines.push('\n');
        }
    }
    lines
}
