//! The origin port over Supabase's REST API, which is PostgREST: active providers, then every mapping with its unique
//! model and its model embedded (docs/platform.md, "PostgREST embeds related rows").

mod client;
mod provider;
mod retry;
mod rows;

use std::{cell::Cell, fmt, rc::Rc, time::Duration};

use async_trait::async_trait;

use crate::{
    catalog::{Assembly, PriceFallback, ProviderRow, Scope, Snapshot, Source},
    ports::{Clock, Http, Load, Origin, OriginError},
};
use client::{Client, Page};
use retry::Allowance;
use rows::{Reader, check_ids};

const PROVIDERS: &str = "providers?select=id,slug,name&is_active=is.true&order=id";
const PROBE: &str = "providers?select=id";
const MAPPINGS: &str = "unique_models_provider?select=id,unique_model_id,provider_id,\
    unique_models!inner(id,model_name,sample_model_id),\
    models!inner(model_name,context_length,health_status,average_response_time_ms,modality,\
    supports_streaming,supports_function_calling,supports_vision,description,\
    pricing:metadata-%3Epricing_raw";
/// What is embedded besides where prices are looked for there: one row at the most, since `model_pricing.model_id` is unique.
const MODEL_PRICING: &str = ",model_pricing(price_per_input_token,price_per_output_token)";

/// A list of all that took more requests is not read a second time: what carries the request would refuse the last ones
/// (docs/platform.md, "Limits of an isolate").
const FULL_TWICE_MAX: usize = 20;

/// The origin over one project.
pub struct Supabase {
    client: Client,
    clock: Rc<dyn Clock>,
    enabled_providers: Vec<String>,
    price_fallback: PriceFallback,
    /// Retries that nobody has taken yet.
    retries: Rc<Cell<u64>>,
}

impl fmt::Debug for Supabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supabase").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Supabase {
    /// The origin over a project: `url` is its root, `key` its service role key, a JWT or `sb_…`. `enabled_providers` are
    /// slugs; without any, every active provider is enabled.
    pub fn new(
        http: Rc<dyn Http>,
        clock: Rc<dyn Clock>,
        url: &str,
        key: &str,
        enabled_providers: &[String],
    ) -> Self {
        Self {
            client: Client::new(http, url, key),
            clock,
            enabled_providers: enabled_providers.iter().map(|slug| normalized(slug)).collect(),
            price_fallback: PriceFallback::Off,
            retries: Rc::default(),
        }
    }

    /// The same, with prices that offers do not have themselves from there.
    #[must_use]
    pub fn with_price_fallback(self, price_fallback: PriceFallback) -> Self {
        Self { price_fallback, ..self }
    }

    async fn read(&self, source: Source, reader: &Reader<'_>) -> Result<Load, OriginError> {
        match source {
            Source::Unique(scope) => self.read_unique(scope, reader).await,
            Source::Registry => {
                let entries = self.read_registry(reader).await?;
                let rows = entries.len();
                let snapshot = Snapshot::of_registry(entries)?;
                Ok(Load { snapshot, rows, requests: reader.requests() })
            }
            Source::Provider(slug) => self.read_provider(slug, reader).await,
            Source::Full => self.read_all(reader).await,
            #[cfg(test)]
            Source::Toy => Err(OriginError::Malformed),
        }
    }

    /// The unique models of a scope: active providers, then every mapping with its unique model and its model embedded.
    async fn read_unique(&self, scope: Scope, reader: &Reader<'_>) -> Result<Load, OriginError> {
        let mut providers: Vec<ProviderRow> = Vec::new();
        let total = reader
            .read(PROVIDERS, |page| {
                providers.append(&mut serde_json::from_str(page)?);
                Ok(())
            })
            .await?;
        check_ids(providers.iter().map(|provider| provider.id), total)?;
        providers.retain(|provider| self.is_enabled(provider.slug.as_deref().unwrap_or_default()));
        let mut assembly = Assembly::new(&providers).with_price_fallback(self.price_fallback);
        if !providers.is_empty() {
            let ids: Vec<String> =
                providers.iter().map(|provider| provider.id.to_string()).collect();
            let active = match scope {
                Scope::Active => "&models.is_active=is.true",
                Scope::All => "",
            };
            let embedded = match self.price_fallback {
                PriceFallback::Off => "",
                PriceFallback::ModelPricing => MODEL_PRICING,
            };
            let ids = ids.join(",");
            let query = format!("{MAPPINGS}{embedded})&order=id{active}&provider_id=in.({ids})");
            let total = reader.read(&query, |page| assembly.add(page)).await?;
            check_ids(assembly.rows().iter().copied(), total)?;
        }
        let rows = assembly.rows().len();
        let snapshot = Snapshot::assembled(assembly)?;
        Ok(Load { snapshot, rows, requests: reader.requests() })
    }

    /// Whether providers of this slug are enabled; one without a slug never is.
    fn is_enabled(&self, slug: &str) -> bool {
        let enabled = &self.enabled_providers;
        !slug.is_empty() && (enabled.is_empty() || enabled.contains(&normalized(slug)))
    }
}

#[async_trait(?Send)]
impl Origin for Supabase {
    async fn load(&self, source: Source, timeout: Duration) -> Result<Load, OriginError> {
        let (clock, retries) = (Rc::clone(&self.clock), Rc::clone(&self.retries));
        let allowance = Allowance::new(clock, timeout, retries);
        let reader = Reader::new(&self.client, &allowance);
        match self.read(source, &reader).await {
            // A row that came or went between two pages is no failure: what is there now can be read at once.
            Err(OriginError::CountMismatch { .. } | OriginError::DuplicateIds { .. })
                if allowance.time_left().is_some()
                    && (source != Source::Full || reader.requests() <= FULL_TWICE_MAX) =>
            {
                self.read(source, &reader).await
            }
            result => result,
        }
    }

    async fn probe(&self, timeout: Duration) -> Result<(), OriginError> {
        let page = Page { offset: 0, limit: 1, is_counted: false };
        self.client.ask(PROBE, page, timeout).await.map(drop).map_err(|failure| failure.error)
    }

    fn take_retries(&self) -> u64 {
        self.retries.take()
    }
}

/// A slug as the backend compares slugs (docs/backend.md, "Provider filter").
fn normalized(slug: &str) -> String {
    slug.trim().to_lowercase().replace('_', "-")
}
