//! What `EDGE_MODE=passthrough` answers, over the origin's own adapter: the list of all is read as one, and is what it is of parts.

use std::rc::Rc;

use model_catalog_edge::{app::App, config::Config, ports::Ports, supabase::Supabase};
use serde_json::{Value, json};

use super::URL;
use crate::{
    service::{Service, parsed, ports, settings},
    support::{
        isolate::{Lines, World},
        postgrest::FakePostgrest,
        sim::SimClock,
        vectors,
    },
};

/// What a request may make on the free plan, and what it makes besides of its mode and its data center (docs/platform.md, "Limits of an isolate").
const SUBREQUESTS: usize = 50 - 8;

/// An isolate in a mode over these tables.
fn service(postgrest: &Rc<FakePostgrest>, mode: &'static str) -> Service {
    let world = World::new(1);
    let clock = SimClock { sim: world.sim.clone(), skew_ms: 0 };
    let origin = Supabase::new(Rc::clone(postgrest) as Rc<_>, Rc::new(clock), URL, "jwt", &[]);
    let log = Rc::new(Lines::default());
    let ports = Ports { origin: Rc::new(origin), ..ports(&world, Rc::clone(&log) as Rc<_>) };
    let config = Config::from_vars(&settings(&[("EDGE_MODE", mode)])).unwrap();
    Service { app: Rc::new(App::new(config, ports)), world, log }
}

/// So many active providers, one that is not, and so many models of each, every seventh without a price of its own.
fn tables(providers: usize, models: usize) -> Value {
    let provider = |id: usize| {
        json!({
            "id": id, "slug": format!("p{id}"), "name": "P", "is_active": id <= providers, "site_url": null,
            "logo_url": null, "metadata": {},
        })
    };
    let model = |id: usize| {
        // Rows of providers stand in any order.
        let provider = id * 7 % (providers + 1) + 1;
        let price = if id.is_multiple_of(7) { Value::Null } else { json!("1") };
        json!({
            "id": id, "provider_id": provider, "model_name": format!("m{:05}", id * 31 % 10_007),
            "provider_model_id": format!("org/{}", id % 700), "description": null, "context_length": 8,
            "modality": null, "health_status": null, "average_response_time_ms": null,
            "is_active": !id.is_multiple_of(11), "metadata": {"pricing_raw": {"prompt": price}},
        })
    };
    let models = (1..=(providers + 1) * models).map(model);
    json!({
        "providers": (1..=providers + 1).map(provider).collect::<Vec<_>>(),
        "models": models.collect::<Vec<_>>(), "model_pricing": [],
    })
}

/// The body, but for when the origin was read.
fn body(service: &Service, path: &str) -> Value {
    let response = service.get(path);
    assert_eq!(response.status, 200, "{path}");
    let mut body = parsed(&response);
    body.as_object_mut().unwrap().shift_remove("timestamp");
    body
}

#[test]
fn thirty_providers_and_thirteen_thousand_models_are_one_answer_within_its_subrequests() {
    let postgrest = Rc::new(FakePostgrest::new(tables(30, 477)));
    let service = service(&postgrest, "passthrough");
    let page = body(&service, "/models?limit=1000&offset=12000");
    let requests = postgrest.requests.borrow().len();
    let total = page["total"].as_u64().unwrap();
    assert!(total > 13_000 && page["returned"] == 1000, "{total}");
    assert!(requests <= SUBREQUESTS, "{requests}");
    // Whoever comes within the second takes the same.
    body(&service, "/v1/provider?limit=100");
    assert_eq!(postgrest.requests.borrow().len(), requests);
}

#[test]
fn all_is_what_it_is_of_parts() {
    let vectors = || FakePostgrest::of_text(&vectors::text("providers/tables.json"));
    for postgrest in [vectors(), FakePostgrest::new(tables(20, 12))] {
        let postgrest = Rc::new(postgrest);
        let (passed, cached) = (service(&postgrest, "passthrough"), service(&postgrest, "active"));
        let is_there = (0..20).any(|_| cached.get("/models").status == 200);
        assert!(is_there, "a request loads some of what is missing");
        for path in [
            "/models?limit=1000",
            "/models?limit=1000&offset=1000",
            "/v1/models/openai?limit=1000",
            "/v1/models/org?limit=1000",
            "/v1/models/search?q=m&limit=100&sort_by=name",
            "/v1/provider?limit=100",
            "/v1/gateways",
        ] {
            assert_eq!(body(&passed, path), body(&cached, path), "{path}");
        }
    }
}

#[test]
fn where_the_origin_does_not_answer_all_of_it_is_missing() {
    let mut postgrest = FakePostgrest::new(tables(3, 5));
    postgrest.tamper = Box::new(|url, mut answer| {
        if url.contains("/models?") {
            answer.status = 500;
        }
        Ok(answer)
    });
    let service = service(&Rc::new(postgrest), "passthrough");
    let response = service.get("/models");
    assert_eq!(response.status, 503);
    assert_eq!(parsed(&response)["missing"], json!(["p1", "p2", "p3"]));
    assert!(response.header("cache-status").unwrap().contains("memory; fwd=bypass"));
}

#[test]
fn nobody_offers_nothing() {
    for (providers, models) in [(0, 0), (2, 0)] {
        let tables = tables(providers, models);
        let service = service(&Rc::new(FakePostgrest::new(tables)), "passthrough");
        assert_eq!(service.get("/models").status, if providers == 0 { 503 } else { 200 });
    }
}
