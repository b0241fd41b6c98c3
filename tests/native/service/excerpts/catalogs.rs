//! Catalogs by chance: few different values, so that what is asked for is often there.

use proptest::prelude::*;
use serde_json::{Value, json};

const SLUGS: [&str; 5] = ["openrouter", "OpenAI", "openai", "ünï", "a/b c"];
const MODALITIES: [&str; 4] = ["text->text", "Text->Text", "text+image->text", "a,b"];
const HEALTHS: [&str; 3] = ["healthy", "DOWN", "down"];
const PRICES: [&str; 11] =
    ["0", "1e-6", "0.000001", "1.5E-7", "-1", "free", "nan", "inf", "", "7", " 0.5 "];
const WORDS: [&str; 7] = ["GPT", "gpt-4", "Claude", "3", "ÉLAN", "x/y", "%2F"];

fn chosen(values: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        4 => prop::sample::select(values).prop_map(|value| json!(value)),
    ]
}

fn flag() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), Just(json!(true)), Just(json!(false))]
}

fn offer() -> impl Strategy<Value = Value> {
    let context = prop_oneof![
        Just(Value::Null),
        prop::sample::select(&[1_u64, 4096, 131_072, u64::MAX]).prop_map(|tokens| json!(tokens)),
        Just(json!("many"))
    ];
    let price = prop::sample::select(&PRICES[..]);
    let can = [flag(), flag(), flag()];
    let facts = (context, chosen(&HEALTHS), prop::option::of(0_u32..9_000), chosen(&MODALITIES));
    (prop::sample::select(&SLUGS[..]), price, can, facts).prop_map(
        |(slug, price, [streaming, functions, vision], (context, health, ms, modality))| {
            json!({
                "slug": slug,
                "name": format!("Provider \"{slug}\""),
                "pricing": { "prompt": price, "completion": "2", "image": "0", "request": "0" },
                "context_length": context,
                "health_status": health,
                "average_response_time_ms": ms,
                "modality": modality,
                "supports_streaming": streaming,
                "supports_function_calling": functions,
                "supports_vision": vision,
                "description": "one\n\"two\" \\ ☃",
                "model_name": "M",
            })
        },
    )
}

/// A model as the API has it; its name is made unique by its number.
pub(super) fn model(number: usize, words: &[&str], offers: &[Value]) -> Value {
    let id = words.first().copied().unwrap_or_default();
    let fastest = offers.iter().filter(|offer| !offer["average_response_time_ms"].is_null());
    let fastest = fastest.min_by_key(|offer| offer["average_response_time_ms"].as_u64());
    let fastest = fastest.cloned().unwrap_or_default();
    json!({
        "id": id,
        "name": format!("{} {number}", words.join(" ")),
        "provider_count": offers.len(),
        "cheapest_provider": null,
        "fastest_provider": fastest["slug"],
        "cheapest_prompt_price": null,
        "fastest_response_time": fastest["average_response_time_ms"],
        "providers": offers,
    })
}

/// Models with up to four offers each.
pub(super) fn catalog() -> impl Strategy<Value = Vec<Value>> {
    let words = prop::collection::vec(prop::sample::select(&WORDS[..]), 1..4);
    let model_of = (words, prop::collection::vec(offer(), 0..5));
    prop::collection::vec(model_of, 1..14).prop_map(|models| {
        let each = models.into_iter().enumerate();
        each.map(|(number, (words, offers))| model(number, &words, &offers)).collect()
    })
}

/// Parameters as a client sends them, some of which nothing has.
pub(super) fn parameters() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let any = |values: &'static [&'static str]| {
        prop::collection::vec(prop::sample::select(values), 1..3).prop_map(|all| all.join(","))
    };
    let mut slugs = SLUGS.to_vec();
    slugs.push("nobody");
    let word = prop::sample::select(&["gpt", "GPT", "élan", "3", "4 gpt", "x/Y", "zzz"][..]);
    let one = prop_oneof![
        prop::sample::select(slugs).prop_map(|slug| ("provider", slug.to_uppercase())),
        any(&["openai", "OPENROUTER", "none"]).prop_map(|all| ("provider", all)),
        any(&["streaming", "function_calling", "vision"]).prop_map(|all| ("capability", all)),
        any(&["TEXT->text", "text+image->text", "a"]).prop_map(|all| ("modality", all)),
        prop::sample::select(&[1_u64, 4096, 131_072, 1_000_000, u64::MAX])
            .prop_map(|tokens| ("min_context", tokens.to_string())),
        prop::sample::select(&["0", "0.000001", "1e-6", "1.5e-7", "10"][..])
            .prop_map(|price| ("max_price", price.to_owned())),
        any(&["healthy", "Down", "unknown"]).prop_map(|all| ("health", all)),
        word.prop_map(|words| ("q", words.to_owned())),
        Just(("facets", "true".to_owned())),
    ];
    let rest = (1_usize..20, 0_usize..6, prop::sample::select(&["name", "provider_count"][..]));
    (prop::collection::vec(one, 0..5), rest).prop_map(|(mut all, (limit, offset, sort))| {
        all.push(("limit", limit.to_string()));
        all.push(("offset", offset.to_string()));
        all.push(("sort_by", sort.to_owned()));
        all
    })
}
