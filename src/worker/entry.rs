//! The runtime's events: a request, a cron run. The service is built once an isolate, from its first event.

use std::{cell::RefCell, rc::Rc};

use js_sys::Error;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::{Context, Env, event};

use super::{build::build, clock::WorkerClock, log::Console, request, response};
use crate::{
    app::{self, App},
    config::ConfigError,
    http::RequestHeaders,
    ports::Clock,
};

thread_local! {
    /// Plain data and bindings only: futures, wakers and streams must not outlive their request (docs/platform.md,
    /// "Requests do not share I/O").
    static APP: RefCell<Option<Rc<App>>> = const { RefCell::new(None) };
}

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// The way of a hit, which the shim asks before the event: a future, its promise and `waitUntil` cost more than all the rest
/// of it (docs/platform.md, "A hit is a plain function"). Nothing where the event must answer.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "only public functions are exported")]
pub fn hit(
    url: &str,
    is_head: bool,
    if_none_match: Option<String>,
    origin: Option<String>,
    request_id: Option<String>,
    ray: Option<String>,
) -> Option<web_sys::Response> {
    let app = APP.with_borrow(Clone::clone)?;
    let headers =
        RequestHeaders { origin, if_none_match, request_id, ray, ..RequestHeaders::default() };
    response::write(&mut app.hit(url, is_head, &headers)?).ok()
}

#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    let asked = request::read(&request);
    let mut response = match app(&env) {
        Ok(app) => {
            let (response, follow_ups) = app.handle(asked).await;
            if !follow_ups.is_empty() {
                context.wait_until(app.run(follow_ups));
            }
            response
        }
        Err(error) => {
            let random = WorkerClock.random();
            app::misconfigured(&error, &Console::default(), &asked.headers, random)
        }
    };
    response::write(&mut response).map_err(worker::Error::from)
}

/// Not of `#[event(scheduled)]`, whose export resolves whatever happened: a failed run has to be rejected for the platform
/// to see it, and a panic would take the isolate's memory along (docs/platform.md, "A cron run fails by a rejection").
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "only public functions are exported")]
pub async fn scheduled(_event: JsValue, env: Env) -> Result<(), JsValue> {
    let app = app(&env).map_err(|error| {
        app::log_misconfigured(&error, &Console::default());
        Error::new(&error.to_string())
    })?;
    app.scheduled().await.map_err(|failure| Error::new(&failure.to_string()))?;
    Ok(())
}

fn app(env: &Env) -> Result<Rc<App>, ConfigError> {
    if let Some(app) = APP.with_borrow(Clone::clone) {
        return Ok(app);
    }
    let app = Rc::new(build(env)?);
    APP.set(Some(Rc::clone(&app)));
    Ok(app)
}
