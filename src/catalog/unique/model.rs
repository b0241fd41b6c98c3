//! One entry of the catalog, made from the origin's rows as docs/backend.md has it: offers joined by mapping,
//! sorted by price, the cheapest and the fastest found.

use std::{cmp::Ordering, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{price::Price, shape::Object};

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
pub struct Mapping<'a> {
    /// Primary key; ties between offers keep this order.
    pub id: i64,
    provider_id: i64,
    #[serde(borrow)]
    unique_models: UniqueModelRow<'a>,
    #[serde(borrow)]
    models: ModelRow<'a>,
}

#[derive(Debug, Deserialize)]
struct UniqueModelRow<'a> {
    id: i64,
    #[serde(borrow)]
    model_name: &'a RawValue,
    #[serde(borrow)]
    sample_model_id: Option<&'a RawValue>,
}

/// Values are kept as the origin wrote them: the API passes them on verbatim, NULLs included.
#[derive(Debug, Deserialize)]
struct ModelRow<'a> {
    #[serde(borrow)]
    context_length: Option<&'a RawValue>,
    #[serde(borrow)]
    health_status: Option<&'a RawValue>,
    #[serde(borrow)]
    average_response_time_ms: Option<&'a RawValue>,
    #[serde(borrow)]
    modality: Option<&'a RawValue>,
    #[serde(borrow)]
    supports_streaming: Option<&'a RawValue>,
    #[serde(borrow)]
    supports_function_calling: Option<&'a RawValue>,
    #[serde(borrow)]
    supports_vision: Option<&'a RawValue>,
    #[serde(borrow)]
    description: Option<&'a RawValue>,
    #[serde(borrow)]
    model_name: Option<&'a RawValue>,
    #[serde(borrow)]
    pricing: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct StoredPricing<'a> {
    #[serde(borrow)]
    prompt: Option<&'a RawValue>,
    #[serde(borrow)]
    completion: Option<&'a RawValue>,
    #[serde(borrow)]
    image: Option<&'a RawValue>,
    #[serde(borrow)]
    request: Option<&'a RawValue>,
}

/// What one provider offers of a model. The fields are the API's, in its order.
#[derive(Debug, Serialize)]
pub struct Offer<'a> {
    slug: &'a str,
    name: Option<&'a str>,
    pricing: Pricing,
    context_length: Option<&'a RawValue>,
    health_status: Option<&'a RawValue>,
    average_response_time_ms: Option<&'a RawValue>,
    modality: Option<&'a RawValue>,
    supports_streaming: Option<&'a RawValue>,
    supports_function_calling: Option<&'a RawValue>,
    supports_vision: Option<&'a RawValue>,
    description: Option<&'a RawValue>,
    model_name: Option<&'a RawValue>,
    #[serde(skip)]
    price: Price,
}

#[derive(Debug, Serialize)]
struct Pricing {
    prompt: String,
    completion: String,
    image: String,
    request: String,
}

/// One model with every provider that offers it. The fields are the API's, in its order.
#[derive(Debug, Serialize)]
pub struct Model<'a> {
    id: String,
    name: String,
    providers: Vec<Offer<'a>>,
    provider_count: usize,
    cheapest_provider: Option<&'a str>,
    fastest_provider: Option<&'a str>,
    cheapest_prompt_price: Option<f64>,
    fastest_response_time: Option<&'a RawValue>,
}

/// Joins the mappings with their providers into models, in ascending order of `unique_models.id`. A mapping whose
/// provider is not among `providers` is no offer, and a model without offers is none.
pub fn models<'a>(providers: &'a [ProviderRow], mut mappings: Vec<Mapping<'a>>) -> Vec<Model<'a>> {
    let providers: BTreeMap<i64, &ProviderRow> =
        providers.iter().map(|provider| (provider.id, provider)).collect();
    mappings.sort_by_key(|mapping| mapping.id);
    let mut grouped: BTreeMap<i64, (UniqueModelRow<'_>, Vec<Offer<'_>>)> = BTreeMap::new();
    for mapping in mappings {
        let Some(provider) = providers.get(&mapping.provider_id) else { continue };
        let Some(slug) = provider.slug.as_deref().filter(|slug| !slug.is_empty()) else { continue };
        let offer = Offer::new(slug, provider.name.as_deref(), &mapping.models);
        let unique = mapping.unique_models;
        grouped.entry(unique.id).or_insert_with(|| (unique, Vec::new())).1.push(offer);
    }
    grouped.into_values().map(|(unique, offers)| Model::new(&unique, offers)).collect()
}

impl<'a> Offer<'a> {
    fn new(slug: &'a str, name: Option<&'a str>, row: &ModelRow<'a>) -> Self {
        // What is no object holds no prices (docs/backend.md, "Where prices come from").
        let stored: StoredPricing<'_> = row
            .pricing
            .and_then(|pricing| serde_json::from_str(pricing.get()).ok())
            .map(|Object(stored)| stored)
            .unwrap_or_default();
        let price = Price::read(stored.prompt);
        let pricing = Pricing {
            prompt: price.text.clone(),
            completion: Price::read(stored.completion).text,
            image: Price::read(stored.image).text,
            request: Price::read(stored.request).text,
        };
        Self {
            slug,
            name,
            pricing,
            context_length: row.context_length,
            health_status: row.health_status,
            average_response_time_ms: row.average_response_time_ms,
            modality: row.modality,
            supports_streaming: row.supports_streaming,
            supports_function_calling: row.supports_function_calling,
            supports_vision: row.supports_vision,
            description: row.description,
            model_name: row.model_name,
            price,
        }
    }

    fn response_time_ms(&self) -> Option<(f64, &'a RawValue)> {
        let raw = self.average_response_time_ms?;
        let value = raw.get().parse::<f64>().ok()?;
        Some((value, raw))
    }
}

impl<'a> Model<'a> {
    fn new(unique: &UniqueModelRow<'_>, mut offers: Vec<Offer<'a>>) -> Self {
        let stored = |offer: &Offer<'_>| offer.price.stored.unwrap_or(f64::INFINITY);
        offers.sort_by(|a, b| stored(a).partial_cmp(&stored(b)).unwrap_or(Ordering::Equal));
        let cheapest = first_least(&offers, |offer| offer.price.shown().map(|price| (price, ())));
        let fastest = first_least(&offers, Offer::response_time_ms);
        let name = text(Some(unique.model_name)).unwrap_or_default();
        let id = text(unique.sample_model_id).filter(|id| !id.is_empty()).unwrap_or(name.clone());
        Self {
            id: id.rsplit('/').next().unwrap_or_default().to_owned(),
            name,
            provider_count: offers.len(),
            cheapest_provider: cheapest.map(|(slug, ..)| slug),
            fastest_provider: fastest.map(|(slug, ..)| slug),
            cheapest_prompt_price: cheapest.map(|(_, price, ())| price),
            fastest_response_time: fastest.map(|(_, _, raw)| raw),
            providers: offers,
        }
    }
}

/// The first of the offers with the least value; those without a value do not take part.
fn first_least<'a, T>(
    offers: &[Offer<'a>],
    value: impl Fn(&Offer<'a>) -> Option<(f64, T)>,
) -> Option<(&'a str, f64, T)> {
    let mut least: Option<(&'a str, f64, T)> = None;
    for offer in offers {
        let Some((candidate, extra)) = value(offer) else { continue };
        if least.as_ref().is_none_or(|(_, least, _)| candidate < *least) {
            least = Some((offer.slug, candidate, extra));
        }
    }
    least
}

fn text(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}
