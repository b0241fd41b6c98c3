//! `GET /v1/gateways`: the active providers, as a page shows them.

use std::cmp::Reverse;

use super::{draft::Draft, entry::favicon};
use crate::catalog::provider::{Registry, RegistryEntry};

/// The priority of those that stand first.
const FAST: &str = "fast";

/// Every provider, the fast ones first, by name.
pub fn gateways(registry: &Registry) -> Draft {
    let mut entries: Vec<&RegistryEntry> = registry.entries().iter().collect();
    entries.sort_by_key(|entry| (Reverse(entry.priority.as_deref() == Some(FAST)), name(entry)));
    Draft::new()
        .with_each("data", &entries, |entry, into| into.extend(gateway(entry).finish()))
        .with_each("routers", [(); 0], |(), _| {})
        .with("total", &entries.len())
        .timed()
}

fn gateway(entry: &RegistryEntry) -> Draft {
    Draft::new()
        .with("id", &entry.slug)
        .with("name", name(entry))
        .with("color", entry.color.as_deref().unwrap_or("bg-gray-500"))
        .with("priority", entry.priority.as_deref().unwrap_or("slow"))
        .with("site_url", &entry.site_url)
        .with("logo_url", &logo(entry))
        .with("icon", &entry.icon)
        .with("aliases", &entry.aliases)
}

/// A provider without a name is called by its slug.
fn name(entry: &RegistryEntry) -> &str {
    entry.name.as_deref().unwrap_or(&entry.slug)
}

/// Its own logo, or its site's.
fn logo(entry: &RegistryEntry) -> Option<String> {
    let own = entry.logo_url.clone();
    match own.as_deref() {
        Some(logo) if !logo.is_empty() => own,
        _ => entry.site_url.as_deref().and_then(favicon).or(own),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn fast_ones_come_first_and_what_is_missing_has_a_default() {
        let providers = json!([
            { "id": 1, "slug": "f", "name": "z", "aliases": [], "fetch_override": null, "has_fetch_function": false, "site_url": "x",
              "logo_url": "l", "color": "red", "priority": "fast", "icon": "zap" },
            { "id": 2, "slug": "z", "name": "Z", "aliases": [], "fetch_override": null, "has_fetch_function": true,
              "site_url": "https://z.example", "logo_url": null, "color": null, "priority": null, "icon": null },
            { "id": 3, "slug": "s", "name": null, "aliases": ["t"], "fetch_override": null, "has_fetch_function": true,
              "site_url": null, "logo_url": "", "color": null, "priority": "slow", "icon": null },
        ]);
        let registry = Registry::read(&providers.to_string()).unwrap();
        let answer: Value = serde_json::from_slice(&gateways(&registry).finish()).unwrap();
        let logo = "https://www.google.com/s2/favicons?domain=z.example&sz=128";
        let expected = json!({
            "data": [
                { "id": "f", "name": "z", "color": "red", "priority": "fast", "site_url": "x", "logo_url": "l", "icon": "zap", "aliases": [] },
                { "id": "z", "name": "Z", "color": "bg-gray-500", "priority": "slow", "site_url": "https://z.example", "logo_url": logo,
                  "icon": null, "aliases": [] },
                { "id": "s", "name": "s", "color": "bg-gray-500", "priority": "slow", "site_url": null, "logo_url": "", "icon": null,
                  "aliases": ["t"] },
            ],
            "routers": [],
            "total": 3,
        });
        assert_eq!(answer.to_string(), expected.to_string());
    }
}
