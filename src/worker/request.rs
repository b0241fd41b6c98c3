//! The runtime's request as plain data.

use futures_util::FutureExt;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStreamDefaultReader;

use crate::http::{ReadBody, Request, RequestHeaders};

/// Takes a request apart. Its body is read later, if somebody asks for it.
pub(super) fn read(request: &web_sys::Request) -> Request {
    let header = |name| request.headers().get(name).ok().flatten();
    let headers = RequestHeaders {
        accept: header("accept"),
        authorization: header("authorization"),
        client_address: header("cf-connecting-ip"),
        origin: header("origin"),
        if_none_match: header("if-none-match"),
        if_modified_since: header("if-modified-since"),
        cache_control: header("cache-control"),
        webhook_secret: header("x-webhook-secret"),
        webhook_timestamp: header("x-webhook-timestamp"),
        webhook_signature: header("x-webhook-signature"),
        request_id: header("x-request-id"),
        ray: header("cf-ray"),
    };
    // The handle is copied, not the request: its own `clone` would tee the body.
    let handle = Clone::clone(request);
    let body: ReadBody = Box::new(move |limit| read_body(handle, limit).boxed_local());
    Request::new(request.method(), &request.url(), headers, body)
}

async fn read_body(request: web_sys::Request, limit: usize) -> Option<Vec<u8>> {
    let length = request.headers().get("content-length").ok().flatten();
    let declared: Option<usize> = length.and_then(|length| length.parse().ok());
    let Some(stream) = request.body() else { return Some(Vec::new()) };
    if declared.is_some_and(|declared| declared > limit) {
        return None;
    }
    // Not every length is declared, and who sends it need not be known yet: no more is read than is taken.
    let reader: ReadableStreamDefaultReader = stream.get_reader().dyn_into().ok()?;
    let mut bytes = Vec::new();
    loop {
        let read = JsFuture::from(reader.read()).await.ok()?;
        if Reflect::get(&read, &"done".into()).ok()?.is_truthy() {
            return Some(bytes);
        }
        let chunk: Uint8Array = Reflect::get(&read, &"value".into()).ok()?.dyn_into().ok()?;
        bytes.append(&mut chunk.to_vec());
        if bytes.len() > limit {
            // What is left unread is let go of; whether that works changes nothing.
            drop(reader.cancel());
            return None;
        }
    }
}
