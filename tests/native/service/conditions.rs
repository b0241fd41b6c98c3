//! What a client asks for besides a page: dates, directives (RFC 9111 §5.2.1) and a name for its request.

use std::time::Duration;

use model_catalog_edge::http::{Limiter, RequestHeaders, Response};

use super::{CLEAR, Service, TOKEN, nothing};
use crate::support::{meter::Meter, redis::Fault};

const PAGE: &str = "/models/unique?limit=3";

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn directing(cache_control: &str) -> RequestHeaders {
    RequestHeaders { cache_control: Some(cache_control.to_owned()), ..nothing() }
}

fn ask(service: &Service, cache_control: &str) -> Response {
    service.send("GET", PAGE, directing(cache_control), "")
}

fn age(response: &Response) -> u64 {
    response.header("age").unwrap().parse().unwrap()
}

#[test]
fn who_sends_the_date_of_what_it_has_gets_no_body() {
    let service = Service::with_operators();
    let first = service.get(PAGE);
    let date = first.header("last-modified").unwrap().to_owned();
    let since =
        |date: &str| RequestHeaders { if_modified_since: Some(date.to_owned()), ..nothing() };
    for method in ["GET", "HEAD"] {
        let answer = service.send(method, PAGE, since(&date), "");
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{method}");
        assert_eq!(answer.header("last-modified"), Some(&*date));
        assert_eq!(answer.header("etag"), first.header("etag"));
    }
    for other in ["Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", ""] {
        assert_eq!(service.send("GET", PAGE, since(other), "").status, 200, "{other}");
    }
    let both = RequestHeaders { if_none_match: Some("\"0\"".to_owned()), ..since(&date) };
    assert_eq!(service.send("GET", PAGE, both, "").status, 200, "the tag is the stronger one");
    service.world.sim.run_for(secs(2));
    assert_eq!(service.ask("POST", CLEAR, Some(TOKEN), r#"{"cache_type":"all"}"#).status, 200);
    assert_eq!(service.send("GET", PAGE, since(&date), "").status, 200, "it was read anew");
}

#[test]
fn every_answer_names_its_request_and_so_does_the_log() {
    let service = Service::with_operators();
    let named = |id: &str| RequestHeaders { request_id: Some(id.to_owned()), ..nothing() };
    for (method, path) in [
        ("GET", PAGE),
        ("GET", PAGE),
        ("GET", "/models/unique?limit=0"),
        ("GET", "/nothing"),
        ("POST", PAGE),
        ("OPTIONS", PAGE),
        ("POST", CLEAR),
        ("GET", "/"),
    ] {
        let kept = service.send(method, path, named("order-66"), "");
        assert_eq!(kept.header("x-request-id"), Some("order-66"), "{method} {path}");
        let answer = service.send(method, path, named("a\r\nb: c"), "");
        let made = answer.header("x-request-id").unwrap();
        assert!(made.len() == 16 && made.chars().all(|char| char.is_ascii_hexdigit()), "{made}");
    }
    let hit = service.app.hit(&format!("https://catalog.example{PAGE}"), false, &named("order-67"));
    assert_eq!(hit.unwrap().header("x-request-id"), Some("order-67"));
    let ray = RequestHeaders { ray: Some("8f1-FRA".to_owned()), ..RequestHeaders::default() };
    assert_eq!(service.send("GET", PAGE, ray, "").header("x-request-id"), Some("8f1-FRA"));
    let lines = service.log.0.borrow();
    assert!(
        lines.iter().any(|line| line.contains(r#""event":"cache_miss","request_id":"order-66""#))
    );
    assert!(lines.iter().all(|line| !line.contains("b: c")), "{lines:?}");
}

#[test]
fn only_what_is_cached_is_a_504_until_it_is() {
    let service = Service::with_operators();
    let answer = ask(&service, "only-if-cached");
    assert_eq!(answer.status, 504);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("cache-status").is_some());
    assert_eq!(service.world.origin.loads.borrow().len(), 0);
    service.get(PAGE);
    let answer = ask(&service, "only-if-cached");
    assert_eq!((answer.status, answer.header("x-cache")), (200, Some("HIT")));
    service.world.sim.run_for(secs(1800 + 300));
    service.world.origin.fault.set(Fault::Error);
    assert_eq!(ask(&service, "only-if-cached").status, 504, "what is there is too old");
    assert_eq!(ask(&service, "only-if-cached, max-stale=301").status, 200);
    assert_eq!(service.world.origin.loads.borrow().len(), 2, "the second behind the answer");
}

#[test]
fn no_cache_asks_redis_once_in_five_seconds() {
    let service = Service::with_operators();
    service.get(PAGE);
    service.world.sim.run_for(secs(10));
    let meter = Meter::new(&service.world);
    let asked = |cache_control: &str| {
        let answer = ask(&service, cache_control);
        assert_eq!(
            (answer.status, answer.header("x-cache")),
            (200, Some("HIT")),
            "{cache_control}"
        );
        meter.read().redis.requests
    };
    assert_eq!(asked(""), 0);
    assert_eq!(asked("no-cache"), 1);
    for _ in 0..20 {
        assert_eq!(asked("no-cache"), 0);
    }
    service.world.sim.run_for(secs(5));
    assert_eq!(asked("no-cache"), 1);
    assert_eq!(service.world.origin.loads.borrow().len(), 1, "no client has the origin read");
}

#[test]
fn a_browsers_reload_compares_and_has_nothing_read() {
    let service = Service::with_operators();
    service.get(PAGE);
    service.world.sim.run_for(secs(1700));
    service.get(PAGE);
    service.world.sim.run_for(secs(6));
    let meter = Meter::new(&service.world);
    for _ in 0..20 {
        let answer = ask(&service, "max-age=0");
        assert_eq!((answer.status, answer.header("x-cache")), (200, Some("HIT")));
    }
    assert_eq!(meter.read().redis.requests, 1);
    assert_eq!(ask(&service, "max-age=9999").header("x-cache"), Some("HIT"));
    assert_eq!(service.world.origin.loads.borrow().len(), 1);
}

#[test]
fn no_cache_sees_an_invalidation_that_memory_has_not() {
    let service = Service::with_operators();
    service.get(PAGE);
    service.world.sim.run_for(secs(6));
    let other = Service::of(service.world.clone(), &[("ADMIN_TOKEN", TOKEN)], Limiter::default());
    assert_eq!(other.ask("POST", CLEAR, Some(TOKEN), r#"{"cache_type":"all"}"#).status, 200);
    assert_eq!(service.get(PAGE).header("x-cache"), Some("HIT"), "memory is trusted");
    assert_eq!(ask(&service, "no-cache").header("x-cache"), Some("MISS"));
}

#[test]
fn a_redis_that_hangs_does_not_hold_who_asks_for_validation_for_long() {
    let service = Service::with_operators();
    service.get(PAGE);
    service.world.sim.run_for(secs(6));
    service.world.redis.fault.set(Fault::Hung);
    let begun = service.world.sim.now();
    assert_eq!(ask(&service, "no-cache").status, 200);
    let waited = service.world.sim.now().since(begun);
    assert!(waited <= secs(2), "{waited:?}");
}

#[test]
fn what_must_be_newer_is_loaded_once_and_what_is_young_is_new_enough() {
    for wish in ["min-fresh=1500", "min-fresh=1500, max-age=9999"] {
        let service = Service::with_operators();
        let loads = || service.world.origin.loads.borrow().len();
        service.get(PAGE);
        service.world.sim.run_for(secs(290));
        assert_eq!((ask(&service, wish).header("x-cache"), loads()), (Some("HIT"), 1), "{wish}");
        service.world.sim.run_for(secs(20));
        let answer = ask(&service, wish);
        assert_eq!((age(&answer), loads()), (0, 2), "{wish}");
        for _ in 0..20 {
            service.world.sim.run_for(secs(8));
            assert_eq!(ask(&service, "min-fresh=9999").status, 200);
        }
        assert_eq!(loads(), 2, "a stranger's wish costs one load in a tenth of the TTL: {wish}");
        service.world.sim.run_for(secs(400));
        service.world.origin.fault.set(Fault::Error);
        let answer = ask(&service, wish);
        assert_eq!((answer.status, answer.header("x-cache")), (200, Some("HIT")), "{wish}");
        assert_eq!(ask(&service, &format!("{wish}, only-if-cached")).status, 504, "{wish}");
    }
}

#[test]
fn who_takes_what_is_stale_does_not_wait_for_the_origin() {
    let service = Service::with_operators();
    service.get(PAGE);
    service.world.sim.run_for(secs(1800 + 301));
    service.world.origin.latency_ms.set(700);
    let app = std::rc::Rc::clone(&service.app);
    let begun = service.world.sim.now();
    let url = format!("https://catalog.example{PAGE}");
    let body = Box::new(|_| -> futures_util::future::LocalBoxFuture<'static, Option<Vec<u8>>> {
        Box::pin(async { None })
    });
    let headers = directing("max-stale");
    let request = model_catalog_edge::http::Request::new("GET".to_owned(), &url, headers, body);
    let (answer, _) = service.world.sim.block_on(async move { app.handle(request).await });
    assert_eq!((answer.status, answer.header("x-cache")), (200, Some("STALE")));
    assert!(service.world.sim.now().since(begun) < Duration::from_millis(700));
    assert_eq!(service.get(PAGE).header("x-cache"), Some("MISS"));
}
