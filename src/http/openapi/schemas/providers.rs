//! Models as their providers list them, and the providers.

use serde_json::{Map, Value, json};

use super::{array_of, count, flag, number, object, or_null, text, words};
use crate::{
    catalog::provider::served::SearchBy,
    http::openapi::components::{Named, to},
};

pub(super) fn all() -> Named {
    vec![
        ("CatalogModels", models()),
        ("CatalogDeveloper", developer()),
        ("CatalogModel", model()),
        ("CatalogSearch", search()),
        ("CatalogGateways", gateways()),
        ("CatalogProviders", providers()),
        ("CatalogEntry", entry()),
        ("CatalogListed", listed()),
    ]
}

/// A page of a list, and what follows its items.
fn page(
    description: &str,
    items: (&'static str, Value),
    more: Vec<(&'static str, Value)>,
) -> Value {
    let fields =
        vec![items, ("total", count("Of all pages.")), ("offset", count("As understood."))];
    let limit = ("limit", count("As understood."));
    object(description, fields.into_iter().chain([limit]).chain(more).collect())
}

fn models() -> Value {
    page(
        "A page of models.",
        ("data", array_of("The page.", to("schemas", "CatalogListed"))),
        vec![
            ("object", words("What this is.", &["list"])),
            ("returned", count("Models of this page.")),
            ("has_more", flag("Whether another page follows.")),
            ("next_offset", or_null(count("Where it begins."))),
            ("gateway", text("Whose models: a provider's slug, or `all`.")),
            ("note", text("A sentence on the gateway.")),
            ("timestamp", time()),
        ],
    )
}

fn developer() -> Value {
    let mut page = page(
        "A page of a developer's models.",
        ("models", array_of("The page.", to("schemas", "CatalogEntry"))),
        vec![("developer", text("As understood.")), ("count", count("Models of this page."))],
    );
    add(&mut page, vec![("gateway", text("Whose models; absent where there are none."))]);
    page
}

fn model() -> Value {
    object(
        "A model.",
        vec![
            ("data", to("schemas", "CatalogEntry")),
            ("provider", text("What stands before the first slash of what was asked for.")),
            ("model", text("What stands behind it.")),
            ("gateway", text("The slug of the provider that offers it.")),
            ("timestamp", time()),
        ],
    )
}

fn search() -> Value {
    let applied = object(
        "The conditions, as understood; null where there is none.",
        vec![
            ("query", or_null(text("`q`."))),
            ("modality", or_null(text("As sent."))),
            ("is_private", or_null(flag("As understood."))),
            ("min_context", or_null(whole())),
            ("max_context", or_null(whole())),
            ("min_price", or_null(number("USD per token."))),
            ("max_price", or_null(number("USD per token."))),
            ("gateway", text("As sent.")),
            ("sort_by", words("As understood.", &SearchBy::ALL.map(SearchBy::as_str))),
            ("order", text("As sent.")),
        ],
    );
    let meta = object(
        "The page.",
        vec![
            ("total", count("Of all pages.")),
            ("limit", count("As understood.")),
            ("offset", count("As understood.")),
            ("returned", count("Models of this page.")),
            ("filters_applied", applied),
        ],
    );
    object(
        "Models that meet every condition, as they are stored.",
        vec![
            ("success", flag("True.")),
            ("data", array_of("The page.", to("schemas", "CatalogEntry"))),
            ("meta", meta),
            ("timestamp", time()),
        ],
    )
}

fn gateways() -> Value {
    let gateway = object(
        "A provider.",
        vec![
            ("id", text("Its slug.")),
            ("name", text("Its name.")),
            ("color", text("The class it is coloured by.")),
            ("priority", text("`fast`, or another word for not so fast.")),
            ("site_url", or_null(text("Its page."))),
            ("logo_url", or_null(text("Its logo, or its site's."))),
            ("icon", or_null(text("The name of its icon."))),
            ("aliases", array_of("What else it is called.", text("A name."))),
        ],
    );
    object(
        "The active providers.",
        vec![
            ("data", array_of("All of them.", gateway)),
            ("routers", array_of("None.", json!({}))),
            ("total", count("Providers.")),
            ("timestamp", time()),
        ],
    )
}

fn providers() -> Value {
    let provider = object(
        "A provider.",
        vec![
            ("slug", text("Its slug.")),
            ("site_url", or_null(text("Its page."))),
            ("logo_url", or_null(text("Its logo."))),
            ("moderated_by_openrouter", flag("False: it is not known.")),
            ("source_gateway", text("Its slug.")),
            ("source_gateways", array_of("Its slug.", text("A slug."))),
            ("model_count", count("Models that are shown of it.")),
        ],
    );
    page(
        "A page of providers.",
        ("data", array_of("The page.", provider)),
        vec![
            ("returned", count("Providers of this page.")),
            ("gateway", text("Which provider was asked for, or `all`.")),
            ("timestamp", time()),
        ],
    )
}

fn entry() -> Value {
    let price = || text("USD per unit, as stored; text that is no number is not known.");
    let mut pricing = object("What it costs.", Vec::new());
    add(
        &mut pricing,
        ["prompt", "completion", "image", "request"].map(|name| (name, price())).to_vec(),
    );
    pricing["type"] = json!(["object", "null"]);
    let capabilities = object(
        "What it can do, guessed from its id and provider.",
        ["tools", "vision", "prompt_caching", "streaming"]
            .map(|name| (name, flag("Whether it can.")))
            .to_vec(),
    );
    let mut entry = object(
        "A model. With `unique_models` it has the members of a unique model instead of those that only a provider's model has.",
        vec![
            ("id", text("What the provider calls it.")),
            ("name", or_null(text("Its name."))),
            (
                "description",
                or_null(text("At most 500 characters of what is said of it; whole in a search.")),
            ),
            (
                "provider_slug",
                or_null(text(
                    "Its developer: what stands before the slash of its id, or the provider's slug.",
                )),
            ),
            ("provider_site_url", or_null(text("The provider's page."))),
            ("model_logo_url", or_null(text("The logo of that page; of a search the stored one."))),
        ],
    );
    add(
        &mut entry,
        vec![
            ("source_gateway", text("The provider's slug.")),
            ("context_length", or_null(count("Tokens."))),
            ("pricing", pricing),
            ("modality", or_null(text("Such as `text->text`."))),
            ("is_active", flag("True.")),
            ("health_status", or_null(text("As stored; what is `down` is not shown."))),
            ("metadata", json!({ "description": "Whatever the database has." })),
            ("average_response_time_ms", number("Milliseconds.")),
            ("supported_parameters", array_of("Parameters that it takes.", text("A name."))),
            ("capabilities", capabilities),
            ("is_free", flag("False.")),
            ("pricing_source", text("Where the price was found that its row has not.")),
            ("providers", array_of("Offers of a unique model.", to("schemas", "Offer"))),
            ("provider_count", count("Number of offers of a unique model.")),
            ("cheapest_provider", or_null(text("Of a unique model."))),
            ("fastest_provider", or_null(text("Of a unique model."))),
            ("cheapest_prompt_price", or_null(number("Of a unique model."))),
            ("fastest_response_time", or_null(number("Of a unique model."))),
        ],
    );
    entry
}

fn listed() -> Value {
    let mut listed = object(
        "A model in a list.",
        vec![
            ("object", words("What this is.", &["model"])),
            ("owned_by", text("Its `provider_slug`, or `gatewayz`.")),
        ],
    );
    listed["allOf"] = json!([to("schemas", "CatalogEntry")]);
    listed
}

fn time() -> Value {
    text("When the oldest catalog that this is made of was read (RFC 3339).")
}

fn whole() -> Value {
    json!({ "type": "integer", "description": "Tokens." })
}

/// Adds fields that need not be there.
fn add(schema: &mut Value, fields: Vec<(&str, Value)>) {
    let more: Map<String, Value> =
        fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.extend(more);
    }
}
