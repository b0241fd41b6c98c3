//! Webhooks: who may say that the tables changed, and what is rebuilt however often that is said.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use model_catalog_edge::http::{Limiter, RequestHeaders, Response};
use serde_json::json;
use sha2::Sha256;

use super::{STATS, Service, TOKEN, WARM, nothing, parsed};
use crate::support::redis::Fault;

const HOOK: &str = "/api/webhooks/supabase";
const SECRET: &str = "webhook-secret-of-tests";
const SETTINGS: [(&str, &str); 2] = [("ADMIN_TOKEN", TOKEN), ("WEBHOOK_SECRET", SECRET)];
const PAGE: &str = "/models/unique?limit=3";

fn service() -> Service {
    Service::new(&SETTINGS)
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn payload(table: &str) -> String {
    json!({ "type": "UPDATE", "table": table, "schema": "public", "record": { "id": 1 }, "old_record": null })
        .to_string()
}

fn knowing(secret: &str) -> RequestHeaders {
    RequestHeaders { webhook_secret: Some(secret.to_owned()), ..nothing() }
}

fn signed(service: &Service, ago: i64, secret: &str, body: &str) -> RequestHeaders {
    let now = i64::try_from(service.world.sim.now().0 / 1000).unwrap();
    let timestamp = (now - ago).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{timestamp}.{body}").as_bytes());
    let digest = hex::encode(mac.finalize().into_bytes());
    RequestHeaders {
        webhook_timestamp: Some(timestamp),
        webhook_signature: Some(format!("sha256={digest}")),
        ..nothing()
    }
}

fn hook(service: &Service, headers: RequestHeaders, body: &str) -> Response {
    service.send("POST", HOOK, headers, body)
}

fn loads(service: &Service) -> usize {
    service.world.origin.loads.borrow().len()
}

fn etag(service: &Service) -> String {
    service.get(PAGE).header("etag").unwrap().to_owned()
}

#[test]
fn only_who_knows_the_secret_or_signs_with_it_is_heard() {
    let service = service();
    let body = payload("models");
    let other = RequestHeaders { authorization: Some(format!("Basic {SECRET}")), ..nothing() };
    let admin = RequestHeaders { authorization: Some(format!("Bearer {TOKEN}")), ..nothing() };
    for (headers, expected) in [
        (nothing(), 401),
        (knowing("webhook-secret-of-test"), 401),
        (other, 401),
        (admin, 401),
        (signed(&service, 0, "another-secret-of-tests", &body), 401),
        (signed(&service, 301, SECRET, &body), 401),
        (signed(&service, -302, SECRET, &body), 401),
        (signed(&service, 0, SECRET, &payload("providers")), 401),
    ] {
        assert_eq!(hook(&service, headers, &body).status, expected);
    }
    assert_eq!(loads(&service), 0);
    for headers in [
        knowing(SECRET),
        signed(&service, 290, SECRET, &body),
        signed(&service, -290, SECRET, &body),
    ] {
        assert_eq!(hook(&service, headers, &body).status, 202);
    }
    let counted = parsed(&service.ask("GET", STATS, Some(TOKEN), ""));
    assert_eq!(
        counted["webhooks"],
        json!({ "accepted": 3, "ignored": 0, "refused": 8, "replayed": 0 })
    );
    let without = Service::with_operators();
    assert_eq!(hook(&without, knowing(SECRET), &body).status, 404);
    let guessing = Limiter::new(Some(std::rc::Rc::new(Never)));
    let limited = Service::with_limiter(&SETTINGS, guessing);
    assert_eq!(hook(&limited, knowing("x"), &body).status, 429, "who guesses is limited");
    assert_eq!(hook(&limited, knowing(SECRET), &body).status, 202, "and nobody else");
}

/// A limit that was reached.
struct Never;

#[async_trait::async_trait(?Send)]
impl model_catalog_edge::ports::RateLimit for Never {
    async fn admit(&self, _key: &str) -> Option<bool> {
        Some(false)
    }
}

#[test]
fn garbage_is_400_and_other_tables_are_nothing_to_us() {
    let service = service();
    for (body, expected) in [
        ("", 400),
        ("{", 400),
        ("[]", 400),
        ("{}", 400),
        (r#"{"type":"UPDATE","table":"models"}"#, 400),
        (r#"{"type":"update","table":"models","schema":"public"}"#, 400),
        (r#"{"type":"UPDATE","table":7,"schema":"public"}"#, 400),
        (r#"{"type":"UPDATE","table":"models","schema":"audit"}"#, 200),
        (r#"{"type":"UPDATE","table":"users","schema":"public"}"#, 200),
    ] {
        let answer = hook(&service, knowing(SECRET), body);
        assert_eq!(answer.status, expected, "{body}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    let large = format!("{{\"type\":\"{}\"}}", "x".repeat(1_048_576));
    assert_eq!(hook(&service, knowing(SECRET), &large).status, 413);
    assert_eq!(loads(&service), 0);
    for kind in ["INSERT", "UPDATE", "DELETE", "TRUNCATE"] {
        let body = format!(r#"{{"type":"{kind}","table":"providers","schema":"public"}}"#);
        assert_eq!(hook(&service, knowing(SECRET), &body).status, 202, "{kind}");
    }
}

#[test]
fn a_signature_counts_once_in_all_isolates() {
    let service = service();
    let other = Service::of(service.world.clone(), &SETTINGS, Limiter::default());
    let body = payload("models");
    let headers = signed(&service, 0, SECRET, &body);
    assert_eq!(hook(&service, headers.clone(), &body).status, 202);
    let loaded = loads(&service);
    for replaying in [&service, &other] {
        assert_eq!(hook(replaying, headers.clone(), &body).status, 409);
    }
    service.world.sim.run_for(secs(250));
    assert_eq!(hook(&other, headers.clone(), &body).status, 409, "as long as it is in the window");
    service.world.sim.run_for(secs(100));
    assert_eq!(hook(&other, headers, &body).status, 401, "and then it is too old");
    assert_eq!(loads(&service), loaded);
}

#[test]
fn a_change_shows_here_at_once_and_elsewhere_when_memory_is_checked() {
    let service = service();
    let other = Service::of(service.world.clone(), &SETTINGS, Limiter::default());
    let first = etag(&service);
    assert_eq!(etag(&other), first);
    service.world.origin.change();
    assert_eq!(hook(&service, knowing(SECRET), &payload("models")).status, 202);
    let changed = etag(&service);
    assert_ne!(changed, first);
    assert_eq!(etag(&other), first, "it has not looked yet");
    service.world.sim.run_for(service.world.policy.memory_ttl);
    other.get(PAGE);
    assert_eq!(etag(&other), changed);
    assert_eq!(loads(&service), 2);
    let lines = service.log.0.borrow();
    let rebuilt = lines.iter().find(|line| line.contains(r#""event":"rebuilt""#)).unwrap();
    assert!(rebuilt.contains(r#""changed":"#), "{rebuilt}");
}

#[test]
fn thousands_of_calls_are_one_rebuild_in_flight_and_one_after_it() {
    let world = service();
    let isolates: Vec<Service> =
        (0..20).map(|_| Service::of(world.world.clone(), &SETTINGS, Limiter::default())).collect();
    let first = etag(&world);
    world.world.origin.latency_ms.set(500);
    let body = payload("models");
    let mut running = Vec::new();
    for call in 0..13_000_usize {
        // All of them within a second and a half, as the rows of one statement are told of.
        if call % 1_000 == 0 {
            world.world.origin.change();
            world.world.sim.run_for(Duration::from_millis(100));
        }
        let at = &isolates[call % isolates.len()];
        running.push(at.begin("POST", HOOK, knowing(SECRET), &body));
    }
    world.world.sim.run_for(secs(20));
    let answered = running.iter().filter(|status| status.get() == 202).count();
    assert_eq!(answered, 13_000);
    let loads = world.world.origin.loads.borrow();
    let rebuilds = &loads[1..];
    assert!(rebuilds.len() <= 2, "{rebuilds:?}");
    drop(loads);
    let last = etag(&isolates[7]);
    assert_ne!(last, first);
    let fresh = Service::new(&SETTINGS);
    fresh.world.origin.version.set(world.world.origin.version.get());
    assert_eq!(last, etag(&fresh), "the last change is not missed");
}

#[test]
fn a_change_that_comes_while_one_is_read_is_read_after_it() {
    let service = service();
    let first = etag(&service);
    service.world.origin.latency_ms.set(2_000);
    let body = payload("models");
    let one = service.begin("POST", HOOK, knowing(SECRET), &body);
    service.world.sim.run_for(Duration::from_millis(2_500));
    assert_eq!((one.get(), loads(&service)), (202, 2), "the first rebuild is under way");
    service.world.origin.change();
    for _ in 0..100 {
        service.begin("POST", HOOK, knowing(SECRET), &body);
    }
    service.world.sim.run_for(secs(15));
    assert_eq!(loads(&service), 3);
    assert_ne!(etag(&service), first);
}

#[test]
fn a_change_is_read_whenever_in_a_turn_it_is_told() {
    for late_ms in (500..14_000).step_by(250) {
        let service = service();
        let before = etag(&service);
        service.world.origin.latency_ms.set(7_000);
        let body = payload("models");
        service.begin("POST", HOOK, knowing(SECRET), &body);
        let half = Duration::from_millis(late_ms / 2);
        service.world.sim.run_for(half);
        service.begin("POST", HOOK, knowing(SECRET), &body);
        service.world.sim.run_for(half);
        service.world.origin.change();
        service.begin("POST", HOOK, knowing(SECRET), &body);
        // Where nobody tells anything after it.
        service.world.sim.run_for(secs(28));
        assert_ne!(etag(&service), before, "told after {late_ms} ms");
        assert!(loads(&service) <= 5, "{} loads, told after {late_ms} ms", loads(&service));
    }
}

#[test]
fn an_origin_that_fails_is_asked_again_and_what_is_cached_stays() {
    let service = service();
    let first = etag(&service);
    service.world.origin.change();
    service.world.origin.fault.set(Fault::Error);
    let begun = service.begin("POST", HOOK, knowing(SECRET), &payload("models"));
    service.world.sim.run_for(secs(2));
    assert_eq!((begun.get(), etag(&service)), (202, first.clone()));
    service.world.origin.fault.set(Fault::None);
    service.world.sim.run_for(secs(30));
    assert_ne!(etag(&service), first);
    assert!(loads(&service) <= 6, "{}", loads(&service));
}

#[test]
fn cron_counts_what_no_webhook_told() {
    let service = service();
    let warm = || parsed(&service.ask("POST", WARM, Some(TOKEN), ""))["missed_invalidation"].take();
    let missed =
        || parsed(&service.ask("GET", STATS, Some(TOKEN), ""))["missed_invalidations"].take();
    assert_eq!(warm(), json!(false), "nothing was there");
    service.world.sim.run_for(secs(600));
    assert_eq!(warm(), json!(false), "nothing changed");
    service.world.sim.run_for(secs(600));
    service.world.origin.change();
    assert_eq!(hook(&service, knowing(SECRET), &payload("models")).status, 202);
    assert_eq!((warm(), missed()), (json!(false), json!(0)), "it was told");
    service.world.sim.run_for(secs(600));
    service.world.origin.change();
    assert_eq!((warm(), missed()), (json!(true), json!(1)));
    let without = Service::with_operators();
    without.ask("POST", WARM, Some(TOKEN), "");
    without.world.sim.run_for(secs(600));
    without.world.origin.change();
    let report = parsed(&without.ask("POST", WARM, Some(TOKEN), ""));
    assert_eq!(report["missed_invalidation"], json!(false), "nobody is expected to tell");
}

#[test]
fn a_deployment_that_does_not_write_says_so() {
    let service = Service::new(&[("WEBHOOK_SECRET", SECRET), ("EDGE_MODE", "read_only")]);
    assert_eq!(hook(&service, knowing(SECRET), &payload("models")).status, 409);
    assert_eq!(loads(&service), 0);
}
