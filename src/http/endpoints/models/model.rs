//! `GET /v1/models/{developer}/{model}`: one model, as whoever offers it first has it.

use super::lookups::{Lookups, gateway};
use crate::{
    catalog::provider::served::{Draft, Gateway, single},
    http::{params::models, problem, response::Response},
};

pub(super) async fn draft(lookups: &mut Lookups<'_>) -> Result<Draft, Response> {
    let registry = lookups.registry().await?;
    let gateway = match models::model(lookups.asked.query) {
        Some(name) => gateway(&name, &registry)?,
        None => Gateway::All,
    };
    let lists = lookups.lists(&registry, gateway).await?;
    let (developer, model) = (lookups.asked.value(0), lookups.asked.value(1));
    single(&lists.blocks(), developer, model, gateway != Gateway::All)
        .ok_or_else(|| problem::no_such(&format!("Model '{developer}/{model}' not found")))
}
