//! The runtime's events: a request, a cron run. The service is built once an isolate, from its first event.

use std::{cell::RefCell, rc::Rc};

use futures_util::FutureExt;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use worker::{Context, Env, ScheduleContext, ScheduledEvent, event};

use super::{clock::WorkerClock, env::WorkerVars, fetch::WorkerHttp, kv::WorkerKv, log::Console};
use crate::{
    app::{self, App},
    config::{Config, ConfigError},
    http::{ReadBody, Request, Response},
    ports::{Http, Ports},
    supabase::Supabase,
    upstash::Upstash,
};

const KV_BINDING: &str = "CATALOG_KV";

thread_local! {
    /// Plain data and bindings only: futures, wakers and streams must not outlive their request (PLATFORM.md §4).
    static APP: RefCell<Option<Rc<App>>> = const { RefCell::new(None) };
}

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
}

#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    let response = match app(&env) {
        Ok(app) => {
            let (response, follow_ups) = app.handle(read(&request)).await;
            if !follow_ups.is_empty() {
                context.wait_until(app.run(follow_ups));
            }
            response
        }
        Err(error) => app::misconfigured(&error, &Console),
    };
    respond(&response).map_err(worker::Error::from)
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    match app(&env) {
        Ok(app) => {
            app.scheduled().await;
        }
        Err(error) => app::log_misconfigured(&error, &Console),
    }
}

fn app(env: &Env) -> Result<Rc<App>, ConfigError> {
    if let Some(app) = APP.with_borrow(Clone::clone) {
        return Ok(app);
    }
    let app = Rc::new(build(env)?);
    APP.set(Some(Rc::clone(&app)));
    Ok(app)
}

fn build(env: &Env) -> Result<App, ConfigError> {
    let config = Config::from_vars(&WorkerVars(env));
    let kv = env.kv(KV_BINDING).map_err(|_| format!("{KV_BINDING} is not bound"));
    let (config, kv) = match (config, kv) {
        (Ok(config), Ok(kv)) => (config, kv),
        (config, kv) => {
            let mut faults = config.err().map(|ConfigError(faults)| faults).unwrap_or_default();
            faults.extend(kv.err());
            return Err(ConfigError(faults));
        }
    };
    let http: Rc<dyn Http> = Rc::new(WorkerHttp);
    let redis = &config.upstash;
    let upstash = Upstash::new(Rc::clone(&http), &redis.url, &redis.token);
    let project = &config.supabase;
    let supabase = Supabase::new(http, &project.url, &project.key, &project.enabled_providers);
    let ports = Ports {
        redis: Rc::new(upstash),
        kv: Rc::new(WorkerKv(kv)),
        origin: Rc::new(supabase),
        clock: Rc::new(WorkerClock),
        log: Rc::new(Console),
    };
    Ok(App::new(config, ports))
}

/// Takes a request apart. The URL is split by hand: a URL parser would add 200 KB (PLATFORM.md §8).
fn read(request: &web_sys::Request) -> Request {
    let url = request.url();
    let after_scheme = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let target = after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("/");
    let target = target.split_once('#').map_or(target, |(target, _)| target);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let authorization = request.headers().get("authorization").ok().flatten();
    // The handle is copied, not the request: its own `clone` would tee the body.
    let handle = Clone::clone(request);
    let body: ReadBody = Box::new(move |limit| read_body(handle, limit).boxed_local());
    Request {
        method: request.method(),
        path: path.to_owned(),
        query: query.to_owned(),
        authorization,
        body,
    }
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

fn respond(response: &Response) -> Result<web_sys::Response, JsValue> {
    let headers = web_sys::Headers::new()?;
    for (name, value) in &response.headers {
        headers.set(name, value)?;
    }
    let init = web_sys::ResponseInit::new();
    init.set_status(response.status);
    init.set_headers(&headers);
    if response.body.is_empty() {
        return web_sys::Response::new_with_opt_str_and_init(None, &init);
    }
    let body = Uint8Array::from(response.body.as_slice());
    web_sys::Response::new_with_opt_js_u8_array_and_init(Some(&body), &init)
}
