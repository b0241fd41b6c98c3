//! What one provider offers of a model: its JSON, and what of it tells how the model is shown.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    price::{Price, PriceFallback},
    rows::{ModelPricingRow, ModelRow, StoredPricing},
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
    pub(super) fn new(
        slug: &'a str,
        name: Option<&'a str>,
        row: &ModelRow<'a>,
        fallback: PriceFallback,
    ) -> Self {
        // What is no object holds no prices (docs/backend.md, "Where prices come from").
        let stored: StoredPricing<'_> = row
            .pricing
            .and_then(|pricing| serde_json::from_str(pricing.get()).ok())
            .map(|Object(stored)| stored)
            .unwrap_or_default();
        let (mut price, mut completion) =
            (Price::read(stored.prompt), Price::read(stored.completion));
        if fallback == PriceFallback::ModelPricing {
            if price.is_unknown() && completion.is_unknown() {
                (price, completion) = of_row(row.model_pricing).unwrap_or((price, completion));
            }
            price.stored = price.shown();
        }
        let pricing = Pricing {
            prompt: price.text.clone(),
            completion: completion.text,
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

/// What a model's row of `model_pricing` says, for input and output; none where that says nothing either.
fn of_row(row: Option<&RawValue>) -> Option<(Price, Price)> {
    let ModelPricingRow { price_per_input_token: input, price_per_output_token: output } =
        serde_json::from_str(row?.get()).ok()?;
    let (input, output) = (Price::read(Some(input)), Price::read(Some(output)));
    let is_price = |price: &Price| price.shown().is_some_and(|value| value >= 0.0);
    let is_known = !(input.is_unknown() && output.is_unknown());
    (is_known && is_price(&input) && is_price(&output)).then_some((input, output))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What is shown of an offer with these prices, and by what it is ordered.
    fn shown(fallback: PriceFallback, own: &Value, row: &Value) -> (String, String, f64) {
        let mut model = json!({ "pricing": own });
        if !row.is_null() {
            model["model_pricing"] = row.clone();
        }
        let fields = [
            "context_length",
            "health_status",
            "average_response_time_ms",
            "modality",
            "supports_streaming",
            "supports_function_calling",
            "supports_vision",
            "description",
            "model_name",
        ];
        for field in fields {
            model[field] = Value::Null;
        }
        let text = model.to_string();
        let row: ModelRow<'_> = serde_json::from_str(&text).unwrap();
        let offer = Offer::new("a", None, &row, fallback);
        let order = offer.stored_price();
        (offer.pricing.prompt, offer.pricing.completion, order)
    }

    #[test]
    fn a_price_that_is_not_known_is_that_of_the_models_row_where_it_may_be() {
        let row = |input: f64, output: f64| json!({ "price_per_input_token": input, "price_per_output_token": output });
        let known = row(1.5e-7, 6e-7);
        for (own, row, prompt, completion, order) in [
            (json!({}), known.clone(), "1.5e-07", "6e-07", 1.5e-7),
            (Value::Null, known.clone(), "1.5e-07", "6e-07", 1.5e-7),
            (
                json!({ "prompt": "0", "completion": "0.0" }),
                known.clone(),
                "1.5e-07",
                "6e-07",
                1.5e-7,
            ),
            (
                json!({ "prompt": "free", "completion": null }),
                known.clone(),
                "1.5e-07",
                "6e-07",
                1.5e-7,
            ),
            (
                json!({ "prompt": "nan", "completion": "inf" }),
                known.clone(),
                "1.5e-07",
                "6e-07",
                1.5e-7,
            ),
            // One that is known is the offer's own, and -1 is one.
            (json!({ "prompt": "0", "completion": "2" }), known.clone(), "0", "2", 0.0),
            (json!({ "prompt": "3", "completion": "0" }), known.clone(), "3", "0", 3.0),
            (json!({ "prompt": "-1", "completion": "-1" }), known.clone(), "-1", "-1", -1.0),
            // The row says nothing, or nonsense; or one of its two.
            (json!({}), Value::Null, "0", "0", 0.0),
            (json!({}), row(0.0, 0.0), "0", "0", 0.0),
            (json!({}), row(-1.0, 1.0), "0", "0", 0.0),
            (json!({}), json!({ "price_per_input_token": 1 }), "0", "0", 0.0),
            (json!({}), json!([known.clone()]), "0", "0", 0.0),
            (json!({}), row(0.0, 2.0), "0.0", "2.0", 0.0),
            (json!({ "prompt": "x", "completion": "y" }), Value::Null, "x", "y", f64::INFINITY),
        ] {
            let expected = (prompt.to_owned(), completion.to_owned(), order);
            assert_eq!(shown(PriceFallback::ModelPricing, &own, &row), expected, "{own} {row}");
        }
    }

    #[test]
    fn without_it_prices_and_their_order_are_the_offers_own() {
        let row = json!({ "price_per_input_token": 1.5e-7, "price_per_output_token": 6e-7 });
        let off = |own| shown(PriceFallback::Off, &own, &row);
        assert_eq!(off(json!({})), ("0".to_owned(), "0".to_owned(), f64::INFINITY));
        assert_eq!(off(json!({ "prompt": "0" })), ("0".to_owned(), "0".to_owned(), 0.0));
    }
}
