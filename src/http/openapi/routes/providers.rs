//! The catalogs of providers: their parameters, with the bounds that the parser uses, and their answers.

use serde_json::{Value, json};

use crate::{
    catalog::provider::served::SearchBy,
    http::{
        openapi::{
            components::{Named, json_body, problem, public},
            headers::CATALOG,
            operation::Operation,
        },
        params::{
            models::{GATEWAY_DEFAULT, Kind, PROVIDERS_LIMIT, SEARCH_LIMIT, SEARCH_LIMIT_DEFAULT},
            parameter::{Bounds, LIMIT_DEFAULT},
        },
    },
};

pub(super) fn of(kind: Kind) -> Operation {
    let (id, summary, description, answer) = said(kind);
    let query = kind.parameters().iter().map(|name| component(kind, name));
    let in_path: &[_] = match kind {
        Kind::Developer => &["CatalogDeveloper"],
        Kind::Model => &["CatalogDeveloper", "CatalogModel"],
        Kind::Models | Kind::Search | Kind::Gateways | Kind::Providers => &[],
    };
    let parameters = in_path.iter().copied().chain(query).chain(["IfNoneMatch", "CacheControl"]);
    let mut answers =
        vec![(200, answer), (304, "CatalogNotModified"), (503, "Unavailable"), (504, "NotCached")];
    if kind != Kind::Gateways {
        answers.push((400, "UnknownGateway"));
    }
    match kind {
        Kind::Model => answers.push((404, "UnknownModel")),
        Kind::Gateways => {}
        _ => answers.push((422, "WrongParameters")),
    }
    Operation { id, summary, description, parameters: parameters.collect(), body: None, answers }
}

/// What an operation is called, its summary and description, and its answer.
fn said(kind: Kind) -> (&'static str, &'static str, &'static str, &'static str) {
    match kind {
        Kind::Models => (
            "listProviderModels",
            "The models of a provider, or of all, one by one",
            "One page of the models that were asked for, in the order of the providers and of the models' names. A model that its own row \
             says is down is not listed.",
            "CatalogModels",
        ),
        Kind::Developer => (
            "listDeveloperModels",
            "The models of a developer",
            "One page of the models whose ids begin with the developer's name, and of those that a provider of this name offers.",
            "CatalogDeveloper",
        ),
        Kind::Model => (
            "getProviderModel",
            "One model, as a provider offers it",
            "The offer of the provider that was named, or of the first that has the model; `openrouter` is asked last.",
            "CatalogModel",
        ),
        Kind::Search => (
            "searchProviderModels",
            "The models that meet every condition",
            "What is not known of a model meets no condition on it.",
            "CatalogSearch",
        ),
        Kind::Gateways => (
            "listGateways",
            "The active providers, as a page shows them",
            "The fast ones first, by name.",
            "CatalogGateways",
        ),
        Kind::Providers => (
            "listProviderCounts",
            "The active providers, with their numbers of models",
            "Those with the most models first.",
            "CatalogProviders",
        ),
    }
}

fn component(kind: Kind, name: &str) -> &'static str {
    match (kind, name) {
        (Kind::Search, "limit") => "CatalogSearchLimit",
        (Kind::Providers, "limit") => "CatalogProvidersLimit",
        (_, "limit") => "Limit",
        (_, "offset") => "Offset",
        (_, "gateway") => "CatalogGateway",
        (_, "provider") => "CatalogProvider",
        (_, "is_private") => "CatalogIsPrivate",
        (_, "unique_models") => "CatalogUniqueModels",
        (_, "q") => "CatalogQuery",
        (_, "modality") => "CatalogModality",
        (_, "min_context") => "CatalogMinContext",
        (_, "max_context") => "CatalogMaxContext",
        (_, "min_price") => "CatalogMinPrice",
        (_, "max_price") => "CatalogMaxPrice",
        (_, "sort_by") => "CatalogSortBy",
        (_, "order") => "CatalogOrder",
        (_, "moderated_only") => "CatalogModeratedOnly",
        _ => panic!("{name} is not described"),
    }
}

pub(super) fn parameters() -> Named {
    [in_paths(), of_lists(), of_searches()].concat()
}

fn parameter(place: &str, name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": place, "description": description, "schema": schema })
}

fn in_paths() -> Named {
    let of = |name: &str, description: &str| {
        let mut parameter = parameter("path", name, description, &json!({ "type": "string" }));
        parameter["required"] = json!(true);
        parameter
    };
    let developer = "The developer's name: what stands before the slash of an id.";
    vec![
        ("CatalogDeveloper", of("developer", developer)),
        ("CatalogModel", of("model", "The rest of the id; it may hold slashes.")),
    ]
}

fn of_lists() -> Named {
    let text = json!({ "type": "string" });
    let flag = json!({ "type": "boolean" });
    let named = json!({ "type": "string", "default": GATEWAY_DEFAULT });
    let gateway = "Whose models: a provider's slug or alias in any letter case, or `all`.";
    let provider = "Only models whose ids begin with this and a slash, and those that a provider of this slug offers, in any letter case.";
    let private = "Only models that are private by their metadata, or only those that are not.";
    let unique = "With `gateway=all`: each model once, in the form of `/models/unique`.";
    let moderated = "Only providers that OpenRouter moderates: none is known to be.";
    let models = limit(SEARCH_LIMIT, SEARCH_LIMIT_DEFAULT);
    let providers = limit(PROVIDERS_LIMIT, LIMIT_DEFAULT);
    let query = |name: &str, description: &str, schema: &Value| {
        parameter("query", name, description, schema)
    };
    vec![
        ("CatalogGateway", query("gateway", gateway, &named)),
        ("CatalogProvider", query("provider", provider, &text)),
        ("CatalogIsPrivate", query("is_private", private, &flag)),
        ("CatalogUniqueModels", query("unique_models", unique, &flag)),
        ("CatalogModeratedOnly", query("moderated_only", moderated, &flag)),
        ("CatalogSearchLimit", query("limit", "At most so many models.", &models)),
        ("CatalogProvidersLimit", query("limit", "At most so many providers.", &providers)),
    ]
}

fn of_searches() -> Named {
    let text = json!({ "type": "string" });
    let (whole, number) = (json!({ "type": "integer" }), json!({ "type": "number" }));
    let known = SearchBy::ALL.map(SearchBy::as_str);
    let orders = json!({
        "anyOf": [{ "type": "string", "enum": known }, { "type": "string" }],
        "default": SearchBy::default().as_str(),
    });
    let words = "What stands in the id, the name or the description, in any letter case.";
    let modality = "What stands in the modality, in any letter case.";
    let sort = "What the models are ordered by: `price`, the mean of both prices; `context`; `name`; `popularity`, which keeps their order. \
                Any other text is the default.";
    let order = "`desc` in any letter case; any other text is ascending.";
    let query = |name: &str, description: &str, schema: &Value| {
        parameter("query", name, description, schema)
    };
    let least = "At least this mean price, in USD per token.";
    let most = "At most this mean price, in USD per token.";
    vec![
        ("CatalogQuery", query("q", words, &text)),
        ("CatalogModality", query("modality", modality, &text)),
        ("CatalogMinContext", query("min_context", "At least so many tokens.", &whole)),
        ("CatalogMaxContext", query("max_context", "At most so many tokens.", &whole)),
        ("CatalogMinPrice", query("min_price", least, &number)),
        ("CatalogMaxPrice", query("max_price", most, &number)),
        ("CatalogSortBy", query("sort_by", sort, &orders)),
        ("CatalogOrder", query("order", order, &text)),
    ]
}

fn limit(Bounds { least, most }: Bounds, default: usize) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most, "default": default })
}

pub(super) fn responses() -> Named {
    let found = |name, description: &str| (name, public(description, &CATALOG, &json_body(name)));
    vec![
        found("CatalogModels", "A page of models, perhaps stale, perhaps empty."),
        found("CatalogDeveloper", "A page of models, perhaps empty."),
        found("CatalogModel", "The model."),
        found("CatalogSearch", "A page of models, perhaps empty."),
        found("CatalogGateways", "The providers."),
        found("CatalogProviders", "A page of providers."),
        ("CatalogNotModified", public("The client has the answer.", &CATALOG, &[])),
        (
            "UnknownGateway",
            public(
                "There is no such gateway; `detail` names those that there are.",
                &[],
                &problem(),
            ),
        ),
        ("UnknownModel", public("Nobody who was asked offers this model.", &[], &problem())),
    ]
}
