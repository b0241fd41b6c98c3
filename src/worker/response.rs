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
    sent: Headers,
    init: ResponseInit,
}

impl Prepared {
    /// What was prepared, with the values that are others by now; none where status or names are. A response has copied the headers
    /// that it was made with.
    fn adapted(&mut self, response: &Response) -> Option<Result<ResponseInit, JsValue>> {
        let mut both = self.headers.iter().zip(&response.headers);
        let is_alike = self.status == response.status
            && self.headers.len() == response.headers.len()
            && both.all(|((known, _), (name, _))| known == name);
        is_alike.then(|| {
            for ((name, known), (_, value)) in self.headers.iter_mut().zip(&response.headers) {
                if known != value {
                    self.sent.set(name, value)?;
                    known.clone_from(value);
                }
            }
            Ok(self.init.clone())
        })
    }
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
    if let Some(init) = PREPARED.with_borrow_mut(|known| known.as_mut()?.adapted(response)) {
        return init;
    }
    let headers = Headers::new()?;
    for (name, value) in &response.headers {
        headers.set(name, value)?;
    }
    let init = ResponseInit::new();
    init.set_status(response.status);
    init.set_headers(&headers);
    let (status, known) = (response.status, response.headers.clone());
    PREPARED.set(Some(Prepared { status, headers: known, sent: headers, init: init.clone() }));
    Ok(init)
}
