//! What one provider offers of a model: its JSON, and what of it tells how the model is shown.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    price::Price,
    rows::{ModelRow, StoredPricing},
    shape::Object,
};

/// An offer as the API shows it. The fields are the API's, in its order.
#[derive(Serialize)]
pub(super) struct Offer<'a> {
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

#[derive(Serialize)]
struct Pricing {
    prompt: String,
    completion: String,
    image: String,
    request: String,
}

impl<'a> Offer<'a> {
    pub(super) fn new(slug: &'a str, name: Option<&'a str>, row: &ModelRow<'a>) -> Self {
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

    /// The stored price, by which offers are sorted; infinite where there is none.
    pub(super) fn stored_price(&self) -> f64 {
        self.price.stored.unwrap_or(f64::INFINITY)
    }

    /// The price that is shown, by which the cheapest offer is found.
    pub(super) fn shown_price(&self) -> Option<f64> {
        self.price.shown()
    }

    /// The response time, as a number and as it was written.
    pub(super) fn response_time(&self) -> Option<(f64, &'a str)> {
        let raw = self.average_response_time_ms?.get();
        let value = raw.parse::<f64>().ok().filter(|value| value.is_finite())?;
        Some((value, raw))
    }
}
