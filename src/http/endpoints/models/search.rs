//! `GET /v1/models/search`: the models that meet conditions.

use super::lookups::{Lookups, gateway, rows};
use crate::{
    catalog::provider::served::{self, Draft},
    http::{params::models, problem, response::Response},
};

pub(super) async fn draft(lookups: &mut Lookups<'_>) -> Result<Draft, Response> {
    let query = models::search(lookups.asked.query)
        .map_err(|mistakes| problem::unprocessable(&mistakes))?;
    let registry = lookups.registry().await?;
    let gateway = gateway(&query.gateway, &registry)?;
    let offered = lookups.offered(&registry, gateway).await?;
    Ok(served::search(&rows(&offered), &query.search()))
}
