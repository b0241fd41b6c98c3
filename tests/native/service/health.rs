//! Whether the service lives, and whether its tiers answer.

use serde_json::{Value, json};

use super::{Service, TOKEN, parsed};
use crate::support::{meter::Meter, redis::Fault};

fn ready(service: &Service) -> (u16, Value) {
    let answer = service.ask("GET", "/readyz", Some(TOKEN), "");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    (answer.status, parsed(&answer))
}

#[test]
fn life_touches_no_tier() {
    let service = Service::with_operators();
    let meter = Meter::new(&service.world);
    let answer = service.get("/healthz");
    assert_eq!((answer.status, parsed(&answer)), (200, json!({ "status": "ok" })));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let spent = meter.read();
    assert_eq!((spent.redis.requests, spent.kv_reads, spent.loads, spent.colo), (0, 0, 0, 0));
    assert_eq!(service.world.origin.probes.get(), 0);
}

#[test]
fn readiness_is_of_every_tier_and_its_details_are_for_operators() {
    for broken in ["", "upstash", "kv", "origin"] {
        for fault in [Fault::Hung, Fault::Error] {
            let service = Service::with_operators();
            match broken {
                "upstash" => service.world.redis.fault.set(fault),
                "kv" => service.world.kv.fault.set(fault),
                "origin" => service.world.origin.fault.set(fault),
                _ => {}
            }
            let begun = service.world.sim.now();
            let (status, body) = ready(&service);
            assert!(service.world.sim.now().since(begun).as_secs() <= 2, "{broken}");
            let (expected, word) =
                if broken.is_empty() { (200, "ready") } else { (503, "not ready") };
            assert_eq!((status, &body["status"]), (expected, &json!(word)), "{broken}");
            for tier in ["upstash", "kv", "origin"] {
                let of = &body["tiers"][tier];
                assert_eq!(of["answers"], json!(tier != broken), "{tier} while {broken} is out");
                assert_eq!(of["reason"].is_string(), tier == broken, "{body}");
            }
            let other = service.get("/readyz");
            assert_eq!((other.status, parsed(&other)), (expected, json!({ "status": word })));
        }
    }
}

#[test]
fn tiers_are_probed_once_in_five_seconds_whoever_asks() {
    let service = Service::with_operators();
    for _ in 0..20 {
        assert_eq!(service.get("/readyz").status, 200);
    }
    let meter = Meter::new(&service.world);
    assert_eq!(service.world.origin.probes.get(), 1);
    service.world.origin.fault.set(Fault::Error);
    service.world.sim.run_for(std::time::Duration::from_secs(5));
    assert_eq!(ready(&service).0, 503);
    let spent = meter.read();
    assert_eq!((spent.redis.requests, spent.kv_reads, spent.loads), (1, 1, 0));
}
