//! What operators do: clear, warm, look. Bearer `ADMIN_TOKEN`; without one set these routes do not exist.

use std::{rc::Rc, time::Duration};

use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::{
    cache::{InvalidationMode, Statistics},
    http::{App, Request, Response, Route, params::body},
    ports::{TierError, millis},
};

/// No command of an operator needs more.
const BODY_BYTES_MAX: usize = 4096;

impl App {
    pub(crate) async fn admin(&self, route: Route, request: Request) -> Response {
        if !self.is_authorized(request.authorization.as_deref()) {
            return Response::unauthorized();
        }
        if let Route::Statistics = route {
            let Statistics(statistics) = Rc::clone(&self.cache).statistics().await;
            return Response::json(200, &statistics);
        }
        let Some(bytes) = (request.body)(BODY_BYTES_MAX).await else {
            return Response::too_large(BODY_BYTES_MAX);
        };
        let fields = match body::object(&bytes) {
            Ok(fields) => fields,
            Err(items) => return Response::unprocessable(&items),
        };
        match route {
            Route::Clear => self.clear(&fields).await,
            _ => self.warm(&fields).await,
        }
    }

    fn is_authorized(&self, authorization: Option<&str>) -> bool {
        let Some(expected) = self.admin_token.as_deref() else { return false };
        let given = authorization.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        given.is_some_and(|given| given.as_bytes().ct_eq(expected.as_bytes()).into())
    }

    async fn clear(&self, fields: &serde_json::Map<String, Value>) -> Response {
        let cache_type = body::word(fields, "cache_type", &["unique_models", "all"], None);
        let mode = body::word(fields, "mode", &["hard", "soft"], Some("hard"));
        let (cache_type, mode) = match (cache_type, mode) {
            (Ok(cache_type), Ok(mode)) => (cache_type, mode),
            (cache_type, mode) => {
                let items: Vec<Value> = cache_type.err().into_iter().chain(mode.err()).collect();
                return Response::unprocessable(&items);
            }
        };
        let begun = self.cache.now();
        let wanted = if mode == "soft" { InvalidationMode::Soft } else { InvalidationMode::Hard };
        match self.cache.invalidate(wanted).await {
            Ok(done) => Response::json(
                200,
                &json!({
                    "success": true,
                    "cache_type": cache_type,
                    "mode": mode,
                    "epoch": done.epoch,
                    "keys_deleted": done.keys_deleted,
                    "duration_ms": millis(self.cache.now().since(begun)),
                }),
            ),
            Err(TierError::ReadOnly) => Response::conflict("EDGE_MODE forbids writing to Redis"),
            Err(_) => Response::unavailable(
                "Redis can not be reached, or not all keys could be unlinked: try again",
                Duration::from_secs(5),
            ),
        }
    }

    async fn warm(&self, fields: &serde_json::Map<String, Value>) -> Response {
        match body::flag(fields, "force") {
            Err(item) => Response::unprocessable(&[item]),
            Ok(force) => {
                let report = Rc::clone(&self.cache).warm(force).await;
                let report = serde_json::to_value(&report).unwrap_or(Value::Null);
                Response::json(200, &report)
            }
        }
    }
}
