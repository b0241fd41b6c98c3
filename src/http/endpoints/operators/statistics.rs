//! `GET /api/system/cache/stats`: what was counted, and how the tiers are.

use crate::{
    cache::{Cache, Statistics},
    http::response::Response,
};

/// Gives the statistics of this isolate, and of all where Redis can be asked.
pub(crate) async fn get(cache: &Cache) -> Response {
    let Statistics(statistics) = cache.statistics().await;
    Response::json(200, &statistics)
}
