//! The `Front` port over Workers Cache, which is no binding but an import: `cache` of `cloudflare:workers`. The import stands for
//! the cache of whichever request runs, so it may outlive requests (docs/platform.md, "Workers Cache is an import").

use async_trait::async_trait;
use js_sys::{Function, JsString, Promise, Reflect};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use crate::ports::{Front, FrontReply};

#[wasm_bindgen(module = "cloudflare:workers")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = cache)]
    static CACHE: JsValue;
}

/// What is asked for.
#[derive(Serialize)]
struct Selector<'a> {
    tags: &'a [&'a str],
}

/// What is answered.
#[derive(Deserialize)]
struct Answer {
    success: bool,
    errors: Option<Vec<Fault>>,
}

#[derive(Deserialize)]
struct Fault {
    code: Option<u32>,
}

pub(crate) struct WorkerFront;

#[async_trait(?Send)]
impl Front for WorkerFront {
    async fn invalidate(&self, tags: &[&str]) -> FrontReply {
        let cache = CACHE.with(Clone::clone);
        let found = Reflect::get(&cache, &JsString::from("invalidate"));
        let Some(invalidate) = found.ok().and_then(|found| found.dyn_into::<Function>().ok())
        else {
            return FrontReply::Absent;
        };
        match call(&cache, &invalidate, tags).await {
            Some(Answer { success: true, .. }) => FrontReply::Invalidated,
            Some(Answer { errors, .. }) => {
                let errors = errors.unwrap_or_default();
                FrontReply::Refused(errors.first().and_then(|fault| fault.code))
            }
            None => FrontReply::Refused(None),
        }
    }
}

/// None where it throws, or answers what it should not.
async fn call(cache: &JsValue, invalidate: &Function, tags: &[&str]) -> Option<Answer> {
    let selector = serde_wasm_bindgen::to_value(&Selector { tags }).ok()?;
    let promised: Promise = invalidate.call1(cache, &selector).ok()?.dyn_into().ok()?;
    let answer = JsFuture::from(promised).await.ok()?;
    serde_wasm_bindgen::from_value(answer).ok()
}
