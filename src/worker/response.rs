//! A response as the runtime's.

use std::cell::RefCell;

use wasm_bindgen::JsValue;
use web_sys::{Headers, ResponseInit};

use crate::http::Response;

thread_local! {
    /// The last status and headers, with what they were made into: requests of one second often share them.
    static PREPARED: RefCell<Option<Prepared>> = const { RefCell::new(None) };
}

struct Prepared {
    status: u16,
    headers: Vec<(&'static str, String)>,
    init: ResponseInit,
}

/// Makes the runtime's response. The body is a view of this module's memory, which the platform copies once
/// (docs/platform.md, "A body is copied once").
pub(super) fn write(response: &mut Response) -> Result<web_sys::Response, JsValue> {
    let init = prepared(response)?;
    if response.body.is_empty() {
        return web_sys::Response::new_with_opt_str_and_init(None, &init);
    }
    web_sys::Response::new_with_opt_u8_array_and_init(Some(&mut response.body), &init)
}

fn prepared(response: &Response) -> Result<ResponseInit, JsValue> {
    let known = PREPARED.with_borrow(|prepared| {
        prepared
            .as_ref()
            .filter(|known| known.status == response.status && known.headers == response.headers)
            .map(|known| known.init.clone())
    });
    if let Some(init) = known {
        return Ok(init);
    }
    let headers = Headers::new()?;
    for (name, value) in &response.headers {
        headers.set(name, value)?;
    }
    let init = ResponseInit::new();
    init.set_status(response.status);
    init.set_headers(&headers);
    let (status, known) = (response.status, response.headers.clone());
    PREPARED.set(Some(Prepared { status, headers: known, init: init.clone() }));
    Ok(init)
}
