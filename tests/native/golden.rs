//! The golden vectors, natively: tables through the origin's adapter to every key and every HTTP case, compared as
//! parsed JSON with what the reference backend made of them.

use std::{cell::RefCell, rc::Rc, time::Duration};

use futures_util::{FutureExt, future::LocalBoxFuture};
use model_catalog_edge::{
    app::App,
    catalog::{JsonArray, KeySpace, Order, Scope, Selection, Snapshot, SortBy, View},
    config::{AdminConfig, Config, CorsConfig, Policy, SupabaseConfig, UpstashConfig},
    http::{Request, RequestHeaders, Response},
    ports::{Origin, Ports},
    supabase::Supabase,
};
use serde_json::{Value, json};

use crate::support::{
    isolate::{Lines, World},
    postgrest::FakePostgrest,
    sim::{Sim, SimClock},
    vectors,
};

const URL: &str = "https://project.example";

fn snapshot(postgrest: Rc<FakePostgrest>, scope: Scope) -> Snapshot {
    let clock = SimClock { sim: Sim::new(1), skew_ms: 0 };
    let origin = Supabase::new(postgrest, Rc::new(clock), URL, "jwt", &[]);
    let load =
        origin.load(scope.into(), Duration::from_secs(8)).now_or_never().expect("no waiting");
    let snapshot = load.unwrap().snapshot;
    let read = Snapshot::decode(scope.into(), snapshot.text().to_string()).unwrap();
    assert!(read == snapshot, "what is put together differs from what its text says");
    snapshot
}

fn parsed(listing: &JsonArray) -> Value {
    serde_json::from_str(&listing.text().to_string()).unwrap()
}

fn selection(params: &Value) -> Option<Selection> {
    Some(Selection {
        scope: if params["include_inactive"] == json!(true) { Scope::All } else { Scope::Active },
        min_providers: params["min_providers"].as_u64().map(|n| u32::try_from(n).unwrap()),
        sort: SortBy::ALL.into_iter().find(|sort| params["sort_by"] == sort.as_str())?,
        order: [Order::Asc, Order::Desc]
            .into_iter()
            .find(|order| params["order"] == order.as_str())?,
    })
}

/// The manifest gives no parameters for the warm keys: they are the six of its report, in its order.
fn selections(dataset: &str) -> Vec<(String, Selection)> {
    let manifest = vectors::read(&format!("{dataset}/manifest.json"));
    let mut warm = manifest["warm_stats"]["variants_cached"].as_array().unwrap().iter();
    let keys = manifest["keys"].as_object().unwrap();
    let all = keys.iter().filter_map(|(key, about)| {
        let params =
            if about["warm"] == json!(true) { &warm.next()?["variant"] } else { &about["params"] };
        Some((key.clone(), selection(params)?))
    });
    all.collect()
}

fn every_key(dataset: &str, rows_max: usize) {
    let tables = vectors::read(&format!("{dataset}/tables.json"));
    let mut postgrest = FakePostgrest::new(tables);
    postgrest.rows_max = rows_max;
    let postgrest = Rc::new(postgrest);
    let snapshots = Scope::BOTH.map(|scope| Rc::new(snapshot(Rc::clone(&postgrest), scope)));
    let keys = KeySpace::new("gw:");
    let selections = selections(dataset);
    assert_eq!(selections.len(), 19, "21 keys less the two deliberate differences");
    for (key, selection) in selections {
        assert_eq!(keys.listing(&selection.into()), key);
        let base = &snapshots[usize::from(selection.scope == Scope::All)];
        let listing = base.listing(&selection.into());
        let expected = vectors::read(&format!("{dataset}/expected/{key}.json"));
        let text: Value = serde_json::from_str(&listing.to_text()).unwrap();
        assert_eq!(text, expected, "{key}");
        assert_eq!(listing.text_bytes(), listing.to_text().len(), "{key}");
        let beyond = selection.min_providers.is_some_and(|n| n > base.extent().offers_max);
        assert!(!beyond || listing.is_empty(), "{key}");
    }
}

#[test]
fn tiny_every_key() {
    every_key("tiny", 1000);
}

#[test]
fn mid_every_key() {
    every_key("mid", 1000);
}

#[test]
fn a_server_that_caps_rows_gives_the_same_catalog() {
    every_key("tiny", 7);
    every_key("mid", 100);
}

#[test]
fn hostile_prices_never_cost_a_model() {
    let tables = vectors::read("hostile/tables.json");
    let names: Vec<String> = tables["unique_models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["model_name"].as_str().unwrap().to_owned())
        .collect();
    let offers = tables["unique_models_provider"].as_array().unwrap().len();
    let snapshot = snapshot(Rc::new(FakePostgrest::new(tables)), Scope::Active);
    let models: Value = serde_json::from_str(&snapshot.text().to_string()).unwrap();
    let models = models.as_array().unwrap();
    assert_eq!(
        models.iter().map(|model| model["name"].as_str().unwrap()).collect::<Vec<_>>(),
        names
    );
    let kept: u64 = models.iter().map(|model| model["provider_count"].as_u64().unwrap()).sum();
    assert_eq!(kept, offers as u64, "no offer is lost to a bad price");
    for model in models {
        assert!(model["id"].is_string(), "{model}");
    }
}

#[test]
fn both_encodings_of_the_backend_are_read() {
    for key in ["sortname:asc", "sortprovider_count:desc"] {
        let key = format!("gw:models:unique:filtered:{key}");
        let spaced = vectors::text(&format!("tiny/expected_raw_stdlib/{key}.json"));
        let compact = vectors::text(&format!("tiny/expected/{key}.json"));
        let listing = View::from(Selection::default()).decode(spaced).unwrap();
        assert_eq!(listing.len(), 47);
        assert_eq!(parsed(&listing), serde_json::from_str::<Value>(&compact).unwrap(), "{key}");
    }
}

/// A service over a dataset, in a world of its own.
fn service(dataset: &str) -> (World, Rc<App>) {
    let world = World::new(1);
    let tables = vectors::read(&format!("{dataset}/tables.json"));
    let postgrest = Rc::new(FakePostgrest::new(tables));
    let config = Config {
        keys: KeySpace::new("gw:"),
        policy: Policy::default(),
        upstash: UpstashConfig { url: String::new(), token: String::new() },
        supabase: SupabaseConfig {
            url: String::new(),
            key: String::new(),
            enabled_providers: Vec::new(),
            price_fallback: model_catalog_edge::catalog::PriceFallback::Off,
        },
        admin: AdminConfig::default(),
        cors: CorsConfig::default(),
        warnings: Vec::new(),
    };
    let clock = Rc::new(SimClock { sim: world.sim.clone(), skew_ms: 0 });
    let ports = Ports {
        colo: Rc::new(world.colo.clone()),
        redis: Rc::new(world.redis.clone()),
        kv: Rc::new(world.kv.clone()),
        origin: Rc::new(Supabase::new(postgrest, Rc::clone(&clock) as Rc<_>, URL, "jwt", &[])),
        front: Rc::new(world.front.clone()),
        clock,
        log: Rc::new(Lines(RefCell::default(), None)),
    };
    (world, Rc::new(App::new(config, ports)))
}

fn get(world: &World, app: &Rc<App>, query: &str) -> Response {
    let read: LocalBoxFuture<'static, Option<Vec<u8>>> = async { Some(Vec::new()) }.boxed_local();
    let request = Request {
        method: "GET".into(),
        path: "/models/unique".into(),
        query: query.into(),
        headers: RequestHeaders::default(),
        body: Box::new(move |_| read),
    };
    let app = Rc::clone(app);
    world.sim.block_on(async move {
        let (response, follow_ups) = app.handle(request).await;
        app.run(follow_ups).await;
        response
    })
}

fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

fn every_http_case(dataset: &str) {
    let (world, app) = service(dataset);
    let mut different = 0;
    for n in 0..31 {
        let case = vectors::read(&format!("{dataset}/expected/http_{n}.json"));
        let (name, query) = (case["name"].as_str().unwrap(), case["query"].as_str().unwrap());
        let response = get(&world, &app, query);
        if let "order_bogus" | "order_upper" | "unicode_order" | "sort_empty" = name {
            different += 1;
            assert_eq!(response.status, if name == "order_upper" { 200 } else { 422 }, "{name}");
            continue;
        }
        assert_eq!(json!(response.status), case["status"], "{name}");
        assert_eq!(body(&response), case["body"], "{name}");
    }
    assert_eq!(different, 4);
    let keys = world.redis.keys();
    assert!(!keys.iter().any(|key| key.contains("minp999")), "{keys:?}");
}

#[test]
fn tiny_every_http_case() {
    every_http_case("tiny");
}

#[test]
fn mid_every_http_case() {
    every_http_case("mid");
}

#[test]
fn the_parameter_matrix_is_the_backends() {
    let (world, app) = service("tiny");
    let matrix = vectors::read("param_matrix.json");
    for (parameter, values) in matrix.as_object().unwrap() {
        for (value, expected) in values.as_object().unwrap() {
            let query = if parameter == "raw" {
                let is_literal = !value.contains("...") && !value.contains('#');
                if !is_literal {
                    continue;
                }
                value.clone()
            } else {
                let encoded = form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>();
                format!("{parameter}={encoded}")
            };
            let response = get(&world, &app, &query);
            let deliberate = query.starts_with("order=");
            if deliberate {
                assert_eq!(response.status, 422, "{query}");
                continue;
            }
            assert_eq!(json!(response.status), expected["status"], "{query}");
            let body = body(&response);
            if response.status == 422 {
                let detail = expected.get("detail").unwrap_or(&expected["body"]["detail"]);
                assert_eq!(&body["detail"], detail, "{query}");
            } else if let Some(parsed) = expected.get("parsed") {
                let echoed = match parameter.as_str() {
                    "limit" | "offset" => &body[parameter],
                    _ => &body["filters"][parameter],
                };
                assert_eq!(echoed.to_string(), parsed.to_string(), "{query}");
                if let Some(total) = expected.get("total") {
                    assert_eq!(&body["total"], total, "{query}");
                }
            } else {
                assert_eq!(
                    json!(body["models"].as_array().unwrap().len()),
                    expected["body"]["models"]
                );
            }
        }
    }
}

#[test]
fn order_is_checked_in_the_declared_place() {
    let (world, app) = service("tiny");
    let response =
        get(&world, &app, "include_inactive=x&order=bogus&min_providers=0&offset=-1&limit=0");
    let body = body(&response);
    let items = body["detail"].as_array().unwrap();
    let names: Vec<&str> = items.iter().map(|item| item["loc"][1].as_str().unwrap()).collect();
    assert_eq!(names, ["limit", "offset", "min_providers", "order", "include_inactive"]);
    assert_eq!(
        items[3],
        json!({
            "type": "literal_error", "loc": ["query", "order"], "msg": "Input should be 'asc' or 'desc'",
            "input": "bogus", "ctx": {"expected": "'asc' or 'desc'"},
        })
    );
}

#[test]
fn page_two_hits_memory_where_page_one_missed() {
    let (world, app) = service("tiny");
    let first = get(&world, &app, "limit=5");
    assert_eq!(first.header("x-cache"), Some("MISS"));
    let second = get(&world, &app, "limit=5&offset=5");
    assert_eq!(second.header("x-cache"), Some("HIT"));
    assert!(second.header("cache-status").unwrap().starts_with("memory; hit; ttl=1800"));
}

#[test]
fn beyond_the_largest_provider_count_no_key_is_read_or_written() {
    let (world, app) = service("tiny");
    for query in ["min_providers=999", "min_providers=99999999999999999999999", "min_providers=9"] {
        let response = get(&world, &app, query);
        assert_eq!((response.status, body(&response)["total"].clone()), (200, json!(0)), "{query}");
    }
    let calls = world.redis.calls.borrow();
    let minp = calls.iter().flatten().filter(|call| call.contains("minp")).count();
    assert_eq!(minp, 0, "{calls:?}");
}
