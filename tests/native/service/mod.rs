//! The service as the runtime calls it, over fakes: routes, credentials, bodies, and what it says of its settings.

mod browsers;
mod conditions;
mod front;
mod health;
mod operators;

use std::{collections::HashMap, rc::Rc};

use futures_util::FutureExt;
use model_catalog_edge::{
    app::{self, App},
    cache::{Failure, Reason},
    config::{Config, ConfigError},
    http::{Limiter, ReadBody, Request, RequestHeaders, Response},
    ports::{Ports, Vars},
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
        let ports = Ports {
            colo: Rc::new(world.colo.clone()),
            redis: Rc::new(world.redis.clone()),
            kv: Rc::new(world.kv.clone()),
            origin: Rc::new(world.origin.clone()),
            front: Rc::new(world.front.clone()),
            clock: Rc::new(SimClock { sim: world.sim.clone(), skew_ms: 0 }),
            log: Rc::clone(&log) as Rc<_>,
        };
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
        self.world.sim.block_on(async move {
            let (response, follow_ups) = app.handle(request).await;
            app.run(follow_ups).await;
            response
        })
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
fn a_hit_is_the_same_at_once_and_by_the_event() {
    let service = Service::with_operators();
    let path = "/v1/models/uniqu%65?min_providers=2&limit=3&offset=1";
    let url = format!("https://catalog.example{path}");
    assert_eq!(service.app.hit(&url, false, &nothing()), None, "nothing is in memory yet");
    assert_eq!(service.get(path).header("x-cache"), Some("MISS"));
    for is_head in [false, true] {
        let at_once = service.app.hit(&url, is_head, &nothing()).expect("a hit");
        let method = if is_head { "HEAD" } else { "GET" };
        assert_eq!(service.ask(method, path, None, ""), at_once, "{method}");
        assert_eq!(at_once.body.is_empty(), is_head);
        assert_eq!(at_once.header("x-cache"), Some("HIT"));
    }
    let counted = service.ask("GET", STATS, Some(TOKEN), "");
    assert_eq!(parsed(&counted)["isolate"]["hits"], 4, "hits at once are counted");
}

#[test]
fn who_has_a_page_gets_no_body() {
    let service = Service::with_operators();
    let path = "/models/unique?limit=3";
    let first = service.get(path);
    let tag = first.header("etag").unwrap().to_owned();
    let lists = [tag.clone(), format!("W/{tag}"), format!("\"0\", {tag}"), "*".to_owned()];
    for held in &lists {
        for method in ["GET", "HEAD"] {
            let answer = service.ask_again(method, path, held);
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{method} {held}");
            assert_eq!(answer.header("etag"), Some(&*tag));
            assert_eq!(answer.header("content-length"), None);
            for name in ["cache-control", "age", "cache-status", "x-cache"] {
                assert!(answer.header(name).is_some(), "{name}");
            }
            let url = format!("https://catalog.example{path}");
            let at_once = service.app.hit(&url, method == "HEAD", &holding(held));
            assert_eq!(at_once, Some(answer), "{method} {held}");
        }
    }
    for other in ["\"0\"", "", "W/\"0\""] {
        let answer = service.ask_again("GET", path, other);
        assert_eq!((answer.status, answer.header("etag")), (200, Some(&*tag)), "{other}");
    }
    for other in ["/models/unique?limit=2", "/models/unique?limit=3&offset=1"] {
        assert_ne!(service.get(other).header("etag"), Some(&*tag), "{other}");
    }
    for mistaken in ["/models/unique?limit=0", "/nothing", "/"] {
        assert_ne!(service.ask_again("GET", mistaken, "*").status, 304, "{mistaken}");
    }
}

#[test]
fn a_tag_lives_as_long_as_the_page_is_the_same() {
    let service = Service::with_operators();
    let (world, path) = (&service.world, "/models/unique?limit=3");
    let tag = |answer: &Response| answer.header("etag").unwrap().to_owned();
    let first = tag(&service.get(path));
    assert_eq!(tag(&Service::with_operators().get(path)), first, "another isolate's load");
    assert_eq!(service.ask("POST", CLEAR, Some(TOKEN), r#"{"cache_type":"all"}"#).status, 200);
    let again = service.get(path);
    assert_eq!(
        (again.header("x-cache"), tag(&again)),
        (Some("MISS"), first.clone()),
        "loaded anew"
    );
    world.origin.change();
    assert_eq!(service.ask("POST", CLEAR, Some(TOKEN), r#"{"cache_type":"all"}"#).status, 200);
    assert_ne!(tag(&service.get(path)), first);
}

#[test]
fn what_must_wait_or_leaves_something_to_do_is_no_hit_at_once() {
    let service = Service::with_operators();
    let url = |path: &str| format!("https://catalog.example{path}");
    let catalog = "/models/unique?limit=1";
    service.get(catalog);
    for path in ["/", STATS, "/models/unique?limit=0", "/models/unique?order=up", "/nothing"] {
        assert_eq!(service.app.hit(&url(path), false, &nothing()), None, "{path}");
    }
    let other = "/models/unique?sort_by=name&order=desc";
    assert_eq!(service.app.hit(&url(other), false, &nothing()), None, "its order is news");
    service.get(other);
    assert!(service.app.hit(&url(other), false, &nothing()).is_some());
    service.world.sim.run_for(service.world.policy.memory_ttl);
    assert_eq!(service.app.hit(&url(catalog), false, &nothing()), None, "a check is due");
    service.get(catalog);
    assert!(service.app.hit(&url(catalog), false, &nothing()).is_some());
    service.world.sim.run_for(service.world.policy.ttl);
    assert_eq!(service.app.hit(&url(catalog), false, &nothing()), None, "stale");
}

#[test]
fn statistics_tell_of_the_last_hard_clear() {
    let service = Service::with_operators();
    let barrier =
        || parsed(&service.ask("GET", STATS, Some(TOKEN), ""))["isolate"]["barrier"].take();
    assert_eq!(barrier(), Value::Null);
    assert_eq!(service.ask("POST", CLEAR, Some(TOKEN), r#"{"cache_type":"all"}"#).status, 200);
    assert!(barrier().as_u64().is_some_and(|barrier| barrier > 0));
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
        ("/models/unique", read),
        ("/v1/models/unique", read),
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
    let response = app::misconfigured(&error, &log);
    assert_eq!(response.status, 500);
    let detail = parsed(&response)["detail"].clone();
    assert_eq!(detail, json!("configuration: A is not set; B holds a quote"));
    let line: Value = serde_json::from_str(&log.0.borrow()[0]).unwrap();
    assert_eq!(line, json!({"event": "misconfigured", "faults": error.0}));
}
