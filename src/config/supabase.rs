//! Where the origin is, who may read it, and which of its providers are shown.

use std::fmt;

use super::reader::Reader;

/// The Supabase project.
#[derive(Clone, PartialEq, Eq)]
pub struct SupabaseConfig {
    /// `SUPABASE_URL`.
    pub url: String,
    /// `SUPABASE_SERVICE_ROLE_KEY`.
    pub key: String,
    /// `ENABLED_PROVIDERS`: slugs; none means all.
    pub enabled_providers: Vec<String>,
}

impl fmt::Debug for SupabaseConfig {
    /// The key is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupabaseConfig")
            .field("url", &self.url)
            .field("enabled_providers", &self.enabled_providers)
            .finish_non_exhaustive()
    }
}

impl SupabaseConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            url: reader.url("SUPABASE_URL"),
            key: reader.required("SUPABASE_SERVICE_ROLE_KEY"),
            enabled_providers: reader.list("ENABLED_PROVIDERS"),
        }
    }
}
