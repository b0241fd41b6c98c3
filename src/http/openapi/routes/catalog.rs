//! The catalog: its parameters, with the bounds that the parser uses, and its answers.

use serde_json::{Value, json};

use super::{
    excerpts,
    values::{boolean, integer, one_of},
};
use crate::{
    catalog::{Order, SortBy},
    http::{
        openapi::{
            components::{Named, json_body, problem, public},
            headers::LISTING,
            operation::Operation,
        },
        params::{
            Shape,
            parameter::{
                FALSE_WORDS, LIMIT, LIMIT_DEFAULT, MIN_PROVIDERS, OFFSET, Parameter, TRUE_WORDS,
            },
        },
    },
};

/// What a cursor looks like.
const CURSOR: &str = r"^(\*|[A-Za-z0-9_-]{27})?$";
const LIST: &str = "listModels";

/// What a route over the catalog is said to do.
pub(super) fn of(shape: Shape) -> Operation {
    let known = Parameter::ALL.into_iter().filter(|parameter| shape.has(*parameter));
    let parameters =
        known.map(component).chain(["IfNoneMatch", "IfModifiedSince", "CacheControl"]).collect();
    match shape {
        Shape::Listing => models(parameters),
        _ => excerpts::of(shape, parameters),
    }
}

fn models(parameters: Vec<&'static str>) -> Operation {
    Operation {
        id: LIST,
        summary: "The catalog: each model once, with every provider that offers it",
        description: "One page of the models that were asked for. Unknown parameters are ignored, and of a repeated one the last counts. \
                      Mind the defaults: a bare `sort_by=name` runs from Z to A, a bare `sort_by=cheapest_price` from the most expensive. \
                      Filters that speak of an offer hold together for one and the same. Of what takes several, at most 20 are repeated or have \
                      commas between.",
        parameters,
        body: None,
        answers: vec![
            (200, "Listing"),
            (304, "ListingNotModified"),
            (410, "WalkGone"),
            (422, "WrongParameters"),
            (503, "Unavailable"),
            (504, "NotCached"),
        ],
    }
}

fn component(parameter: Parameter) -> &'static str {
    match parameter {
        Parameter::Limit => "Limit",
        Parameter::Offset => "Offset",
        Parameter::MinProviders => "MinProviders",
        Parameter::SortBy => "SortBy",
        Parameter::Order => "Order",
        Parameter::IncludeInactive => "IncludeInactive",
        Parameter::Cursor => "Cursor",
        Parameter::Name => "Name",
        Parameter::Q => "Q",
        Parameter::Provider => "Provider",
        Parameter::Capability => "Capability",
        Parameter::Modality => "Modality",
        Parameter::MinContext => "MinContext",
        Parameter::MaxPrice => "MaxPrice",
        Parameter::Health => "Health",
        Parameter::Fields => "Fields",
        Parameter::Facets => "Facets",
        Parameter::View => "View",
    }
}

pub(super) fn parameters() -> Named {
    let described = |parameter: Parameter| {
        let (description, schema) = described(parameter);
        let name = parameter.as_str();
        (
            component(parameter),
            json!({ "name": name, "in": "query", "description": description, "schema": schema }),
        )
    };
    let header = |name: &str, description: &str, example: &str| {
        json!({
            "name": name,
            "in": "header",
            "description": description,
            "schema": { "type": "string" },
            "examples": { "one": { "value": example } },
        })
    };
    let since = "The date of what the client has (RFC 9110): 304 if nothing was read since. Without `If-None-Match` only.";
    let directives = "What the client takes (RFC 9111): `no-cache`, `only-if-cached`, `max-age`, `max-stale`, `min-fresh`; \
                      others are ignored.";
    let headers = [
        ("IfModifiedSince", header("If-Modified-Since", since, "Sun, 06 Nov 1994 08:49:37 GMT")),
        ("CacheControl", header("Cache-Control", directives, "max-age=600, max-stale")),
    ];
    Parameter::ALL.into_iter().map(described).chain(headers).collect()
}

fn described(parameter: Parameter) -> (String, Value) {
    match parameter {
        Parameter::Limit => {
            let mut schema = integer(LIMIT);
            schema["default"] = json!(LIMIT_DEFAULT);
            ("At most so many models.".to_owned(), schema)
        }
        Parameter::Offset => {
            let mut schema = integer(OFFSET);
            schema["default"] = json!(0);
            ("So many models are skipped; past the end the page is empty.".to_owned(), schema)
        }
        Parameter::MinProviders => {
            ("Only models with at least so many offers.".to_owned(), integer(MIN_PROVIDERS))
        }
        Parameter::SortBy => {
            let known = SortBy::ALL.map(SortBy::as_str);
            let default = SortBy::default().as_str();
            let names = known.map(|name| format!("`{name}`")).join(", ");
            let description = format!(
                "What the models are ordered by: {names}. Any other text is the default. Names sort by code point of their lower case; a \
                 model without a price sorts as infinitely expensive."
            );
            let schema = json!({
                "anyOf": [{ "type": "string", "enum": known }, { "type": "string" }],
                "default": default,
            });
            (description, schema)
        }
        Parameter::Order => {
            let words = Order::BOTH.map(Order::as_str);
            let description =
                "In which direction, in any letter case. Ties keep the catalog's order in both.";
            let schema = json!({
                "type": "string",
                "pattern": one_of(&words),
                "default": Order::default().as_str(),
                "examples": words,
            });
            (description.to_owned(), schema)
        }
        Parameter::IncludeInactive => {
            let (yes, no) = (TRUE_WORDS.join(" "), FALSE_WORDS.join(" "));
            let description = format!(
                "With offers that are switched off. In any letter case `{yes}` are true, `{no}` are false."
            );
            (description, boolean())
        }
        Parameter::Cursor => {
            let description = "Walks one version, whatever is published meanwhile: `*` begins, `next_cursor` goes on. Without `offset`.";
            let schema = json!({ "type": "string", "pattern": CURSOR });
            (description.to_owned(), schema)
        }
        other => excerpts::described(other),
    }
}

pub(super) fn responses() -> Named {
    let mut listing = public(
        "A page of the catalog, perhaps stale, perhaps empty.",
        &LISTING,
        &json_body("Listing"),
    );
    listing["links"] = json!({
        "understood": {
            "description": "The same again, as it was understood.",
            "operationId": LIST,
            "parameters": {
                "limit": "$response.body#/limit",
                "sort_by": "$response.body#/sort/by",
                "order": "$response.body#/sort/order",
                "include_inactive": "$response.body#/filters/include_inactive",
            },
        },
        "unchanged": {
            "description": "The default page, if it is not this one.",
            "operationId": LIST,
            "parameters": { "If-None-Match": "$response.header.etag" },
        },
    });
    vec![
        ("Listing", listing),
        ("ListingNotModified", public("The client has the page.", &LISTING, &[])),
        (
            "WrongParameters",
            public(
                "Parameters are wrong: an item for each, in the order in which they are described.",
                &[],
                &json_body("Mistakes"),
            ),
        ),
        (
            "WalkGone",
            public("The version that is walked is not kept any more.", &["Link"], &problem()),
        ),
        (
            "NotCached",
            public(
                "`only-if-cached` was sent, and no cache has what the client takes.",
                &["Cache-Status"],
                &problem(),
            ),
        ),
        (
            "Unavailable",
            public(
                "The origin cannot answer and nothing is cached.",
                &["Retry-After", "Cache-Status"],
                &problem(),
            ),
        ),
    ]
}
