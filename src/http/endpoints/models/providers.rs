//! `GET /v1/provider`: the active providers, with how many models each is shown with.

use super::lookups::{Lookups, gateway};
use crate::{
    catalog::provider::served::{self, Draft},
    http::{params::models, problem, response::Response},
};

pub(super) async fn draft(lookups: &mut Lookups<'_>) -> Result<Draft, Response> {
    let query = models::providers(lookups.asked.query)
        .map_err(|mistakes| problem::unprocessable(&mistakes))?;
    let registry = lookups.registry().await?;
    let gateway = gateway(&query.gateway, &registry)?;
    let lists = lookups.lists(&registry, gateway).await?;
    let (blocks, part) = (lists.blocks(), query.window.part());
    Ok(served::providers(&blocks, query.is_moderated, part, gateway.as_str()))
}
