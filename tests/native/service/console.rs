//! What operators see of a running system, and steer: requests that are explained, the mode, what was done lately, and who backs off.

use model_catalog_edge::http::Limiter;
use serde_json::{Value, json};

use super::{CLEAR, STATS, Service, TOKEN, WARM, parsed};
use crate::support::redis::Fault;

const MODE: &str = "/api/system/cache/mode";

impl Service {
    fn explain(&self, url: &str) -> Value {
        let url: String = form_urlencoded::byte_serialize(url.as_bytes()).collect();
        let path = format!("/api/system/explain?url={url}");
        let response = self.ask("GET", &path, Some(TOKEN), "");
        assert_eq!(response.header("cache-control"), Some("no-store"));
        parsed(&response)
    }

    fn stats(&self) -> Value {
        parsed(&self.ask("GET", STATS, Some(TOKEN), ""))
    }

    fn command(&self, path: &str, body: &str) -> u16 {
        self.ask("POST", path, Some(TOKEN), body).status
    }
}

fn outcomes(walk: &Value) -> Vec<(&str, &str)> {
    let tiers = walk["tiers"].as_array().unwrap().iter();
    tiers.map(|tier| (tier["tier"].as_str().unwrap(), tier["outcome"].as_str().unwrap())).collect()
}

#[test]
fn a_request_is_explained_by_its_own_walk() {
    let service = Service::with_operators();
    let first = service.explain("/v1/models/unique?limit=5&x=1&sort_by=name");
    assert_eq!((&first["route"], &first["answer"]["status"]), (&json!("unique"), &json!(200)));
    let walk = &first["walks"][0];
    let expected = [
        ("memory", "miss"),
        ("colo", "miss"),
        ("upstash", "miss"),
        ("kv", "miss"),
        ("origin", "read"),
    ];
    assert_eq!(outcomes(walk), expected, "{first}");
    assert_eq!((&walk["served"], &walk["age_secs"]), (&json!("MISS"), &json!(0)));
    assert!(walk["why"].as_str().unwrap().contains("the origin was read"), "{walk}");
    assert_eq!(walk["behind"], json!(["settle-load", "leave"]));
    assert_eq!(walk["view"]["parameters"]["sort_by"], json!("name"));
    let parameter = |name: &str| {
        let all = first["parameters"].as_array().unwrap();
        all.iter().find(|it| it["name"] == json!(name)).unwrap().clone()
    };
    for (name, value, given, ignored) in [
        ("limit", "5", true, false),
        ("x", "1", true, true),
        ("sort_by", "name", true, false),
        ("order", "desc", false, false),
        ("min_providers", "null", false, false),
    ] {
        let expected = json!({ "name": name, "value": value, "given": given, "ignored": ignored });
        assert_eq!(parameter(name), expected);
    }

    let second = service.explain("https://catalog.example/models/unique?limit=5");
    let walk = &second["walks"][0];
    assert_eq!(outcomes(walk), [("memory", "hit")]);
    assert_eq!(walk["tiers"][0]["took_ms"], Value::Null, "memory is not asked over the network");
    assert!(walk["why"].as_str().unwrap().starts_with("memory of this isolate had it"), "{walk}");
    let answer = service.get("/models/unique?limit=5");
    for (member, header) in [("etag", "etag"), ("cache_status", "cache-status")] {
        assert_eq!(second["answer"][member].as_str(), answer.header(header));
    }
    assert_eq!(second["answer"]["bytes"], json!(answer.body.len()));
}

#[test]
fn what_is_explained_is_counted_and_leaves_as_much_to_do_as_any_request() {
    // Without a data center's cache: Redis is what others share.
    let settings = [("ADMIN_TOKEN", TOKEN), ("COLO_CACHE", "off")];
    let service = Service::new(&settings);
    service.explain("/models/unique");
    assert_eq!(service.world.origin.loads.borrow().len(), 1);
    assert_eq!(service.stats()["misses"], json!(1));
    let other = Service::of(service.world.clone(), &settings, Limiter::default());
    let walk = other.explain("/models/unique")["walks"][0].clone();
    assert_eq!(outcomes(&walk), [("memory", "miss"), ("upstash", "hit")], "it was published");
    assert!(walk["tiers"][1]["took_ms"].as_u64().is_some(), "{walk}");
}

#[test]
fn an_outage_a_mistake_and_a_path_of_no_route_are_explained_as_such() {
    let service = Service::with_operators();
    let mistake = service.explain("/models/unique?limit=0");
    assert_eq!(mistake["answer"]["status"], json!(422));
    assert_eq!(mistake["answer"]["problem"]["detail"][0]["loc"], json!(["query", "limit"]));
    assert_eq!(mistake["walks"], json!([]));
    for path in ["/nowhere", STATS, CLEAR, "/api/webhooks/supabase"] {
        assert_eq!(service.explain(path)["status"], json!(404), "{path}");
    }
    service.world.origin.fault.set(Fault::Error);
    let outage = service.explain("/models/unique");
    assert_eq!(outage["answer"]["status"], json!(503));
    let walk = &outage["walks"][0];
    assert_eq!((&walk["served"], &walk["unavailable"]), (&Value::Null, &json!("unreachable")));
    assert!(walk["why"].as_str().unwrap().contains("the origin gave nothing"), "{walk}");
}

#[test]
fn a_catalog_of_many_parts_is_explained_part_by_part() {
    let service = Service::with_operators();
    let explained = service.explain("/v1/models?gateway=all&limit=1");
    let views: Vec<&str> = explained["walks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|walk| walk["view"]["source"].as_str().unwrap())
        .collect();
    assert_eq!(views.first(), Some(&"registry"), "{explained}");
    assert!(views.iter().skip(1).all(|view| view.starts_with("provider:")), "{views:?}");
    assert!(views.len() > 1, "{views:?}");
}

#[test]
fn the_mode_is_set_where_kv_has_it_and_nowhere_else() {
    let fixed = Service::with_operators();
    assert_eq!(fixed.command(MODE, r#"{"mode":"passthrough"}"#), 409);
    let settings = [("ADMIN_TOKEN", TOKEN), ("EDGE_MODE", "kv")];
    let service = Service::new(&settings);
    assert_eq!(service.command(MODE, r#"{"mode":"off"}"#), 422);
    let response = service.ask("POST", MODE, Some(TOKEN), r#"{"mode":"passthrough"}"#);
    let body = parsed(&response);
    assert_eq!((&body["mode"], &body["previous"]), (&json!("passthrough"), &json!("active")));
    assert_eq!(service.stats()["isolate"]["mode"], json!("passthrough"));
    let other = Service::of(service.world.clone(), &settings, Limiter::default());
    assert_eq!(other.get("/models/unique").header("x-cache"), Some("MISS"));
    assert_eq!(other.stats()["isolate"]["mode"], json!("passthrough"), "others read it in KV");
    assert_eq!(service.command(MODE, r#"{"mode":"active"}"#), 200);
    assert_eq!(service.stats()["isolate"]["mode"], json!("active"));
    service.world.kv.fault.set(Fault::Error);
    assert_eq!(service.command(MODE, r#"{"mode":"read_only"}"#), 503);
    assert_eq!(service.stats()["isolate"]["mode"], json!("active"), "nothing is changed");
}

#[test]
fn what_was_done_lately_is_told_the_latest_first_and_bounded() {
    let service = Service::with_operators();
    assert_eq!(service.scheduled(), Ok(()));
    assert_eq!(service.command(CLEAR, r#"{"cache_type":"all","mode":"soft"}"#), 200);
    assert_eq!(service.command(WARM, r#"{"force":true}"#), 200);
    let told = service.stats()["operations"].clone();
    let kinds: Vec<(&str, &str)> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["kind"].as_str().unwrap(), it["cause"].as_str().unwrap()))
        .collect();
    let expected = [("warm", "operator"), ("invalidation", "operator"), ("warm", "cron")];
    assert_eq!(kinds, expected, "{told}");
    assert_eq!((&told[0]["forced"], &told[2]["forced"]), (&json!(true), &json!(false)));
    assert_eq!((&told[1]["mode"], &told[1]["provider"]), (&json!("soft"), &Value::Null));
    assert!(told[1]["epoch"].as_u64().is_some() && told[2]["changes"]["added"].is_u64(), "{told}");
    for _ in 0..25 {
        assert_eq!(service.command(CLEAR, r#"{"cache_type":"all"}"#), 200);
    }
    assert_eq!(service.stats()["operations"].as_array().unwrap().len(), 20);
}

#[test]
fn tiers_tell_when_they_were_heard_of_and_why_they_failed() {
    let service = Service::with_operators();
    service.get("/models/unique");
    let contacts = service.stats()["isolate"]["contacts"].clone();
    for tier in ["upstash", "kv", "origin"] {
        assert!(contacts[tier]["took_ms"].is_u64(), "{tier}: {contacts}");
        assert_eq!(contacts[tier]["error"], Value::Null, "{tier}");
    }
    service.world.redis.fault.set(Fault::Error);
    let stats = service.stats();
    let failed = &stats["isolate"]["contacts"]["upstash"];
    assert_eq!(
        (&failed["error"], &stats["redis_available"]),
        (&json!("unreachable"), &json!(false))
    );
    assert!(failed["failed_at_ms"].as_u64() >= failed["answered_at_ms"].as_u64());
}

#[test]
fn a_provider_that_backs_off_is_seen_by_an_isolate_that_knows_nothing() {
    let service = Service::with_operators();
    service.get("/v1/models?gateway=p1&limit=1");
    assert_eq!(service.scheduled(), Ok(()));
    let other = Service::of(service.world.clone(), &[("ADMIN_TOKEN", TOKEN)], Limiter::default());
    let stats = other.stats();
    assert!(stats["sources"]["provider:p1"]["version"].is_object(), "{}", stats["sources"]);
    let metrics = other.ask("GET", "/metrics", Some(TOKEN), "");
    let text = String::from_utf8(metrics.body).unwrap();
    for series in ["catalog_source_failures", "catalog_source_backoff_seconds"] {
        assert!(text.contains(&format!("{series}{{source=\"provider:p1\"}} 0")), "{text}");
    }
}
