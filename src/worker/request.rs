//! The runtime's request as plain data.

use futures_util::FutureExt;
use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;

use crate::http::{ReadBody, Request, RequestHeaders};

/// Takes a request apart. Its body is read later, if somebody asks for it.
pub(super) fn read(request: &web_sys::Request) -> Request {
    let header = |name| request.headers().get(name).ok().flatten();
    let headers = RequestHeaders {
        accept: header("accept"),
        authorization: header("authorization"),
        origin: header("origin"),
        if_none_match: header("if-none-match"),
    };
    // The handle is copied, not the request: its own `clone` would tee the body.
    let handle = Clone::clone(request);
    let body: ReadBody = Box::new(move |limit| read_body(handle, limit).boxed_local());
    Request::new(request.method(), &request.url(), headers, body)
}

async fn read_body(request: web_sys::Request, limit: usize) -> Option<Vec<u8>> {
    let length = request.headers().get("content-length").ok().flatten();
    let declared: Option<usize> = length.and_then(|length| length.parse().ok());
    if request.body().is_none() {
        return Some(Vec::new());
    }
    // Only operators come this far, so what does not declare its length is read before it is measured.
    if declared.is_some_and(|declared| declared > limit) {
        return None;
    }
    let buffer = JsFuture::from(request.array_buffer().ok()?).await.ok()?;
    let bytes = Uint8Array::new(&buffer).to_vec();
    (bytes.len() <= limit).then_some(bytes)
}
