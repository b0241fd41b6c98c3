//! Models and offers, with their units.

use serde_json::{Value, json};

use super::{array_of, count, excerpts, flag, number, object, or_null, text, words};
use crate::{
    catalog::{Order, SortBy},
    http::{
        openapi::components::{Named, to},
        params::parameter::{LIMIT, MIN_PROVIDERS, OFFSET},
    },
};

pub(super) fn all() -> Named {
    vec![
        ("Listing", listing()),
        ("ProviderListing", excerpts::provider_listing()),
        ("Model", model()),
        ("SparseModel", excerpts::sparse_model(model())),
        ("Offer", offer()),
        ("SparseOffer", excerpts::sparse_offer(offer())),
        ("Pricing", pricing()),
    ]
}

fn listing() -> Value {
    let minimum = json!({
        "type": ["integer", "null"],
        "minimum": MIN_PROVIDERS.least,
        "description": "As understood; null where it was not asked for.",
    });
    let limit = json!({
        "type": "integer",
        "minimum": LIMIT.least,
        "maximum": LIMIT.most,
        "description": "As understood.",
    });
    let offset =
        json!({ "type": "integer", "minimum": OFFSET.least, "description": "As understood." });
    let mut filters = object(
        "Which models.",
        vec![("min_providers", minimum), ("include_inactive", flag("As understood."))],
    );
    for (name, schema) in excerpts::filters() {
        filters["properties"][name] = schema;
    }
    let models = json!({ "anyOf": [to("schemas", "Model"), to("schemas", "SparseModel")] });
    let mut listing = object(
        "A page of the catalog.",
        vec![
            ("models", array_of("The page.", models)),
            ("total", count("Models of the whole listing, before paging.")),
            ("limit", limit),
            ("offset", offset),
            ("filters", filters),
            (
                "sort",
                object(
                    "In which order.",
                    vec![
                        (
                            "by",
                            words(
                                "As understood: what is not known is the default.",
                                &SortBy::ALL.map(SortBy::as_str),
                            ),
                        ),
                        ("order", words("As understood.", &Order::BOTH.map(Order::as_str))),
                    ],
                ),
            ),
        ],
    );
    listing["properties"]["facets"] = to("schemas", "Facets");
    listing["properties"]["version"] = text("Of a walk: the version that is walked.");
    listing["properties"]["next_cursor"] =
        or_null(text("Of a walk: the next page; null at the end."));
    listing
}

fn model() -> Value {
    object(
        "A model, with every provider that offers it.",
        vec![
            ("id", text("A short identifier; several models can share one.")),
            ("name", text("The name; unique within the catalog, so this is the key.")),
            (
                "providers",
                array_of(
                    "Its offers, cheapest prompt price first; those without a readable price last.",
                    to("schemas", "Offer"),
                ),
            ),
            (
                "provider_count",
                count("Number of offers; a provider that lists a model twice counts twice."),
            ),
            (
                "cheapest_provider",
                or_null(text(
                    "Slug of the offer with the least prompt price; null when every price is text that is no number.",
                )),
            ),
            ("fastest_provider", or_null(text("Slug of the offer with the least response time."))),
            (
                "cheapest_prompt_price",
                or_null(number(
                    "That price, in USD per token; 0 for an unpriced offer, negative for \"dynamic\".",
                )),
            ),
            ("fastest_response_time", or_null(number("That time, in milliseconds."))),
        ],
    )
}

fn offer() -> Value {
    object(
        "A provider's offer of a model. Values are passed on as the database has them, nulls included.",
        vec![
            ("slug", text("The provider.")),
            ("name", or_null(text("The provider's name."))),
            ("pricing", to("schemas", "Pricing")),
            ("context_length", or_null(count("Tokens."))),
            (
                "health_status",
                or_null(text(
                    "`healthy`, `degraded`, `down` or `unknown`; nothing is left out by it unasked.",
                )),
            ),
            ("average_response_time_ms", or_null(number("Milliseconds."))),
            ("modality", or_null(text("Such as `text->text` or `text+image->text`."))),
            ("supports_streaming", or_null(flag("Whether it streams."))),
            ("supports_function_calling", or_null(flag("Whether it calls functions."))),
            ("supports_vision", or_null(flag("Whether it takes images."))),
            ("description", or_null(text("What the provider says of it."))),
            ("model_name", or_null(text("The provider's own display name of the model."))),
        ],
    )
}

fn pricing() -> Value {
    let price = |unit: &str| json!({ "type": "string", "description": unit, "examples": ["7.2E-8", "0.000003", "0"] });
    object(
        "Prices, exactly as stored: read them as decimals. `0` also stands for a price that is not known; a price may be text that is no \
         number.",
        vec![
            ("prompt", price("USD per input token.")),
            ("completion", price("USD per output token.")),
            ("image", price("USD as the provider's own catalog states it, mostly per image.")),
            ("request", price("USD per request.")),
        ],
    )
}
