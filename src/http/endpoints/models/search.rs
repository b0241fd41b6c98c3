//! `GET /v1/models/search`: the models that meet conditions.

use super::lookups::{Lookups, gateway};
use crate::{
    catalog::provider::served::{self, Draft},
    http::{params::models, problem, response::Response},
};

pub(super) async fn draft(lookups: &mut Lookups<'_>) -> Result<Draft, Response> {
    let query = models::search(lookups.asked.query)
        .map_err(|mistakes| problem::unprocessable(&mistakes))?;
    let registry = lookups.registry().await?;
    let gateway = gateway(&query.gateway, &registry)?;
    let lists = lookups.lists(&registry, gateway).await?;
    Ok(served::search(&lists.rows(), &query.search()))
}
