//! The registry: the active providers, as the origin names them.

use serde::Deserialize;

use crate::catalog::Malformed;

/// A provider that is shown.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct RegistryEntry {
    /// Primary key; providers stand in its order.
    pub id: i64,
    /// What its catalog is asked for by.
    pub slug: String,
    /// Display name.
    pub name: Option<String>,
    /// What else it is called.
    pub aliases: Vec<String>,
    /// What the backend asks for instead of the slug.
    pub fetch_override: Option<String>,
    /// Whether the backend fetches it; where not, it lists nothing of it.
    pub has_fetch_function: bool,
    /// Its page.
    pub site_url: Option<String>,
    /// Its logo.
    pub logo_url: Option<String>,
    /// How it is coloured in lists.
    pub color: Option<String>,
    /// `fast` or `slow`.
    pub priority: Option<String>,
    /// The name of its icon.
    pub icon: Option<String>,
}

/// The active providers, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    entries: Vec<RegistryEntry>,
}

impl Registry {
    /// Reads the text of the registry.
    pub fn read(text: &str) -> Result<Self, Malformed> {
        let mut entries: Vec<RegistryEntry> = serde_json::from_str(text)?;
        entries.sort_by_key(|entry| entry.id);
        Ok(Self { entries })
    }

    /// The providers.
    pub fn entries(&self) -> &[RegistryEntry] {
        &self.entries
    }
}
