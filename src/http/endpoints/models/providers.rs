//! `GET /v1/provider`: the active providers, with how many models each is shown with.

use super::lookups::{Lookups, gateway};
use crate::{
    catalog::provider::served::{self, Draft, is_shown},
    http::{params::models, problem, response::Response},
};

pub(super) async fn draft(lookups: &mut Lookups<'_>) -> Result<Draft, Response> {
    let query = models::providers(lookups.asked.query)
        .map_err(|mistakes| problem::unprocessable(&mistakes))?;
    let registry = lookups.registry().await?;
    let gateway = gateway(&query.gateway, &registry)?;
    let offered = lookups.offered(&registry, gateway).await?;
    let counted: Vec<_> = offered
        .iter()
        .map(|offered| (offered.entry, offered.rows().iter().filter(|row| is_shown(row)).count()))
        .collect();
    Ok(served::providers(&counted, query.is_moderated, query.window.part(), gateway.as_str()))
}
