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
