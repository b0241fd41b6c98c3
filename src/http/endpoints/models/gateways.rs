//! `GET /v1/gateways`: the active providers.

use super::lookups::Lookups;
use crate::{
    catalog::provider::served::{self, Draft},
    http::response::Response,
};

pub(super) async fn draft(lookups: &mut Lookups<'_>) -> Result<Draft, Response> {
    Ok(served::gateways(&lookups.registry().await?))
}
