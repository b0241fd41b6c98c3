//! What is cut out of the catalog: sparse records, counts, relations, providers.

use serde_json::{Value, json};

use super::{array_of, component_or_null, count, map_of, number, object, or_null, text};
use crate::{
    catalog::{Capability, MODEL_ALWAYS, OFFER_ALWAYS},
    http::openapi::components::{Named, to},
};

/// The same, of which only these fields are always there.
pub(super) fn sparse(mut whole: Value, description: &str, always: &[&str]) -> Value {
    whole["description"] = json!(description);
    whole["required"] = json!(always);
    whole
}

/// A model of which a client wanted some fields.
pub(super) fn sparse_model(whole: Value) -> Value {
    let mut model = sparse(whole, "A model with the fields that were asked for.", &MODEL_ALWAYS);
    model["properties"]["providers"]["items"] = to("schemas", "SparseOffer");
    model
}

/// An offer of which a client wanted some fields.
pub(super) fn sparse_offer(whole: Value) -> Value {
    sparse(whole, "An offer with the fields that were asked for.", &OFFER_ALWAYS)
}

/// A listing with what belongs to a provider's.
pub(super) fn provider_listing() -> Value {
    let relation = vec![("relation", to("schemas", "ProviderRelation"))];
    let mut listing = object("A page of what a provider offers, and its relation.", relation);
    listing["allOf"] = json!([to("schemas", "Listing")]);
    listing
}

/// The filters that are echoed where they were sent.
pub(super) fn filters() -> Vec<(&'static str, Value)> {
    let texts = || array_of("As understood.", json!({ "type": "string" }));
    vec![
        ("name", text("As understood.")),
        ("q", text("As understood.")),
        ("provider", texts()),
        ("capability", texts()),
        ("modality", texts()),
        ("min_context", count("As understood.")),
        ("max_price", number("As understood.")),
        ("health", texts()),
    ]
}

pub(super) fn all() -> Named {
    let models = array_of(
        "The models.",
        json!({ "anyOf": [to("schemas", "Model"), to("schemas", "SparseModel")] }),
    );
    let named = object(
        "The model that a path names, or all that share an id.",
        vec![
            ("models", models),
            ("relations", array_of("Who offers them.", to("schemas", "ModelRelation"))),
            ("note", or_null(text("Where several share the id: what tells them apart."))),
        ],
    );
    let providers = object(
        "The providers, by their slugs.",
        vec![
            ("providers", array_of("All of them.", to("schemas", "Provider"))),
            ("total", count("Their number.")),
        ],
    );
    vec![
        ("NamedModels", named),
        ("ModelRelation", model_relation()),
        ("ProviderRelation", provider_relation()),
        ("Providers", providers),
        ("Provider", provider()),
        ("Cheapest", cheapest()),
        ("Facets", facets()),
    ]
}

fn model_relation() -> Value {
    object(
        "Who offers a model.",
        vec![
            ("model", text("Its name.")),
            ("providers", array_of("A slug an offer.", json!({ "type": "string" }))),
            ("provider_count", count("Number of offers.")),
        ],
    )
}

fn provider_relation() -> Value {
    object(
        "What a provider offers.",
        vec![
            ("provider", text("Its slug.")),
            ("models", array_of("All names.", json!({ "type": "string" }))),
            ("count", count("Number of models.")),
        ],
    )
}

fn provider() -> Value {
    object(
        "A provider in short.",
        vec![
            ("slug", text("What offers and filters call it.")),
            ("name", or_null(text("Its name."))),
            ("model_count", count("Models that it offers.")),
            ("offer_count", count("Its offers.")),
            ("health", map_of("Offers by state of health.", count("Offers."))),
            ("cheapest", component_or_null("Cheapest")),
        ],
    )
}

fn cheapest() -> Value {
    object(
        "The offer with the least prompt price.",
        vec![("model", text("The model's name.")), ("prompt_price", number("USD per token."))],
    )
}

fn facets() -> Value {
    let by = |what: &str| map_of(what, count("Models."));
    let capabilities = Capability::ALL.map(|it| (it.as_str(), count("Models."))).to_vec();
    object(
        "How many models of the listing have an offer with what, each model once a value.",
        vec![
            ("provider", by("By slug.")),
            ("modality", by("By modality.")),
            ("capability", object("By capability.", capabilities)),
        ],
    )
}
