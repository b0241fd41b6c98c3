//! Rows as the origin sends them (docs/backend.md, "Tables and columns").

use serde::Deserialize;
use serde_json::value::RawValue;

/// A row of `providers`.
#[derive(Clone, Debug, Deserialize)]
pub struct ProviderRow {
    /// Primary key.
    pub id: i64,
    /// What `ENABLED_PROVIDERS` names; rows without one are no providers (docs/backend.md, "Provider filter").
    pub slug: Option<String>,
    /// Display name.
    pub name: Option<String>,
}

/// A row of `unique_models_provider` with its unique model and its model embedded.
#[derive(Debug, Deserialize)]
pub(super) struct MappingRow<'a> {
    /// Primary key; ties between offers keep this order.
    pub(super) id: i64,
    pub(super) provider_id: i64,
    #[serde(borrow)]
    pub(super) unique_models: UniqueModelRow<'a>,
    #[serde(borrow)]
    pub(super) models: ModelRow<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct UniqueModelRow<'a> {
    pub(super) id: i64,
    #[serde(borrow)]
    pub(super) model_name: &'a RawValue,
    #[serde(borrow)]
    pub(super) sample_model_id: Option<&'a RawValue>,
}

/// Values are kept as the origin wrote them: the API passes them on verbatim, NULLs included.
#[derive(Debug, Deserialize)]
pub(super) struct ModelRow<'a> {
    #[serde(borrow)]
    pub(super) context_length: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) health_status: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) average_response_time_ms: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) modality: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) supports_streaming: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) supports_function_calling: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) supports_vision: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) description: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) model_name: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) pricing: Option<&'a RawValue>,
    /// The model's row of `model_pricing`, where it was asked for.
    #[serde(borrow, default)]
    pub(super) model_pricing: Option<&'a RawValue>,
}

/// A row of `model_pricing`: a model has one at the most.
#[derive(Deserialize)]
pub(super) struct ModelPricingRow<'a> {
    #[serde(borrow)]
    pub(super) price_per_input_token: &'a RawValue,
    #[serde(borrow)]
    pub(super) price_per_output_token: &'a RawValue,
}

#[derive(Default, Deserialize)]
pub(super) struct StoredPricing<'a> {
    #[serde(borrow)]
    pub(super) prompt: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) completion: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) image: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) request: Option<&'a RawValue>,
}
