//! The Http port over the runtime's fetch. The deadline is an abort signal, which covers the body too. Bodies are read as
//! one `ArrayBuffer` (docs/platform.md, "Reading a body costs a copy or seven").

use std::time::Duration;

use async_trait::async_trait;
use js_sys::{ArrayBuffer, Uint8Array, global};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, RequestRedirect, Response, WorkerGlobalScope};

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
        let HttpRequest { url, headers, body } = request;
        // The body goes out as bytes: a string of JavaScript takes two bytes a character as soon as one is beyond Latin-1.
        let body = body.map(|pieces| joined(&pieces));
        let response = ask(&url, &headers, body.as_ref(), timeout).await;
        if let Some(body) = body {
            let_go(&body.buffer());
        }
        let response = response.map_err(|error| failure(&error))?;
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
        let body = bytes.to_vec();
        let_go(&bytes.buffer());
        let body = String::from_utf8(body).map_err(|_| HttpError::Malformed)?;
        Ok(HttpResponse { status, content_range, retry_after, sync_token, body })
    }
}

/// Not through a `Request`, which would hold the body until it is collected itself.
async fn ask(
    url: &str,
    headers: &[(&'static str, String)],
    body: Option<&Uint8Array>,
    timeout: Duration,
) -> Result<Response, JsValue> {
    let sent = Headers::new()?;
    for (name, value) in headers {
        sent.set(name, value)?;
    }
    let timeout = u32::try_from(millis(timeout)).unwrap_or(u32::MAX);
    let init = RequestInit::new();
    init.set_headers(&sent);
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(timeout)));
    if let Some(body) = body {
        init.set_method("POST");
        init.set_body(body);
    }
    let scope: WorkerGlobalScope = global().unchecked_into();
    JsFuture::from(scope.fetch_with_str_and_init(url, &init)).await?.dyn_into()
}

/// The pieces one after the other, put together outside the Wasm memory, which never shrinks.
pub(super) fn joined(pieces: &[impl AsRef<[u8]>]) -> Uint8Array {
    let position = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let lengths = pieces.iter().map(|piece| piece.as_ref().len());
    let total = lengths.fold(0, usize::saturating_add);
    let bytes = Uint8Array::new_with_length(position(total));
    let mut start = 0_usize;
    for piece in pieces {
        let piece = piece.as_ref();
        let end = start.saturating_add(piece.len());
        bytes.subarray(position(start), position(end)).copy_from(piece);
        start = end;
    }
    bytes
}

/// Frees what a buffer holds at once: megabytes that wait for the collector count as the Worker's memory.
pub(super) fn let_go(buffer: &ArrayBuffer) {
    // One that cannot be let go of is collected some time.
    let _ = buffer.transfer_with_length(0);
}

fn failure(error: &JsValue) -> HttpError {
    let name = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.name()));
    match name.as_deref() {
        Some("TimeoutError" | "AbortError") => HttpError::Timeout,
        _ => HttpError::Unreachable,
    }
}
