//! One model, one provider, every provider; and what is said where nothing is called so.

use super::{catalogs::model, *};

fn offer(slug: &str, price: &str, health: impl Into<Value>) -> Value {
    json!({
        "slug": slug, "name": slug.to_uppercase(),
        "pricing": { "prompt": price, "completion": "1", "image": "0", "request": "0" },
        "context_length": 1, "health_status": health.into(), "average_response_time_ms": 5, "modality": null,
        "supports_streaming": null, "supports_function_calling": null, "supports_vision": null,
        "description": null, "model_name": "m",
    })
}

/// Two models of one id, one whose name is another's id, one with slashes, and one that is called as a route is.
fn service() -> Service {
    let of = |number, words: &[&str], offers: Vec<Value>| {
        let mut model = model(number, words, &offers);
        model["name"] = json!(words.join(" "));
        model
    };
    over(&[
        of(
            0,
            &["gpt", "One"],
            vec![offer("a", "2", json!("healthy")), offer("b", "1", json!("down"))],
        ),
        of(
            1,
            &["gpt", "Two"],
            vec![offer("a", "free", json!("healthy")), offer("a", "1", Value::Null)],
        ),
        of(2, &["gpt One", "Three"], vec![offer("c", "free", Value::Null)]),
        of(3, &["x", "org/the", "model"], vec![offer("b", "0", json!("healthy"))]),
        of(4, &["health"], vec![offer("b", "3", json!("down"))]),
    ])
}

#[test]
fn a_model_is_found_by_its_name_and_else_by_its_id() {
    let service = service();
    for (path, expected) in [
        ("/models/unique/gpt%20One", vec!["gpt One"]),
        ("/v1/models/unique/x%20org%2Fthe%20model", vec!["x org/the model"]),
        ("/models/unique/x%20org/the%20model", vec!["x org/the model"]),
        ("/models/unique/x", vec!["x org/the model"]),
        ("/models/unique/gpt", vec!["gpt One", "gpt Two"]),
        ("/models/unique?name=health", vec!["health"]),
        ("/models/unique?name=nothing", vec![]),
    ] {
        let answer = service.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(names(&parsed(&answer)), expected, "{path}");
    }
    let whole = parsed(&service.get("/models/unique"));
    let one = parsed(&service.get("/models/unique/gpt%20One"));
    let same = whole["models"].as_array().unwrap().iter().find(|it| it["name"] == "gpt One");
    assert_eq!(Some(&one["models"][0]), same, "the record is the listing's");
    let relation = json!({"model": "gpt One", "providers": ["a", "b"], "provider_count": 2});
    assert_eq!((&one["relations"], &one["note"]), (&json!([relation]), &Value::Null));
    let shared = parsed(&service.get("/models/unique/gpt"));
    assert_eq!(shared["note"], "2 models share this id: their names tell them apart");
    assert_eq!(shared["relations"][1]["providers"], json!(["a", "a"]), "a slug an offer");
    let sparse = parsed(&service.get("/models/unique/gpt?fields=provider_count"));
    assert_eq!(sparse["models"][0], json!({"id": "gpt", "name": "gpt One", "provider_count": 2}));
}

#[test]
fn words_of_routes_win_over_names() {
    let service = service();
    let body = parsed(&service.get("/models/unique/health"));
    assert_eq!((body["total"].clone(), names(&body).len()), (json!(5), 5), "it is the route");
    assert_eq!(service.get("/models/unique/Health").status, 404);
    assert_eq!(service.get("/models/unique/").status, 404);
    assert_eq!(service.get("/models/unique/%2e%2e").status, 404);
}

#[test]
fn what_nothing_is_called_is_404_with_the_nearest_names() {
    let service = service();
    for (path, nearest) in [
        ("/models/unique/gpt%20on", "gpt One"),
        ("/models/unique/GPT%20TWO", "gpt Two"),
        ("/v1/models/unique/org%2Fthe%20modell", "x org/the model"),
        ("/providers/aa/models", "a"),
    ] {
        let answer = service.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let body = parsed(&answer);
        assert_eq!(
            (&body["nearest"][0], &body["status"]),
            (&json!(nearest), &json!(404)),
            "{path}"
        );
        let head = service.ask("HEAD", path, None, "");
        assert_eq!((head.status, head.body.len()), (404, 0));
        assert_eq!(service.ask("POST", path, None, "").header("allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(service.ask("OPTIONS", path, None, "").status, 204);
    }
    let none = parsed(&service.get("/models/unique/%E2%98%83"));
    assert_eq!(none["nearest"], json!([]));
    assert_eq!(service.get("/models/unique/gpt?view=x").status, 422);
    assert_eq!(service.get("/models/unique/gpt?limit=x&q=&sort_by=").status, 200, "means nothing");
}

#[test]
fn every_provider_is_told_in_short() {
    let body = parsed(&service().get("/v1/providers"));
    let provider = |slug: &str, counts: [u32; 2], health: Value, cheapest: Value| {
        json!({
            "slug": slug, "name": slug.to_uppercase(), "model_count": counts[0], "offer_count": counts[1],
            "health": health, "cheapest": cheapest,
        })
    };
    let least = |model: &str, price: f64| json!({"model": model, "prompt_price": price});
    let expected = json!({
        "providers": [
            provider("a", [2, 3], json!({"healthy": 2}), least("gpt Two", 1.0)),
            provider("b", [3, 3], json!({"down": 2, "healthy": 1}), least("x org/the model", 0.0)),
            provider("c", [1, 1], json!({}), Value::Null),
        ],
        "total": 3,
    });
    assert_eq!(body, expected);
}

#[test]
fn a_provider_has_its_models_with_all_their_offers() {
    let service = service();
    let answer = service.get("/providers/B/models?sort_by=name&order=asc&limit=2");
    let body = parsed(&answer);
    assert_eq!(names(&body), ["gpt One", "health"]);
    assert_eq!((&body["total"], &body["filters"]["provider"]), (&json!(3), &json!(["b"])));
    assert_eq!(body["models"][0]["providers"].as_array().unwrap().len(), 2, "the record is whole");
    let relation =
        json!({"provider": "b", "models": ["gpt One", "x org/the model", "health"], "count": 3});
    assert_eq!(body["relation"], relation);
    let links = answer.header("link").unwrap();
    assert!(
        links.contains("</providers/b/models?sort_by=name&order=asc&limit=2&offset=2>"),
        "{links}"
    );
    let cheap = parsed(&service.get("/providers/b/models?max_price=1&provider=a&facets=1"));
    assert_eq!(names(&cheap), ["gpt One", "x org/the model"], "of this provider's offers");
    assert_eq!(cheap["facets"]["provider"], json!({"b": 2, "a": 1}));
}
