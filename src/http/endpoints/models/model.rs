//! `GET /v1/models/{developer}/{model}`: one model, as whoever offers it first has it.

use super::lookups::{Lookups, Offered, gateway};
use crate::{
    catalog::provider::served::{Block, Draft, Gateway, single},
    http::{params::models, problem, response::Response},
};

pub(super) async fn draft(lookups: &mut Lookups<'_>) -> Result<Draft, Response> {
    let registry = lookups.registry().await?;
    let gateway = match models::model(lookups.asked.query) {
        Some(name) => gateway(&name, &registry)?,
        None => Gateway::All,
    };
    let offered = lookups.offered(&registry, gateway).await?;
    let blocks: Vec<Block<'_>> = offered.iter().map(Offered::block).collect();
    let (developer, model) = (lookups.asked.value(0), lookups.asked.value(1));
    single(&blocks, developer, model, gateway != Gateway::All)
        .ok_or_else(|| problem::no_such(&format!("Model '{developer}/{model}' not found")))
}
