//! Changes since a version: that a client that applies them has the catalog, whatever fails; what they cost; and what is told where
//! they are not known.

use std::time::Duration;

use model_catalog_edge::{catalog::Scope, http::RequestHeaders};
use serde_json::{Value, json};

use super::{CHANGES, Models, Service, TOKEN, listed, nothing, parsed, text, warm};
use crate::{
    service::CLEAR,
    support::{isolate::World, meter::Meter, redis::Fault},
};

/// A client that has the catalog of a version, and follows it.
struct Follower {
    models: Models,
    version: String,
}

impl Follower {
    fn new(service: &Service) -> Self {
        let version = parsed(&service.get(CHANGES))["version"].as_str().unwrap().to_owned();
        Self { models: listed(service), version }
    }

    /// Follows page by page; the status where that does not work.
    fn follow(&mut self, service: &Service, limit: usize) -> Result<(), u16> {
        loop {
            let path = format!("{CHANGES}?since={}&limit={limit}", self.version);
            let answer = service.get(&path);
            if answer.status != 200 {
                return Err(answer.status);
            }
            let document = parsed(&answer);
            for entry in document["entries"].as_array().unwrap() {
                assert_eq!(entry["reset"], json!(false));
                entry["changes"].as_array().unwrap().iter().for_each(|change| self.apply(change));
            }
            document["until"].as_str().unwrap().clone_into(&mut self.version);
            assert_eq!(answer.header("x-catalog-version"), Some(self.version.as_str()));
            if !answer.header("link").unwrap().contains("rel=\"next\"") {
                return Ok(());
            }
        }
    }

    fn apply(&mut self, change: &Value) {
        let name = change["name"].as_str().unwrap().to_owned();
        match change["type"].as_str().unwrap() {
            "added" => assert!(self.models.insert(name, change["model"].clone()).is_none()),
            "deleted" => assert!(self.models.remove(&name).is_some()),
            _ => {
                let patch: json_patch::Patch =
                    serde_json::from_value(change["patch"].clone()).unwrap();
                json_patch::patch(self.models.get_mut(&name).unwrap(), &patch).unwrap();
            }
        }
    }
}

/// Publishes a catalog that is another one for each number.
fn publish(service: &Service, number: u64) {
    let origin = &service.world.origin;
    origin.models.set(6 + number * 7 % 5);
    origin.offers_max.set(1 + number % 4);
    origin.version.set(1 + number / 2);
    service.world.sim.run_for(Duration::from_secs(60));
    warm(service);
}

fn later(service: &Service) {
    service.world.sim.run_for(Duration::from_secs(6));
}

#[test]
fn a_client_that_applies_changes_has_the_catalog() {
    let service = Service::with_operators();
    warm(&service);
    let mut follower = Follower::new(&service);
    for number in 0..40 {
        publish(&service, number);
        later(&service);
        if number % 3 == 0 {
            let limit = if number % 2 == 0 { 1 } else { 50 };
            assert_eq!(follower.follow(&service, limit), Ok(()));
            assert_eq!(follower.models, listed(&service), "{number}");
        }
    }
}

#[test]
fn the_last_two_hundred_versions_are_kept() {
    let service = Service::with_operators();
    warm(&service);
    let mut follower = Follower::new(&service);
    for number in 1..=210 {
        service.world.origin.version.set(number + 1);
        service.world.sim.run_for(Duration::from_secs(1));
        warm(&service);
        if number == 20 {
            later(&service);
            assert_eq!(follower.follow(&service, 50), Ok(()));
        }
    }
    later(&service);
    let mut late = Follower { models: Models::new(), version: follower.version.clone() };
    assert_eq!(follower.follow(&service, 50), Ok(()));
    assert_eq!(follower.models, listed(&service));
    service.world.origin.version.set(900);
    for number in 0..20 {
        service.world.origin.version.set(900 + number);
        service.world.sim.run_for(Duration::from_secs(1));
        warm(&service);
    }
    later(&service);
    assert_eq!(late.follow(&service, 50), Err(410), "it fell off");
    assert_eq!(follower.follow(&service, 50), Ok(()));
    let newest = parsed(&service.get(&format!("{CHANGES}?limit=200")));
    assert_eq!(newest["entries"].as_array().unwrap().len(), 200);
    assert_eq!(newest["until"], newest["version"]);
}

#[test]
fn what_is_not_known_is_410_with_the_way_out() {
    let service = Service::with_operators();
    let nothing_yet = parsed(&service.get(CHANGES));
    assert_eq!((&nothing_yet["version"], &nothing_yet["entries"]), (&Value::Null, &json!([])));
    warm(&service);
    later(&service);
    for query in ["?since=0123456789abcdef", "?since=0123456789abcdef&include_inactive=true"] {
        let gone = service.get(&format!("{CHANGES}{query}"));
        assert_eq!(gone.status, 410);
        assert_eq!(gone.header("content-type"), Some("application/problem+json"));
        let start = gone.header("link").unwrap();
        assert!(start.starts_with("</models/unique?cursor=*&limit=1000"), "{start}");
        assert_eq!(start.contains("include_inactive"), query.contains("include_inactive"));
    }
    for query in ["since=x", "since=", "limit=0", "limit=201", "include_inactive=maybe"] {
        assert_eq!(service.get(&format!("{CHANGES}?{query}")).status, 422, "{query}");
    }
}

#[test]
fn the_first_version_is_a_reset_and_a_lost_journal_begins_with_the_version_that_is_there() {
    let service = Service::with_operators();
    warm(&service);
    let first = parsed(&service.get(CHANGES));
    let entry = &first["entries"][0];
    assert_eq!((&entry["reset"], &entry["changes"]), (&json!(true), &json!([])));
    assert_eq!((&entry["version"], &entry["summary"]), (&first["version"], &Value::Null));
    let mut follower = Follower::new(&service);
    let key = service.world.keys.journal(Scope::Active.into());
    let journal = key.replacen("t:", "", 1);
    assert!(
        service.world.redis.run(&["DEL", &journal]) == model_catalog_edge::ports::Reply::Integer(1)
    );
    publish(&service, 1);
    later(&service);
    assert_eq!(follower.follow(&service, 50), Ok(()), "nothing was missed");
    assert_eq!(follower.models, listed(&service));
    // An edition that knows of no journal published meanwhile.
    service.world.redis.run(&["RPUSH", &journal, "0000000000000001 0000000000000002 1 = 1\n"]);
    publish(&service, 2);
    later(&service);
    assert_eq!(follower.follow(&service, 50), Ok(()), "another configuration's is none");
    service.world.redis.set(&journal, "nonsense", None);
    publish(&service, 3);
    later(&service);
    assert_eq!(follower.follow(&service, 50), Ok(()), "what is no list is replaced");
    assert_eq!(follower.models, listed(&service));
}

#[test]
fn an_invalidation_leaves_the_journal_and_the_same_content_adds_nothing() {
    let service = Service::with_operators();
    warm(&service);
    let mut follower = Follower::new(&service);
    publish(&service, 1);
    service.ask("POST", CLEAR, Some(TOKEN), r#"{"cache_type":"all"}"#);
    warm(&service);
    later(&service);
    assert_eq!(follower.follow(&service, 50), Ok(()));
    assert_eq!(follower.models, listed(&service));
    assert_eq!(parsed(&service.get(CHANGES))["entries"].as_array().unwrap().len(), 2);
    service.ask("POST", CLEAR, Some(TOKEN), r#"{"cache_type":"all"}"#);
    publish(&service, 2);
    later(&service);
    assert_eq!(follower.follow(&service, 50), Ok(()), "memory had what was there");
}

#[test]
fn an_isolate_whose_memory_is_behind_still_tells_what_it_changed() {
    let world = World::new(1);
    let new = || {
        Service::of(world.clone(), &[("ADMIN_TOKEN", TOKEN)], crate::service::Limiter::default())
    };
    let (one, other) = (new(), new());
    warm(&one);
    other.get("/models/unique");
    let mut follower = Follower::new(&one);
    for number in 1..6 {
        publish(if number % 2 == 0 { &one } else { &other }, number);
    }
    publish(&new(), 6);
    later(&one);
    assert_eq!(follower.follow(&one, 50), Ok(()));
    assert_eq!(follower.models, listed(&new()));
}

#[test]
fn changes_are_read_once_in_five_seconds_and_then_only_what_is_new() {
    let service = Service::with_operators();
    warm(&service);
    publish(&service, 1);
    service.get(CHANGES);
    let meter = Meter::new(&service.world);
    for _ in 0..20 {
        assert_eq!(service.get(CHANGES).status, 200);
    }
    let spent = meter.read();
    assert_eq!((spent.redis.requests, spent.kv_reads), (0, 0));
    later(&service);
    let meter = Meter::new(&service.world);
    service.get(CHANGES);
    let spent = meter.read();
    assert_eq!((spent.redis.requests, spent.redis.commands, spent.kv_writes), (1, 1, 0));
    assert!(spent.redis.bytes_down < 500, "{} bytes of what is known", spent.redis.bytes_down);
}

#[test]
fn a_publication_that_changed_nothing_asks_nothing_more_and_one_that_did_no_more_requests() {
    let service = Service::with_operators();
    warm(&service);
    let spent = |change: bool| {
        service.world.sim.run_for(Duration::from_secs(60));
        if change {
            service.world.origin.change();
        }
        let meter = Meter::new(&service.world);
        warm(&service);
        meter.read()
    };
    let (unchanged, changed) = (spent(false), spent(true));
    assert_eq!((unchanged.redis.requests, changed.redis.requests), (3, 3));
    assert!(unchanged.redis.bytes_up < 10_000, "{}", unchanged.redis.bytes_up);
    assert_eq!(changed.kv_writes, 0, "KV has a copy that is a minute old");
}

#[test]
fn without_redis_what_is_known_is_told_then_kvs_copy_then_nothing() {
    let world = World::new(1);
    let new = || {
        Service::of(world.clone(), &[("ADMIN_TOKEN", TOKEN)], crate::service::Limiter::default())
    };
    let service = new();
    warm(&service);
    let mut follower = Follower::new(&service);
    publish(&service, 1);
    later(&service);
    let told = parsed(&service.get(CHANGES));
    world.redis.fault.set(Fault::Error);
    later(&service);
    assert_eq!(parsed(&service.get(CHANGES)), told, "what is known");
    // What is older than a quarter of an hour is copied anew by whoever reads it.
    world.redis.fault.set(Fault::None);
    world.sim.run_for(Duration::from_secs(900));
    publish(&service, 2);
    service.get(CHANGES);
    world.redis.fault.set(Fault::Error);
    world.sim.run_for(Duration::from_secs(61));
    let cold = new();
    assert_eq!(follower.follow(&cold, 50), Ok(()), "KV's copy");
    let writes =
        world.kv.calls.borrow().iter().filter(|call| call.contains("edge:changes")).count();
    assert!(writes >= 2, "{writes}");
    world.kv.fault.set(Fault::Error);
    let answer = new().get(CHANGES);
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
}

#[test]
fn changes_are_lines_and_a_feed_to_who_prefers_that() {
    let service = Service::with_operators();
    warm(&service);
    service.world.origin.models.set(11);
    warm(&service);
    let ask = |accept: &str, query: &str| {
        let headers = RequestHeaders { accept: Some(accept.to_owned()), ..nothing() };
        service.send("GET", &format!("{CHANGES}{query}"), headers, "")
    };
    let lines = ask("application/x-ndjson", "");
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(lines.header("vary"), Some("Accept"));
    let lines: Vec<Value> =
        text(&lines).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<&Value> = lines.iter().map(|line| &line["type"]).collect();
    assert_eq!(types, ["reset", "added"]);
    assert_eq!(lines[1]["model"]["name"], "m10");
    assert_eq!(lines[1]["version"], parsed(&service.get(CHANGES))["version"]);
    let feed = ask("application/atom+xml", "");
    assert_eq!(feed.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    let feed = text(&feed);
    assert!(feed.contains("<title>1 added, 0 changed, 0 deleted</title>"), "{feed}");
    assert!(feed.contains("added m10"), "{feed}");
    assert_eq!(feed.matches("<entry>").count(), 2);
    let of = |provider: &str| {
        let document = parsed(&service.get(&format!("{CHANGES}?provider={provider}")));
        assert_eq!(document["until"], document["version"]);
        document["entries"].as_array().unwrap().len()
    };
    assert_eq!(
        (of("p0"), of("p4")),
        (2, 1),
        "the new model has one offer; what is not known may touch"
    );
}
