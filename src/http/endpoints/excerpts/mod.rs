//! What is cut out of a listing for who asked for less, or for something else of it. Nothing here asks anyone.

mod models;
mod named;
mod providers;

use serde::Serialize;

use super::listed::{Asked, respond};
use crate::{
    cache::{Answer, Trace},
    config::Policy,
    http::{headers, params::Shape, params::unique::Query, response::Response},
};

/// The answer of a route.
pub(super) fn of(asked: Asked<'_>, query: &Query, served: (&Answer, &Trace, &Policy)) -> Response {
    // A listing that came as a text of its own is read for this.
    let listing = served.0.listing.over_snapshot(query.selection.scope.into());
    match asked.shape {
        Shape::Listing | Shape::Health => models::page(asked, query, served, &listing),
        Shape::ProviderModels => models::of_provider(asked, query, served, &listing),
        Shape::Model => named::models(asked, query, served, &listing),
        Shape::Providers => providers::all(asked, query, served, &listing),
    }
}

/// An answer that is made anew each time: its validator is of its bytes.
fn made(
    asked: Asked<'_>,
    query: &Query,
    served: (&Answer, &Trace, &Policy),
    body: Vec<u8>,
    pages: Option<(String, usize)>,
) -> Response {
    let etag = headers::etag(0, &body);
    respond(asked, query.selection.scope, served, (etag, || body), pages)
}

/// A value as JSON. What is written here has names for keys, so that nothing of it can fail.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
