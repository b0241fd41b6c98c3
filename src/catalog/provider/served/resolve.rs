//! Which provider a client means by a gateway's name.

use crate::catalog::provider::{Registry, RegistryEntry};

/// What a client asks for by it.
const ALL: &str = "all";

/// Whose models are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway<'a> {
    /// Those of every provider.
    All,
    /// Those of one.
    One(&'a RegistryEntry),
}

impl Gateway<'_> {
    /// The name under which it is shown. A provider is known by its own slug, whatever the backend asks for instead: what the list of
    /// all has of it is found under it, too.
    pub fn as_str(&self) -> &str {
        match self {
            Self::All => ALL,
            Self::One(entry) => &entry.slug,
        }
    }
}

/// There is no such gateway; the backend's sentence, which names those that there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid gateway '{name}'. Must be 'all' or one of: {known}")]
pub struct UnknownGateway {
    name: String,
    known: String,
}

/// Reads a gateway's name, in any letter case: `all`, a slug, or an alias.
pub fn resolve<'a>(name: &str, registry: &'a Registry) -> Result<Gateway<'a>, UnknownGateway> {
    let wanted = name.to_lowercase();
    let is_wanted = |known: &str| known.to_lowercase() == wanted;
    if wanted == ALL {
        return Ok(Gateway::All);
    }
    let entries = registry.entries();
    let by_slug = entries.iter().find(|entry| is_wanted(&entry.slug));
    let by_alias = || {
        entries.iter().find(|entry| {
            // An empty name means nobody, whoever is called so.
            entry.aliases.iter().any(|alias| !alias.is_empty() && is_wanted(alias))
        })
    };
    by_slug.or_else(by_alias).map(Gateway::One).ok_or_else(|| unknown(name, entries))
}

fn unknown(name: &str, entries: &[RegistryEntry]) -> UnknownGateway {
    let names = entries.iter().flat_map(|entry| [&entry.slug].into_iter().chain(&entry.aliases));
    let mut known: Vec<&str> = names.map(String::as_str).filter(|name| !name.is_empty()).collect();
    known.sort_unstable();
    known.dedup();
    UnknownGateway { name: name.to_owned(), known: known.join(", ") }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A registry of these slugs with these aliases, ids in order.
    pub(in crate::catalog::provider::served) fn registry(
        providers: &[(&str, &[&str])],
    ) -> Registry {
        let entries = providers.iter().zip(1_i64..).map(|((slug, aliases), id)| {
            serde_json::json!({
                "id": id, "slug": slug, "name": null, "aliases": aliases, "fetch_override": null, "has_fetch_function": true,
                "site_url": null, "logo_url": null, "color": null, "priority": null, "icon": null,
            })
        });
        Registry::read(&entries.collect::<serde_json::Value>().to_string()).unwrap()
    }

    #[test]
    fn a_gateway_is_found_by_slug_or_alias_in_any_letter_case() {
        let registry = registry(&[
            ("google-vertex", &["google", "Vertex-AI", ""]),
            ("MixedCase", &[]),
            ("ünï", &["GOOGLE-VERTEX", "all"]),
        ]);
        let found = |name: &str| resolve(name, &registry).map(|found| found.as_str().to_owned());
        for (name, expected) in [
            ("all", "all"),
            ("ALL", "all"),
            ("Google", "google-vertex"),
            ("vertex-ai", "google-vertex"),
            ("google-vertex", "google-vertex"),
            ("mixedcase", "MixedCase"),
            ("ÜNÏ", "ünï"),
        ] {
            assert_eq!(found(name).as_deref(), Ok(expected), "{name}");
        }
        for name in ["", " google", "nope", "google vertex"] {
            let sentence = format!(
                "Invalid gateway '{name}'. Must be 'all' or one of: GOOGLE-VERTEX, MixedCase, Vertex-AI, all, google, google-vertex, ünï"
            );
            assert_eq!(found(name).map_err(|error| error.to_string()), Err(sentence));
        }
    }
}
