//! The one way in: which of the routes answers.

use super::{Asked, developer, gateways, list, lookups::Lookups, model, providers, search};
use crate::{
    cache::{Cache, FollowUp},
    http::{params::models::Kind, response::Response},
};

/// Looks up what is needed and gives what was asked for; 304 to who has it. 400 for a gateway that there is not, 404 for such a model, 422
/// for mistakes in the query; 503 when the origin cannot answer and no tier has anything left, even of a part of it.
pub(crate) async fn get(cache: &Cache, kind: Kind, asked: Asked<'_>) -> (Response, Vec<FollowUp>) {
    let mut lookups = Lookups::new(cache, asked);
    let draft = match kind {
        Kind::Models => list::draft(&mut lookups).await,
        Kind::Developer => developer::draft(&mut lookups).await,
        Kind::Model => model::draft(&mut lookups).await,
        Kind::Search => search::draft(&mut lookups).await,
        Kind::Gateways => gateways::draft(&mut lookups).await,
        Kind::Providers => providers::draft(&mut lookups).await,
    };
    lookups.respond(draft, kind.parameters())
}
