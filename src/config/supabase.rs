//! Where the origin is, who may read it, and which of its providers are shown.

use std::{collections::BTreeSet, fmt};

use xxhash_rust::xxh3::xxh3_64;

use super::reader::Reader;
use crate::catalog::PriceFallback;

/// The Supabase project.
#[derive(Clone, PartialEq, Eq)]
pub struct SupabaseConfig {
    /// `SUPABASE_URL`: the project's root, without a slash at the end.
    pub url: String,
    /// `SUPABASE_SERVICE_ROLE_KEY`: the secret that may read all tables (docs/platform.md, "Supabase keys").
    pub key: String,
    /// `ENABLED_PROVIDERS`: the slugs of the providers that are shown; without any, all are.
    pub enabled_providers: Vec<String>,
    /// `PRICE_FALLBACK`: where a price is looked for that an offer does not have itself.
    pub price_fallback: PriceFallback,
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
    /// What tells this from other settings under which the same tables would give another catalog. Which key may read them
    /// changes nothing.
    pub(super) fn fingerprint(&self) -> u64 {
        let slugs = self.enabled_providers.iter().map(|slug| slug.trim().to_lowercase());
        // In any order, each once.
        let slugs: BTreeSet<String> = slugs.collect();
        let fallback = match self.price_fallback {
            PriceFallback::Off => None,
            PriceFallback::ModelPricing => Some("PRICE_FALLBACK=model_pricing"),
        };
        let words = std::iter::once(self.url.as_str()).chain(slugs.iter().map(String::as_str));
        let words: Vec<&str> = words.chain(fallback).collect();
        xxh3_64(words.join("\n").as_bytes())
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        // The dashboard shows the address of the REST API beside the project's, and either is pasted.
        let url = reader.url("SUPABASE_URL");
        let url = url.strip_suffix("/rest/v1").unwrap_or(&url).trim_end_matches('/').to_owned();
        Self {
            url,
            key: reader.required("SUPABASE_SERVICE_ROLE_KEY"),
            enabled_providers: reader.list("ENABLED_PROVIDERS"),
            price_fallback: price_fallback(reader),
        }
    }
}

fn price_fallback(reader: &mut Reader<'_>) -> PriceFallback {
    match reader.text("PRICE_FALLBACK").as_deref() {
        None | Some("off") => PriceFallback::Off,
        Some("model_pricing") => PriceFallback::ModelPricing,
        Some(_) => {
            reader.fault("PRICE_FALLBACK", "must be off or model_pricing");
            PriceFallback::Off
        }
    }
}
