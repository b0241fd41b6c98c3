//! What is cut out of the catalog: the parameters that the backend does not know, the routes of one model and one provider, and their answers.

use serde_json::{Value, json};

use super::values::boolean;
use crate::{
    catalog::{Capability, Fields},
    http::{
        openapi::{
            components::{Named, json_body, problem, public},
            headers::{LISTING, SERVED},
            operation::Operation,
        },
        params::{
            Shape,
            parameter::Parameter,
            unique::excerpt::{MIN_CONTEXT, TEXT_MAX, VALUES_MAX, VIEWS, WORDS_MAX},
        },
    },
};

/// What one of the routes besides the listing is said to do; `parameters` are those that it has.
pub(super) fn of(shape: Shape, parameters: Vec<&'static str>) -> Operation {
    let (id, summary, description, named, ok, unchanged) = match shape {
        Shape::Listing | Shape::Health => (
            "listHealth",
            "Health and response times, by model and provider",
            "What `view=stable` leaves out of the catalog, and nothing else.",
            None,
            "Listing",
            "ListingNotModified",
        ),
        Shape::Model => (
            "getModel",
            "One model, with every provider that offers it",
            "The model that is called exactly so, else all that have this as their `id`. Slashes may be encoded. `health` is another route: \
             of a model that is called so, ask the catalog by `name`.",
            Some("ModelName"),
            "NamedModels",
            "ServedNotModified",
        ),
        Shape::Providers => (
            "listProviders",
            "Every provider: how much it offers, its health, its cheapest model",
            "In the order of their slugs.",
            None,
            "Providers",
            "ServedNotModified",
        ),
        Shape::ProviderModels => (
            "listModelsOfProvider",
            "What a provider offers: the catalog, cut to it",
            "Records are whole: other providers of the same models are in them. Filters on offers hold for an offer of this provider.",
            Some("ProviderSlug"),
            "ProviderListing",
            "ListingNotModified",
        ),
    };
    let mut answers = vec![
        (200, ok),
        (304, unchanged),
        (422, "WrongParameters"),
        (503, "Unavailable"),
        (504, "NotCached"),
    ];
    if named.is_some() {
        answers.push((404, "NoSuchName"));
    }
    let parameters = named.into_iter().chain(parameters).collect();
    Operation { id, summary, description, parameters, body: None, answers }
}

/// What the path names.
pub(super) fn parameters() -> Named {
    let path = |name: &str, description: &str, example: &str| {
        json!({
            "name": name,
            "in": "path",
            "required": true,
            "description": description,
            "schema": { "type": "string", "minLength": 1 },
            "examples": { "one": { "value": example } },
        })
    };
    vec![
        ("ModelName", path("name", "A model's name, or its `id`.", "GPT OSS 120B")),
        ("ProviderSlug", path("slug", "A provider's slug, in any letter case.", "openrouter")),
    ]
}

/// A parameter that the backend does not know: what it means, and its schema.
pub(super) fn described(parameter: Parameter) -> (String, Value) {
    let text = json!({ "type": "string", "maxLength": TEXT_MAX });
    let (meaning, schema) = match parameter {
        Parameter::Q => {
            let meaning =
                format!("The name has all these words, at most {WORDS_MAX}, in any letter case.");
            let words = format!("^\\s*(\\S+(\\s+|$)){{0,{WORDS_MAX}}}$");
            return (meaning, json!({ "type": "string", "maxLength": TEXT_MAX, "pattern": words }));
        }
        Parameter::Provider => ("An offer is of one of these, in any letter case.", list(text)),
        Parameter::Modality => (
            "An offer is of one of these, in any letter case; `+` is `%2B` in a query.",
            list(text),
        ),
        Parameter::Health => {
            ("An offer is in one of these states, in any letter case.", list(text))
        }
        Parameter::Capability => {
            let words = Capability::ALL.map(Capability::as_str);
            ("An offer has all of these.", list(json!({ "type": "string", "enum": words })))
        }
        Parameter::MinContext => (
            "An offer takes so many tokens.",
            json!({ "type": "integer", "minimum": MIN_CONTEXT.least }),
        ),
        Parameter::MaxPrice => (
            "The prompt price of an offer is a number, and at most so many USD per token.",
            json!({ "type": "number", "minimum": 0 }),
        ),
        Parameter::Fields => {
            let names: Vec<String> = Fields::names().collect();
            (
                "Only these fields, and those that are always there: of a model, or of its offers as `providers.slug`.",
                list(json!({ "type": "string", "enum": names })),
            )
        }
        Parameter::Facets => ("Counts models by provider, modality and capability.", boolean()),
        Parameter::View => (
            "`stable` leaves out what changes by the minute: health and response times.",
            json!({ "type": "string", "enum": VIEWS, "default": VIEWS[0] }),
        ),
        _ => ("The model is called exactly so.", text),
    };
    (meaning.to_owned(), schema)
}

fn list(mut items: Value) -> Value {
    if items.get("enum").is_none() {
        // What has a comma is two.
        items["pattern"] = json!("^[^,]*$");
    }
    let mut schema = json!({ "type": "array", "maxItems": VALUES_MAX });
    schema["items"] = items;
    schema
}

pub(super) fn responses() -> Named {
    vec![
        (
            "NamedModels",
            public("The model, or all that share the id.", &SERVED, &json_body("NamedModels")),
        ),
        ("Providers", public("The providers.", &SERVED, &json_body("Providers"))),
        (
            "ProviderListing",
            public("A page of what the provider offers.", &LISTING, &json_body("ProviderListing")),
        ),
        ("ServedNotModified", public("The client has it.", &SERVED, &[])),
        ("NoSuchName", public("Nothing is called so; `nearest` says what is.", &[], &problem())),
    ]
}
