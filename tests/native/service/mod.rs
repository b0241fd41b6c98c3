//! The service as the runtime calls it, over fakes: routes, credentials, bodies, and what it says of its settings.

mod about;
mod browsers;
mod catalogs;
mod conditions;
mod console;
mod described;
mod excerpts;
mod front;
mod health;
mod history;
mod hits;
mod operators;
mod points;
mod webhooks;

use std::{cell::Cell, collections::HashMap, rc::Rc};

use futures_util::FutureExt;
use model_catalog_edge::{
    app::{self, App},
    cache::{Failure, Reason},
    config::{Config, ConfigError},
    http::{Limiter, ReadBody, Request, RequestHeaders, Response},
    ports::{Log, Ports, Vars},
};
use serde_json::{Value, json};

use crate::support::{
    isolate::{Lines, World},
    redis::Fault,
    sim::SimClock,
};

const TOKEN: &str = "token-of-the-operators";
const CLEAR: &str = "/api/system/cache/clear";
const WARM: &str = "/api/system/cache/warm";
const STATS: &str = "/api/system/cache/stats";

struct Settings(HashMap<&'static str, &'static str>);

impl Vars for Settings {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| (*value).to_owned())
    }
}

/// What must be set, and more.
fn settings(more: &[(&'static str, &'static str)]) -> Settings {
    let required = [
        ("UPSTASH_REDIS_REST_URL", "https://redis.example"),
        ("UPSTASH_REDIS_REST_TOKEN", "token"),
        ("SUPABASE_URL", "https://project.example"),
        ("SUPABASE_SERVICE_ROLE_KEY", "key"),
    ];
    Settings(required.into_iter().chain(more.iter().copied()).collect())
}

struct Service {
    world: World,
    app: Rc<App>,
    log: Rc<Lines>,
}

/// The ports of an isolate of a world.
fn ports(world: &World, log: Rc<dyn Log>) -> Ports {
    Ports {
        colo: Rc::new(world.colo.clone()),
        redis: Rc::new(world.redis.clone()),
        kv: Rc::new(world.kv.clone()),
        origin: Rc::new(world.origin.clone()),
        front: Rc::new(world.front.clone()),
        clock: Rc::new(SimClock { sim: world.sim.clone(), skew_ms: 0 }),
        log,
    }
}

impl Service {
    fn new(more: &[(&'static str, &'static str)]) -> Self {
        Self::with_limiter(more, Limiter::default())
    }

    fn with_limiter(more: &[(&'static str, &'static str)], limiter: Limiter) -> Self {
        Self::of(World::new(1), more, limiter)
    }

    /// An isolate of a world that others share.
    fn of(world: World, more: &[(&'static str, &'static str)], limiter: Limiter) -> Self {
        let log = Rc::new(Lines::default());
        let ports = ports(&world, Rc::clone(&log) as Rc<_>);
        let config = Config::from_vars(&settings(more)).unwrap();
        Self { app: Rc::new(App::new(config, ports).with_limiter(limiter)), world, log }
    }

    fn with_operators() -> Self {
        Self::new(&[("ADMIN_TOKEN", TOKEN)])
    }

    /// The response, once what it left to do is done.
    fn ask(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> Response {
        let authorization = token.map(|token| format!("Bearer {token}"));
        self.send(method, path, RequestHeaders { authorization, ..nothing() }, body)
    }

    /// The response to who says that it has what these tags name.
    fn ask_again(&self, method: &str, path: &str, if_none_match: &str) -> Response {
        self.send(method, path, holding(if_none_match), "")
    }

    fn send(&self, method: &str, path: &str, headers: RequestHeaders, body: &str) -> Response {
        let bytes = body.as_bytes().to_vec();
        let body: ReadBody = Box::new(move |limit| {
            async move { (bytes.len() <= limit).then_some(bytes) }.boxed_local()
        });
        let url = format!("https://catalog.example{path}");
        let request = Request::new(method.to_owned(), &url, headers, body);
        let app = Rc::clone(&self.app);
        let response = self.world.sim.block_on(async move {
            let (response, follow_ups) = app.handle(request).await;
            app.run(follow_ups).await;
            response
        });
        described::assert_described(method, path, &response);
        response
    }

    /// Sends a request and goes on at once; the status, once there is one.
    fn begin(
        &self,
        method: &str,
        path: &str,
        headers: RequestHeaders,
        body: &str,
    ) -> Rc<Cell<u16>> {
        let bytes = body.as_bytes().to_vec();
        let body: ReadBody = Box::new(move |limit| {
            async move { (bytes.len() <= limit).then_some(bytes) }.boxed_local()
        });
        let url = format!("https://catalog.example{path}");
        let request = Request::new(method.to_owned(), &url, headers, body);
        let (app, status) = (Rc::clone(&self.app), Rc::new(Cell::new(0)));
        let noted = Rc::clone(&status);
        self.world.sim.spawn(1, async move {
            let (response, follow_ups) = app.handle(request).await;
            noted.set(response.status);
            app.run(follow_ups).await;
        });
        status
    }

    fn scheduled(&self) -> Result<(), Failure> {
        let app = Rc::clone(&self.app);
        self.world.sim.block_on(async move { app.scheduled().await })
    }

    fn get(&self, path: &str) -> Response {
        self.ask("GET", path, None, "")
    }
}

/// The headers of who says nothing but what its request is called.
fn nothing() -> RequestHeaders {
    RequestHeaders { request_id: Some("request-1".to_owned()), ..RequestHeaders::default() }
}

/// The headers of who says that it has what these tags name.
fn holding(if_none_match: &str) -> RequestHeaders {
    RequestHeaders { if_none_match: Some(if_none_match.to_owned()), ..nothing() }
}

fn parsed(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn every_route_has_its_methods() {
    let service = Service::with_operators();
    let read = ("GET, HEAD, OPTIONS", ["GET", "HEAD"].as_slice());
    let command = ("POST, OPTIONS", ["POST"].as_slice());
    for (path, (allow, methods)) in [
        ("/", read),
        ("/healthz", read),
        ("/readyz", read),
        ("/openapi.json", read),
        ("/docs", read),
        ("/models/unique", read),
        ("/v1/models/unique", read),
        ("/models/unique/changes", read),
        ("/v1/models/unique/changes", read),
        (STATS, read),
        (WARM, command),
        (CLEAR, command),
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get", ""] {
            let body = r#"{"cache_type":"all"}"#;
            let response = service.ask(method, path, Some(TOKEN), body);
            if methods.contains(&method) {
                assert_eq!(response.status, 200, "{method} {path}");
                assert_eq!(response.body.is_empty(), method == "HEAD", "{method} {path}");
            } else {
                assert_eq!(response.status, 405, "{method} {path}");
                assert_eq!(response.header("allow"), Some(allow), "{method} {path}");
            }
        }
        let options = service.ask("OPTIONS", path, None, "");
        assert_eq!((options.status, options.header("allow")), (204, Some(allow)), "{path}");
    }
}

#[test]
fn head_has_the_headers_of_get_and_its_length() {
    let service = Service::new(&[]);
    service.get("/models/unique");
    let get = service.get("/models/unique?limit=3");
    let head = service.ask("HEAD", "/models/unique?limit=3", None, "");
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
    for (name, value) in &get.headers {
        assert_eq!(head.header(name), Some(value.as_str()), "{name}");
    }
}

#[test]
fn operators_routes_need_the_token_and_without_one_set_they_do_not_exist() {
    let service = Service::with_operators();
    for (method, path) in [("GET", STATS), ("POST", WARM), ("POST", CLEAR)] {
        for token in [None, Some(""), Some("token"), Some("token-of-the-operators2")] {
            let response = service.ask(method, path, token, "{}");
            assert_eq!(response.status, 401, "{path} {token:?}");
            assert_eq!(response.header("www-authenticate"), Some("Bearer realm=\"cache\""));
        }
        let without = Service::new(&[]);
        for method in [method, "OPTIONS", "DELETE"] {
            assert_eq!(without.ask(method, path, Some(""), "{}").status, 404, "{method} {path}");
        }
        assert_eq!(without.get("/models/unique").status, 200, "public routes stay");
    }
    assert_eq!(service.world.origin.loads.borrow().len(), 0, "nobody who is refused costs a load");
}

#[test]
fn bodies_of_operators_are_checked() {
    let service = Service::with_operators();
    let long = format!(r#"{{"cache_type":"all","x":"{}"}}"#, "x".repeat(4096));
    for (path, body, status, kind) in [
        (CLEAR, "", 422, "missing"),
        (CLEAR, "{", 422, "json_invalid"),
        (CLEAR, "[]", 422, "model_attributes_type"),
        (CLEAR, r#"{"cache_type":"some"}"#, 422, "literal_error"),
        (CLEAR, r#"{"cache_type":"all","mode":"Soft"}"#, 422, "literal_error"),
        (CLEAR, long.as_str(), 413, ""),
        (CLEAR, r#"{"cache_type":"all","mode":"soft"}"#, 200, ""),
        (CLEAR, r#"{"cache_type":"unique_models"}"#, 200, ""),
        (WARM, r#"{"force":"yes"}"#, 422, "bool_type"),
        (WARM, r#"{"force":true}"#, 200, ""),
        (WARM, "", 200, ""),
    ] {
        let response = service.ask("POST", path, Some(TOKEN), body);
        assert_eq!(response.status, status, "{path} {body}");
        assert_eq!(response.header("cache-control"), Some("no-store"), "{path} {body}");
        if status == 422 {
            assert_eq!(parsed(&response)["detail"][0]["type"], json!(kind), "{path} {body}");
        }
    }
    let both = service.ask("POST", CLEAR, Some(TOKEN), r#"{"mode":1}"#);
    assert_eq!(parsed(&both)["detail"].as_array().unwrap().len(), 2, "every mistake is named");
}

#[test]
fn a_read_only_deployment_refuses_to_clear() {
    let service = Service::new(&[("ADMIN_TOKEN", TOKEN), ("EDGE_MODE", "read_only")]);
    let response = service.ask("POST", CLEAR, Some(TOKEN), r#"{"cache_type":"all"}"#);
    assert_eq!(response.status, 409);
}

#[test]
fn warnings_are_logged_once_and_serving_goes_on() {
    let warnings = |service: &Service| {
        let lines = service.log.0.borrow();
        lines.iter().filter(|line| line.contains(r#""event":"config_warning""#)).count()
    };
    let service = Service::new(&[("CACHE_NAMESPACE", "gw")]);
    for _ in 0..3 {
        assert_eq!(service.get("/models/unique").status, 200);
    }
    assert_eq!(warnings(&service), 1, "{:?}", service.log.0.borrow());
    assert_eq!(warnings(&Service::new(&[("CACHE_NAMESPACE", "gw:")])), 0);
}

#[test]
fn a_cron_run_fails_for_its_reason_and_not_for_what_a_setting_forbids() {
    let service = Service::new(&[]);
    assert_eq!(service.scheduled(), Ok(()));
    service.world.origin.fault.set(Fault::Error);
    let failure = service.scheduled().unwrap_err();
    assert_eq!(failure.reason, Reason::Unreachable);
    assert_eq!(service.get("/models/unique").header("x-cache"), Some("HIT"), "memory stays");
    for mode in ["read_only", "passthrough"] {
        assert_eq!(Service::new(&[("EDGE_MODE", mode)]).scheduled(), Ok(()), "{mode}");
    }
}

#[test]
fn wrong_settings_are_a_500_that_names_them_and_the_same_in_the_log() {
    let log = Lines::default();
    let error = ConfigError(vec!["A is not set".to_owned(), "B holds a quote".to_owned()]);
    let response = app::misconfigured(&error, &log, &nothing(), 7);
    assert_eq!(response.status, 500);
    let detail = parsed(&response)["detail"].clone();
    assert_eq!(detail, json!("configuration: A is not set; B holds a quote"));
    let line: Value = serde_json::from_str(&log.0.borrow()[0]).unwrap();
    assert_eq!(line, json!({"event": "misconfigured", "faults": error.0}));
}
