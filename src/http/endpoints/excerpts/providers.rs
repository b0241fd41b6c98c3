//! Every provider in short.

use super::{json, made};
use crate::{
    cache::{Answer, Trace},
    catalog::{Index, Listing},
    config::Policy,
    http::{endpoints::listed::Asked, params::unique::Query, response::Response},
};

/// The providers of the scope, by their slugs.
pub(super) fn all(
    asked: Asked<'_>,
    query: &Query,
    served: (&Answer, &Trace, &Policy),
    listing: &Listing,
) -> Response {
    let providers = listing.indexed().map(|(index, _)| Index::providers(index)).unwrap_or_default();
    let body = format!("{{\"providers\":{},\"total\":{}}}", json(&providers), providers.len());
    made(asked, query, served, body.into_bytes(), None)
}
