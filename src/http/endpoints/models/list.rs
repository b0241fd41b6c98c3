//! `GET /models`: the models of a provider, or of all.

use super::lookups::{Lookups, gateway, whole};
use crate::{
    catalog::provider::served::{Draft, Gateway, Row, list},
    http::{
        params::models::{GATEWAY_DEFAULT, models},
        problem,
        response::Response,
    },
};

pub(super) async fn draft(lookups: &mut Lookups<'_>) -> Result<Draft, Response> {
    let query =
        models(lookups.asked.query).map_err(|mistakes| problem::unprocessable(&mistakes))?;
    let (filter, part) = (query.filter(), query.window.part());
    let is_all = query.gateway.eq_ignore_ascii_case(GATEWAY_DEFAULT);
    if query.is_unique && is_all {
        let unique = lookups.unique().await?;
        let rows: Vec<Row<'_>> = whole(&unique).into_iter().map(Row::of_unique).collect();
        return Ok(list(&rows, &filter, part, GATEWAY_DEFAULT));
    }
    let registry = lookups.registry().await?;
    let gateway = gateway(&query.gateway, &registry)?;
    if matches!(gateway, Gateway::One(entry) if !entry.has_fetch_function) {
        return Ok(list(&[], &filter, part, gateway.as_str()));
    }
    let lists = lookups.lists(&registry, gateway).await?;
    Ok(list(&lists.rows(), &filter, part, gateway.as_str()))
}
