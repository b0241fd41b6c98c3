//! The Colo port over the Cache API of this data center. Below `worker::Cache`, which makes a stream and headers of what is found,
//! and panics where there is no such thing.

use std::time::Duration;

use async_trait::async_trait;
use js_sys::{JsString, Reflect, Uint8Array, global};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, Headers, Response, ResponseInit};

use super::fetch::{joined, let_go};
use crate::ports::{Colo, TierError};

/// No host of a client's: names under it are ours alone (RFC 2606 §2).
const ORIGIN: &str = "https://model-catalog-edge.invalid/";

thread_local! {
    /// The cache is the same for every request.
    static CACHE: Option<Cache> = find();
}

pub(super) struct WorkerColo;

#[async_trait(?Send)]
impl Colo for WorkerColo {
    async fn get(&self, name: &str) -> Result<Option<String>, TierError> {
        let found = cache()?.match_with_str(&url(name));
        let found = JsFuture::from(found).await.map_err(|_| TierError::Unreachable)?;
        if found.is_undefined() {
            return Ok(None);
        }
        let response: Response = found.dyn_into().map_err(|_| TierError::Malformed)?;
        let buffer = response.array_buffer().map_err(|_| TierError::Unreachable)?;
        let buffer = JsFuture::from(buffer).await.map_err(|_| TierError::Unreachable)?;
        let bytes = Uint8Array::new(&buffer);
        let text = String::from_utf8(bytes.to_vec());
        let_go(&bytes.buffer());
        // Broken text is a broken value: empty, it will not decode, and is counted as corrupt.
        Ok(Some(text.unwrap_or_default()))
    }

    async fn put(&self, name: &str, value: &str, ttl: Duration) -> Result<(), TierError> {
        let headers = Headers::new().map_err(|_| TierError::Malformed)?;
        let lasting = format!("public, max-age={}", ttl.as_secs());
        headers.set("Cache-Control", &lasting).map_err(|_| TierError::Malformed)?;
        let init = ResponseInit::new();
        init.set_headers(&headers);
        let bytes = joined(&[value]);
        let response = Response::new_with_opt_js_u8_array_and_init(Some(&bytes), &init)
            .map_err(|_| TierError::Malformed)?;
        let done = JsFuture::from(cache()?.put_with_str(&url(name), &response)).await;
        let_go(&bytes.buffer());
        done.map(drop).map_err(|_| TierError::Unreachable)
    }
}

fn url(name: &str) -> String {
    [ORIGIN, name].concat()
}

fn cache() -> Result<Cache, TierError> {
    CACHE.with(Clone::clone).ok_or(TierError::Unreachable)
}

fn find() -> Option<Cache> {
    let of = |object: &JsValue, name: &str| Reflect::get(object, &JsString::from(name)).ok();
    let found = of(&of(&global(), "caches")?, "default")?;
    found.is_object().then(|| found.unchecked_into())
}
