//! The origin port over Supabase's REST API, which is PostgREST: active providers, then every mapping with its unique
//! model and its model embedded (docs/platform.md, "PostgREST embeds related rows").

mod client;
mod rows;

use std::{rc::Rc, time::Duration};

use async_trait::async_trait;

use crate::{
    catalog::{Mapping, ProviderRow, Scope, Snapshot, Source, models},
    ports::{Http, Load, Origin, OriginError},
};
use client::Client;
use rows::check_ids;

const PROVIDERS: &str = "providers?select=id,slug,name&is_active=is.true&order=id";
const MAPPINGS: &str = "unique_models_provider?select=id,unique_model_id,provider_id,\
    unique_models!inner(id,model_name,sample_model_id),\
    models!inner(model_name,context_length,health_status,average_response_time_ms,modality,\
    supports_streaming,supports_function_calling,supports_vision,description,\
    pricing:metadata-%3Epricing_raw)&order=id";

/// The origin over one project.
#[derive(Debug)]
pub struct Supabase {
    client: Client,
    enabled_providers: Vec<String>,
}

impl Supabase {
    /// The origin over a project: `url` is its root, `key` its service role key, a JWT or `sb_…`. `enabled_providers` are
    /// slugs; without any, every active provider is enabled.
    pub fn new(http: Rc<dyn Http>, url: &str, key: &str, enabled_providers: &[String]) -> Self {
        Self {
            client: Client::new(http, url, key),
            enabled_providers: enabled_providers.iter().map(|slug| normalized(slug)).collect(),
        }
    }

    fn is_enabled(&self, provider: &ProviderRow) -> bool {
        let Some(slug) = provider.slug.as_deref().filter(|slug| !slug.is_empty()) else {
            return false;
        };
        self.enabled_providers.is_empty() || self.enabled_providers.contains(&normalized(slug))
    }
}

#[async_trait(?Send)]
impl Origin for Supabase {
    async fn load(&self, source: Source, timeout: Duration) -> Result<Load, OriginError> {
        match source {
            Source::Unique(scope) => self.load_unique(scope, timeout).await,
            #[cfg(test)]
            Source::Toy => Err(OriginError::Malformed),
        }
    }
}

impl Supabase {
    /// The unique models of a scope: active providers, then every mapping with its unique model and its model embedded.
    async fn load_unique(&self, scope: Scope, timeout: Duration) -> Result<Load, OriginError> {
        let rows = rows::read(&self.client, PROVIDERS, timeout).await?;
        let mut requests = rows.bodies.len();
        let mut providers: Vec<ProviderRow> = rows.parse()?;
        check_ids(providers.iter().map(|provider| provider.id), rows.total)?;
        providers.retain(|provider| self.is_enabled(provider));
        if providers.is_empty() {
            return Ok(Load { snapshot: Snapshot::encode(&[])?, rows: 0, requests });
        }

        let ids: Vec<String> = providers.iter().map(|provider| provider.id.to_string()).collect();
        let active = match scope {
            Scope::Active => "&models.is_active=is.true",
            Scope::All => "",
        };
        let query = format!("{MAPPINGS}{active}&provider_id=in.({})", ids.join(","));
        let rows = rows::read(&self.client, &query, timeout).await?;
        requests = requests.saturating_add(rows.bodies.len());
        let mappings: Vec<Mapping<'_>> = rows.parse()?;
        check_ids(mappings.iter().map(|mapping| mapping.id), rows.total)?;
        let count = mappings.len();
        let snapshot = Snapshot::encode(&models(&providers, mappings))?;
        Ok(Load { snapshot, rows: count, requests })
    }
}

/// A slug as the backend compares slugs (docs/backend.md, "Provider filter").
fn normalized(slug: &str) -> String {
    slug.trim().to_lowercase().replace('_', "-")
}
