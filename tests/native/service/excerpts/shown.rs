//! Sparse records, the view that holds still, and what moves.

use proptest::prelude::*;

use super::{catalogs::catalog, *};

/// The record without what is not in `model` and, of its offers, in `offer`.
fn cut(record: &Value, model: &[&str], offer: &[&str]) -> Value {
    let keep = |value: &Value, fields: &[&str]| -> Value {
        let members = value.as_object().unwrap().iter();
        let kept = members.filter(|(name, _)| fields.contains(&name.as_str()));
        Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    let mut cut = keep(record, model);
    if let Some(offers) = cut.get_mut("providers").and_then(Value::as_array_mut) {
        for one in offers {
            *one = keep(one, offer);
        }
    }
    cut
}

const OFFER: [&str; 12] = [
    "slug",
    "name",
    "pricing",
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
const STABLE: [&str; 6] =
    ["id", "name", "providers", "provider_count", "cheapest_provider", "cheapest_prompt_price"];
const MOVING: [&str; 5] = ["id", "name", "providers", "fastest_provider", "fastest_response_time"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn records_are_cut_as_anyone_would_cut_them(models in catalog()) {
        let service = over(&models);
        let whole = parsed(&service.get("/models/unique"));
        let stable: Vec<&str> = OFFER.into_iter().filter(|field| !["health_status", "average_response_time_ms"].contains(field)).collect();
        let cases: [(&str, &[&str], &[&str]); 6] = [
            ("/models/unique?view=stable", &STABLE, &stable),
            ("/models/unique/health", &MOVING, &["slug", "health_status", "average_response_time_ms"]),
            ("/models/unique?fields=name", &["id", "name"], &[]),
            ("/models/unique?fields=providers.pricing,provider_count", &["id", "name", "providers", "provider_count"], &["slug", "pricing"]),
            ("/models/unique?fields=providers&view=stable", &["id", "name", "providers"], &stable),
            ("/v1/models/unique/health?fields=fastest_provider,provider_count", &["id", "name", "fastest_provider"], &[]),
        ];
        for (path, model, offer) in cases {
            let body = parsed(&service.get(path));
            let expected: Vec<Value> =
                whole["models"].as_array().unwrap().iter().map(|record| cut(record, model, offer)).collect();
            prop_assert_eq!(&body["models"], &json!(expected), "{}", path);
            prop_assert_eq!(&body["total"], &whole["total"]);
        }
    }
}
