//! `GET /healthz` and `GET /readyz`: whether the Worker answers, and whether every tier does.

use serde_json::{Map, Value, json};

use crate::{
    cache::{Cache, Readiness},
    http::response::Response,
    ports::millis,
};

/// The Worker runs and its settings can be read, which takes no tier.
pub(crate) fn healthz() -> Response {
    Response::json(200, &json!({ "status": "ok" }))
}

/// Whether every tier answers: 200, or 503. Which one does not is for operators.
pub(crate) async fn readyz(cache: &Cache, is_operator: bool) -> Response {
    let readiness = cache.readiness().await;
    let is_ready = readiness.is_ready();
    let mut body = Map::new();
    body.insert("status".into(), json!(if is_ready { "ready" } else { "not ready" }));
    if is_operator {
        body.insert("checked_at_ms".into(), json!(readiness.at.0));
        body.insert("tiers".into(), tiers(&readiness));
    }
    Response::json(if is_ready { 200 } else { 503 }, &Value::Object(body))
}

fn tiers(readiness: &Readiness) -> Value {
    let each = readiness.tiers.iter().map(|probed| {
        let ms = millis(probed.took);
        let view = match probed.failure {
            None => json!({ "answers": true, "duration_ms": ms }),
            Some(reason) => json!({ "answers": false, "duration_ms": ms, "reason": reason }),
        };
        (probed.tier.as_str().to_owned(), view)
    });
    Value::Object(each.collect())
}
