//! Answers from memory: the same at once as by the event, counted, and 304 to who has them.

use super::*;

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
fn requests_are_counted_by_what_they_asked_for_and_what_they_got() {
    let service = Service::new(&[("METRICS_TOKEN", TOKEN)]);
    for path in ["/models/unique", "/models/unique", "/v1/models/unique?limit=0", "/", "/text"] {
        service.get(path);
    }
    service.ask("DELETE", "/models/unique", None, "");
    let url = "https://catalog.example/models/unique";
    assert!(service.app.hit(url, false, &nothing()).is_some());
    let told = service.ask("GET", "/metrics", Some(TOKEN), "");
    let text = String::from_utf8(told.body).unwrap();
    let requests: Vec<&str> =
        text.lines().filter(|line| line.starts_with("catalog_requests_total")).collect();
    let of = |route: &str, status: &str, count| {
        format!("catalog_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}")
    };
    let expected = [
        of("about", "200", 1),
        of("unique", "200", 3),
        of("unique", "405", 1),
        of("unique", "422", 1),
        of("unknown", "404", 1),
    ];
    assert_eq!(requests, expected, "the scrape itself is counted when it has a status");
    assert!(text.contains("\ncatalog_origin_load_duration_seconds_count 1\n"), "{text}");
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
    for held in ["/openapi.json", "/docs"] {
        let answer = service.ask_again("GET", held, "*");
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{held}");
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
    for path in [
        "/",
        "/docs",
        "/openapi.json",
        STATS,
        "/models/unique?limit=0",
        "/models/unique?order=up",
        "/nothing",
    ] {
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
