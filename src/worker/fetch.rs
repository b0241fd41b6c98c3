//! The Http port over the runtime's fetch. The deadline is an abort signal, which covers the body too. Bodies are read as
//! one `ArrayBuffer` (docs/platform.md, "Reading a body costs a copy or seven").

use std::time::Duration;

use async_trait::async_trait;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::{AbortSignal, Fetch, Headers, Method, Request, RequestInit, RequestRedirect};

use crate::ports::{Http, HttpError, HttpRequest, HttpResponse, millis};

/// No answer that is asked for is as large: Upstash gives 10 MB on most plans, a page of the origin is a few.
const BODY_BYTES_MAX: u32 = 32 * 1024 * 1024;

pub(super) struct WorkerHttp;

#[async_trait(?Send)]
impl Http for WorkerHttp {
    async fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, HttpError> {
        let request = build(request).map_err(|_| HttpError::Unreachable)?;
        let signal = web_sys::AbortSignal::timeout_with_u32(
            u32::try_from(millis(timeout)).unwrap_or(u32::MAX),
        );
        let signal = AbortSignal::from(signal);
        let response = Fetch::Request(request).send_with_signal(&signal).await;
        let response: web_sys::Response = response.map_err(|error| failure(&error.into()))?.into();
        let status = response.status();
        let headers = response.headers();
        let header = |name| headers.get(name).ok().flatten();
        let (content_range, retry_after) = (header("content-range"), header("retry-after"));
        let sync_token = header("upstash-sync-token");
        let buffer = response.array_buffer().map_err(|error| failure(&error))?;
        let buffer = JsFuture::from(buffer).await.map_err(|error| failure(&error))?;
        let bytes = Uint8Array::new(&buffer);
        if bytes.length() > BODY_BYTES_MAX {
            return Err(HttpError::Malformed);
        }
        let body = String::from_utf8(bytes.to_vec()).map_err(|_| HttpError::Malformed)?;
        Ok(HttpResponse { status, content_range, retry_after, sync_token, body })
    }
}

/// The body goes out as bytes: a string of JavaScript takes two bytes a character as soon as one is beyond Latin-1.
fn build(request: HttpRequest) -> worker::Result<Request> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers).with_redirect(RequestRedirect::Manual);
    if let Some(body) = request.body {
        let body = Uint8Array::from(body.as_slice());
        init.with_method(Method::Post).with_body(Some(body.into()));
    }
    Request::new_with_init(&request.url, &init)
}

fn failure(error: &JsValue) -> HttpError {
    let name = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.name()));
    match name.as_deref() {
        Some("TimeoutError" | "AbortError") => HttpError::Timeout,
        _ => HttpError::Unreachable,
    }
}
