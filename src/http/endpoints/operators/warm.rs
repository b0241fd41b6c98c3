//! `POST /api/system/cache/warm`: what cron does, now.

use serde_json::Value;

use crate::{
    cache::Cache,
    http::{params::body, problem, request::ReadBody, response::Response},
};

/// Warms, and gives the report. A load that failed is a report as well, so this is 200 either way.
pub(crate) async fn post(cache: &Cache, body: ReadBody) -> Response {
    let fields = match body::read(body).await {
        Ok(fields) => fields,
        Err(error) => return problem::unusable(error),
    };
    match body::flag(&fields, "force") {
        Err(mistake) => problem::unprocessable(&[mistake]),
        Ok(force) => {
            let report = cache.warm(force).await;
            Response::json(200, &serde_json::to_value(&report).unwrap_or(Value::Null))
        }
    }
}
