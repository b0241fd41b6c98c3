//! `GET /v1/models/{developer}`: the models of a developer.

use super::lookups::{Lookups, gateway};
use crate::{
    catalog::provider::served::{Draft, developer},
    http::{params::models, problem, response::Response},
};

pub(super) async fn draft(lookups: &mut Lookups<'_>) -> Result<Draft, Response> {
    let query = models::developer(lookups.asked.query)
        .map_err(|mistakes| problem::unprocessable(&mistakes))?;
    let registry = lookups.registry().await?;
    let gateway = gateway(&query.gateway, &registry)?;
    let lists = lookups.lists(&registry, gateway).await?;
    let rows = lists.rows();
    if rows.is_empty() {
        return Err(lookups.nothing());
    }
    Ok(developer(&rows, lookups.asked.value(0), query.window.part(), gateway.as_str()))
}
