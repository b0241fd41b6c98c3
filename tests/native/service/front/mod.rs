//! A service with the cache in front switched on: what it is told of changes, and what its answers let it keep.

mod bound;
mod shared_cache;

use std::{rc::Rc, time::Duration};

use futures_util::FutureExt;
use model_catalog_edge::{
    http::{ReadBody, Request, RequestHeaders, Response},
    ports::FrontReply,
};
use serde_json::{Value, json};

use super::{CLEAR, Fault, Lines, STATS, Service, TOKEN, WARM, nothing, parsed};

const ON: [(&str, &str); 2] = [("ADMIN_TOKEN", TOKEN), ("WORKERS_CACHE", "on")];
const LISTING: &str = "/models/unique?limit=3";
const IN_FRONT: &str = "cloudflare-cdn-cache-control";

impl Service {
    fn clear(&self) -> Response {
        let response = self.ask("POST", CLEAR, Some(TOKEN), r#"{"cache_type":"all"}"#);
        assert_eq!(response.status, 200);
        response
    }

    /// The calls that the cache in front got: after how many seconds, and with which tags.
    fn calls(&self) -> Vec<(u64, Vec<String>)> {
        let begin = crate::support::sim::BEGIN;
        let calls = self.world.front.calls.borrow();
        calls.iter().map(|(at, tags)| ((at.0 - begin) / 1000, tags.clone())).collect()
    }

    fn front(&self) -> Value {
        parsed(&self.ask("GET", STATS, Some(TOKEN), ""))["isolate"]["front"].take()
    }

    fn wait(&self, secs: u64) {
        self.world.sim.run_for(Duration::from_secs(secs));
    }
}

/// `max-age` and `stale-while-revalidate` for the cache in front.
fn told(answer: &Response) -> (u64, u64) {
    let header = answer.header(IN_FRONT).unwrap();
    let of =
        |name: &str| header.split_once(name).unwrap().1.split(',').next().unwrap().parse().unwrap();
    (of("max-age="), of("stale-while-revalidate="))
}

fn refusals(log: &Lines) -> Vec<String> {
    let lines = log.0.borrow();
    lines.iter().filter(|line| line.contains(r#""event":"front_refused""#)).cloned().collect()
}

#[test]
fn a_clear_tells_of_every_source_and_a_warm_run_of_what_it_changed() {
    let service = Service::new(&ON);
    let told = || -> Vec<Vec<String>> {
        service.wait(20);
        let calls = service.world.front.calls.take();
        calls.into_iter().map(|(_, tags)| tags).collect()
    };
    let warm = || service.ask("POST", WARM, Some(TOKEN), "");
    warm();
    assert_eq!(told(), [["models-active"]], "all of it is new");
    warm();
    service.get(LISTING);
    assert!(told().is_empty(), "the same again");
    service.world.origin.change();
    warm();
    assert_eq!(told(), [["models-active"]]);
    service.world.origin.change();
    assert_eq!(service.scheduled(), Ok(()));
    assert_eq!(told(), [["models-active"]], "cron is a warm run");
    service.world.origin.fault.set(Fault::Error);
    warm();
    assert!(told().is_empty(), "nothing came of it");
    service.clear();
    assert_eq!(told(), [["models-active", "models-all", "models-providers"]]);
}

#[test]
fn many_changes_are_few_calls_and_the_last_one_is_told() {
    let service = Service::new(&ON);
    let sim = &service.world.sim;
    // As clients see it: nobody waits for what is done behind an answer.
    let clear = || {
        let app = Rc::clone(&service.app);
        let behind = sim.clone();
        let body = || br#"{"cache_type":"all"}"#.to_vec();
        let body: ReadBody = Box::new(move |_| async move { Some(body()) }.boxed_local());
        let headers =
            RequestHeaders { authorization: Some(format!("Bearer {TOKEN}")), ..nothing() };
        let request = Request::new("POST".to_owned(), CLEAR, headers, body);
        sim.block_on(async move {
            let (response, follow_ups) = app.handle(request).await;
            assert_eq!(response.status, 200);
            behind.spawn(1, app.run(follow_ups));
        });
    };
    for _ in 0..200 {
        clear();
        sim.run_for(Duration::from_millis(200));
    }
    let last = sim.now();
    service.wait(20);
    let at: Vec<u64> = service.calls().iter().map(|(at, _)| *at).collect();
    assert!(at.windows(2).all(|pair| pair[1] - pair[0] >= 15), "{at:?}");
    assert!((3..=4).contains(&at.len()), "{at:?}");
    assert!(
        service.world.front.calls.borrow().last().unwrap().0 >= last,
        "the last change is told of"
    );
}

#[test]
fn what_is_refused_is_told_once_more_and_logged() {
    for (reply, refused) in [
        (
            Some(FrontReply::Refused(Some(1134))),
            json!({"event": "front_refused", "tags": ["models-active", "models-all", "models-providers"], "reason": "refused", "code": 1134}),
        ),
        (
            None,
            json!({"event": "front_refused", "tags": ["models-active", "models-all", "models-providers"], "reason": "timeout", "code": null}),
        ),
    ] {
        let service = Service::new(&ON);
        service.world.front.reply.set(reply);
        service.clear();
        assert_eq!(service.calls().len(), 2, "{reply:?}");
        service.wait(60);
        service.get(LISTING);
        assert_eq!(service.calls().len(), 2, "{reply:?}: and no more");
        let lines = refusals(&service.log);
        assert_eq!(lines.len(), 2);
        assert_eq!(serde_json::from_str::<Value>(&lines[0]).unwrap(), refused);
        let front = service.front();
        let expected = json!({"state": "present", "last_invalidated_at_ms": null, "refused": 2});
        assert_eq!(front, expected, "{reply:?}");
    }
}

#[test]
fn a_refused_call_that_passes_later_is_forgotten() {
    let service = Service::new(&ON);
    let begun = service.world.sim.now();
    service.world.front.reply.set(Some(FrontReply::Refused(None)));
    let (front, sim) = (service.world.front.clone(), service.world.sim.clone());
    service.world.sim.spawn(7, async move {
        sim.sleep(Duration::from_secs(3)).await;
        front.reply.set(Some(FrontReply::Invalidated));
    });
    service.clear();
    let front = service.front();
    assert_eq!((front["state"].as_str(), front["refused"].as_u64()), (Some("present"), Some(1)));
    let told_at = front["last_invalidated_at_ms"].as_u64().unwrap();
    assert!((15_000..17_000).contains(&(told_at - begun.0)), "{front}");
}

#[test]
fn without_a_cache_in_front_nothing_is_told_twice_and_statistics_say_so() {
    let service = Service::new(&ON);
    assert_eq!(service.front()["state"], "unknown");
    service.world.front.reply.set(Some(FrontReply::Absent));
    service.clear();
    service.wait(60);
    service.get(LISTING);
    assert_eq!((service.calls().len(), refusals(&service.log).len()), (1, 0));
    let expected = json!({"state": "absent", "last_invalidated_at_ms": null, "refused": 0});
    assert_eq!(service.front(), expected);
}

#[test]
fn switched_off_it_is_told_nothing_and_no_answer_speaks_to_it() {
    let service = Service::with_operators();
    service.clear();
    assert_eq!((service.calls().len(), &service.front()["state"]), (0, &json!("off")));
    let listing = service.get(LISTING);
    for name in ["cache-tag", IN_FRONT] {
        assert_eq!(listing.header(name), None, "{name}");
    }
    assert!(listing.header("age").is_some() && listing.header("x-request-id").is_some());
}

#[test]
fn only_listings_may_be_kept_in_front_and_what_is_kept_names_nobody() {
    let service = Service::new(&ON);
    service.get(LISTING);
    for (path, tag) in [
        (LISTING, "models-active"),
        ("/v1/models/unique?sort_by=name", "models-active"),
        ("/models/unique?include_inactive=true", "models-all"),
    ] {
        // Until nothing is left to do behind it.
        for _ in 0..3 {
            service.get(path);
        }
        let url = format!("https://catalog.example{path}");
        let at_once =
            service.app.hit(&url, false, &nothing()).unwrap_or_else(|| panic!("{path} is no hit"));
        let answer = service.get(path);
        assert_eq!(at_once, answer, "{path}");
        let held = service.ask_again("GET", path, answer.header("etag").unwrap());
        assert_eq!(held.status, 304);
        for answer in [answer, held] {
            assert_eq!(answer.header("cache-tag"), Some(tag), "{path}");
            assert!((29..=30).contains(&told(&answer).0), "{path}");
            assert!(answer.header("cache-control").unwrap().starts_with("public, max-age=60, "));
            for name in ["age", "x-request-id", "set-cookie", "vary"] {
                assert_eq!(answer.header(name), None, "{name} of {path}");
            }
        }
    }
    for (method, path, token) in [
        ("GET", "/models/unique?limit=0", None),
        ("GET", "/nothing", None),
        ("POST", "/models/unique", None),
        ("OPTIONS", "/models/unique", None),
        ("GET", "/healthz", None),
        ("GET", "/readyz", None),
        ("GET", STATS, None),
        ("GET", STATS, Some(TOKEN)),
        ("POST", WARM, Some(TOKEN)),
        ("GET", WARM, Some(TOKEN)),
    ] {
        let answer = service.ask(method, path, token, "");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{method} {path}");
        assert_eq!(answer.header("cache-tag"), None, "{method} {path}");
        assert!(answer.header("x-request-id").is_some(), "{method} {path}");
    }
    let listed = Service::new(&[("CORS_ORIGINS", "https://app.example"), ON[1]]);
    assert_eq!(
        listed.get(LISTING).header("vary"),
        Some("Origin"),
        "one that is kept for each page's origin"
    );
    let about = service.get("/");
    assert_eq!((about.header("x-request-id"), about.header("cache-tag")), (None, None));
}

#[test]
fn the_trust_in_memory_is_what_a_listing_may_live_in_front() {
    let service = Service::new(&[("COLO_CACHE", "off"), ON[0], ON[1]]);
    service.get(LISTING);
    for (secs, fresh, revalidate) in [(0, 29, 5), (12, 17, 5), (16, 1, 5), (4, 0, 2)] {
        service.wait(secs);
        assert_eq!(told(&service.get(LISTING)), (fresh, revalidate), "{secs} s later");
    }
    assert_eq!(told(&service.get(LISTING)), (29, 5), "it was checked behind the answer");
}

#[test]
fn to_hear_of_another_source_renews_no_trust() {
    let service = Service::new(&[("COLO_CACHE", "off"), ON[0], ON[1]]);
    service.get(LISTING);
    service.wait(20);
    let other = service.get("/models/unique?include_inactive=true");
    assert!(told(&other).0 >= 29, "control was read for it");
    assert_eq!(told(&service.get(LISTING)), (9, 5), "this was compared twenty seconds ago");
}

#[test]
fn what_is_stale_or_passed_through_is_not_kept_in_front() {
    let service = Service::new(&ON);
    service.get(LISTING);
    service.wait(1_900);
    let stale = service.get(LISTING);
    assert_eq!((stale.header("x-cache"), stale.header(IN_FRONT)), (Some("STALE"), None));
    assert_eq!(stale.header("cache-control"), Some("public, max-age=5, must-revalidate"));
    assert_eq!(stale.header("cache-tag"), Some("models-active"));
    let through = Service::new(&[("EDGE_MODE", "passthrough"), ON[1]]).get(LISTING);
    assert_eq!(told(&through), (0, 0));
}
