//! `POST /api/system/cache/warm`: what cron does, now; or the catalogs of some providers.

use serde::Serialize;
use serde_json::Value;

use super::named::named;
use crate::{
    cache::Cache,
    catalog::Slug,
    http::{
        params::{Mistake, body},
        problem,
        request::ReadBody,
        response::Response,
    },
};

/// Each takes some ten subrequests, of which an invocation has a thousand.
pub(crate) const PROVIDERS_MAX: usize = 32;

/// Warms, and gives the report. A load that failed is a report as well, so this is 200 either way.
pub(crate) async fn post(cache: &Cache, body: ReadBody) -> Response {
    let fields = match body::read(body).await {
        Ok(fields) => fields,
        Err(error) => return problem::unusable(error),
    };
    let (force, providers) =
        match (body::flag(&fields, "force"), body::texts(&fields, "providers", PROVIDERS_MAX)) {
            (Ok(force), Ok(providers)) => (force, providers),
            (force, providers) => {
                let mistakes: Vec<Mistake> =
                    force.err().into_iter().chain(providers.err()).collect();
                return problem::unprocessable(&mistakes);
            }
        };
    let Some(names) = providers else {
        return report(&cache.warm(force).await);
    };
    let mut slugs: Vec<Slug> = Vec::new();
    for name in names {
        match named(cache, name).await {
            Ok(slug) if slugs.contains(&slug) => {}
            Ok(slug) => slugs.push(slug),
            Err(refusal) => return refusal,
        }
    }
    report(&cache.warm_providers(&slugs, force).await)
}

fn report(report: &impl Serialize) -> Response {
    Response::json(200, &serde_json::to_value(report).unwrap_or(Value::Null))
}
