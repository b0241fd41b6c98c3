//! Who the providers are: the active and enabled ones, by what names they are asked for, and how they are shown.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Slug, rows::object};
use crate::catalog::{
    Malformed,
    json_array::span,
    text::{Text, TextWriter},
    unique::{Object, present},
};

/// The providers, in ascending order of their primary keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    entries: Vec<RegistryEntry>,
}

/// One provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryEntry {
    /// Primary key: the blocks of the list of all models stand in its order.
    pub id: i64,
    /// What names its catalog.
    pub slug: String,
    /// Display name.
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
    /// Other names to ask for it by.
    pub aliases: Vec<String>,
    /// What the backend calls its catalog instead of the slug.
    #[serde(deserialize_with = "present")]
    pub fetch_override: Option<String>,
    /// Whether the backend can fetch its models at all.
    pub has_fetch_function: bool,
    /// Its site.
    #[serde(deserialize_with = "present")]
    pub site_url: Option<String>,
    /// Its logo.
    #[serde(deserialize_with = "present")]
    pub logo_url: Option<String>,
    /// How it is coloured.
    #[serde(deserialize_with = "present")]
    pub color: Option<String>,
    /// How soon it is shown.
    #[serde(deserialize_with = "present")]
    pub priority: Option<String>,
    /// Its symbol.
    #[serde(deserialize_with = "present")]
    pub icon: Option<String>,
}

/// A row of `providers`.
#[derive(Deserialize)]
struct ProviderRow<'a> {
    id: i64,
    slug: Option<String>,
    name: Option<String>,
    site_url: Option<String>,
    logo_url: Option<String>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

/// The members of `providers.metadata` that are read; one of another type counts as absent.
#[derive(Default, Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    aliases: Option<&'a RawValue>,
    #[serde(borrow)]
    fetch_slug_override: Option<&'a RawValue>,
    #[serde(borrow)]
    has_fetch_function: Option<&'a RawValue>,
    #[serde(borrow)]
    color: Option<&'a RawValue>,
    #[serde(borrow)]
    priority: Option<&'a RawValue>,
    #[serde(borrow)]
    icon: Option<&'a RawValue>,
}

impl Registry {
    /// Reads the text of a registry; what is not whole and well-formed is refused.
    pub fn read(text: &str) -> Result<Self, Malformed> {
        let entries: Vec<Object<RegistryEntry>> = serde_json::from_str(text)?;
        Ok(Self { entries: entries.into_iter().map(|Object(entry)| entry).collect() })
    }

    /// The providers, in ascending order of their primary keys.
    pub fn entries(&self) -> &[RegistryEntry] {
        &self.entries
    }
}

/// Checks each entry of a registry's text: where it stands, in bytes.
pub fn records(text: &str) -> Result<Vec<Range<u32>>, Malformed> {
    Registry::read(text)?;
    let items: Vec<&RawValue> = serde_json::from_str(text)?;
    Ok(items.into_iter().filter_map(|item| span(text, item.get())).collect())
}

/// Reads a page of rows of `providers`: a JSON array. A row that has no slug, or one that is none, has an empty one here.
pub fn read_rows(page: &str) -> Result<Vec<RegistryEntry>, Malformed> {
    let rows: Vec<ProviderRow<'_>> = serde_json::from_str(page)?;
    Ok(rows.into_iter().map(RegistryEntry::from).collect())
}

/// Writes the registry of these providers; with where each stands in the text, in bytes.
pub fn assemble(mut entries: Vec<RegistryEntry>) -> Result<(Text, Vec<Range<u32>>), Malformed> {
    entries.sort_by_key(|entry| entry.id);
    let (mut text, mut spans) = (TextWriter::default(), Vec::new());
    text.end().push(b'[');
    for entry in entries {
        if !spans.is_empty() {
            text.end().push(b',');
        }
        let start = text.position();
        serde_json::to_writer(text.end(), &entry)?;
        spans.push(start..text.position());
        text.end_entry();
    }
    text.end().push(b']');
    Ok((text.finish(), spans))
}

impl From<ProviderRow<'_>> for RegistryEntry {
    fn from(row: ProviderRow<'_>) -> Self {
        let metadata: Metadata<'_> = object(row.metadata).unwrap_or_default();
        let aliases: Vec<&RawValue> = read(metadata.aliases).unwrap_or_default();
        Self {
            id: row.id,
            slug: row.slug.filter(|slug| Slug::new(slug).is_some()).unwrap_or_default(),
            name: row.name,
            aliases: aliases.into_iter().filter_map(|alias| read(Some(alias))).collect(),
            fetch_override: read(metadata.fetch_slug_override)
                .filter(|slug: &String| !slug.is_empty()),
            has_fetch_function: read(metadata.has_fetch_function).unwrap_or(true),
            site_url: row.site_url,
            logo_url: row.logo_url,
            color: read(metadata.color),
            priority: read(metadata.priority),
            icon: read(metadata.icon),
        }
    }
}

fn read<'a, T: Deserialize<'a>>(value: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(value?.get()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_become_a_text_that_reads_back() {
        let long = "x".repeat(65);
        let rows = json!([
            {"id": 7, "slug": "b", "name": null, "site_url": null, "logo_url": "", "metadata": null},
            {"id": 2, "slug": "a", "name": "A", "site_url": "s", "logo_url": "l", "metadata": {
                "aliases": ["one", 2, null, "Two"], "fetch_slug_override": "over", "has_fetch_function": false,
                "color": "c", "priority": "fast", "icon": null,
            }},
            {"id": 9, "slug": null, "name": "N", "site_url": null, "logo_url": null, "metadata": {
                "aliases": "one", "fetch_slug_override": "", "has_fetch_function": "no", "color": 5,
            }},
            {"id": 10, "slug": long, "name": "L", "site_url": null, "logo_url": null, "metadata": [1]},
        ]);
        let read = read_rows(&rows.to_string()).unwrap();
        let (text, spans) = assemble(read.clone()).unwrap();
        let text = text.to_string();
        assert_eq!(records(&text).unwrap(), spans);
        let registry = Registry::read(&text).unwrap();
        let told: Vec<_> = registry.entries().iter().map(|it| (it.id, it.slug.as_str())).collect();
        assert_eq!(told, [(2, "a"), (7, "b"), (9, ""), (10, "")], "by primary key");
        let [a, b, none, _] = registry.entries() else { panic!("{registry:?}") };
        assert_eq!(a, &read[1]);
        assert_eq!(
            (a.aliases.join(" "), a.fetch_override.as_deref()),
            ("one Two".into(), Some("over"))
        );
        assert!(!a.has_fetch_function && b.has_fetch_function && none.has_fetch_function);
        assert_eq!((none.aliases.len(), &none.fetch_override, &none.color), (0, &None, &None));
        assert_eq!(
            (a.color.as_deref(), a.priority.as_deref(), &a.icon),
            (Some("c"), Some("fast"), &None)
        );
    }

    #[test]
    fn a_value_of_another_shape_is_refused() {
        let row = json!([{"id": 1, "slug": "a", "name": "A", "site_url": null, "logo_url": null, "metadata": {}}]);
        let (text, _) = assemble(read_rows(&row.to_string()).unwrap()).unwrap();
        let whole = text.to_string();
        for cut in 0..whole.len() {
            assert!(Registry::read(whole.get(..cut).unwrap()).is_err(), "cut at {cut}");
        }
        for name in ["id", "slug", "aliases", "fetch_override", "has_fetch_function", "icon"] {
            assert!(Registry::read(&whole.replace(name, "other")).is_err(), "without {name}");
        }
        assert!(records("[[1]]").is_err() && records("{}").is_err());
        assert_eq!(records("[]").unwrap(), []);
    }
}
