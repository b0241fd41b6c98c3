//! Filters and counts: the same as the naive ones, over a snapshot and over a listing that came as a text of its own; and what is
//! wrong, bounded, echoed and linked.

use proptest::prelude::*;

use super::{
    catalogs::{catalog, parameters},
    naive::{Naive, facets},
    *,
};
use crate::support::vectors;

/// Asks for a filtered page, and compares it with what the naive way makes of all models.
fn assert_as_naive(service: &Service, parameters: &[(&'static str, String)]) {
    let one = |name: &str| parameters.iter().rev().find(|(sent, _)| *sent == name);
    let number = |name: &str, otherwise: usize| {
        one(name).map_or(otherwise, |(_, value)| value.parse().unwrap())
    };
    let sort = one("sort_by").map_or("provider_count", |(_, value)| value);
    let whole = parsed(&service.get(&format!("/models/unique?limit=1000&sort_by={sort}")));
    let all = whole["models"].as_array().unwrap();
    let naive = Naive(parameters).filtered(all);
    let (limit, offset) = (number("limit", 100), number("offset", 0));
    let page: Vec<&Value> = naive.iter().copied().skip(offset).take(limit).collect();
    let path = format!("/models/unique?{}", query(parameters));
    let answer = service.get(&path);
    let body = parsed(&answer);
    assert_eq!(body["models"], json!(page), "{path}");
    assert_eq!(body["total"], naive.len(), "{path}");
    assert_eq!(answer.header("x-total-count"), Some(naive.len().to_string().as_str()));
    let counted = one("facets").map(|_| facets(&naive));
    assert_eq!(body.get("facets"), counted.as_ref(), "{path}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn filters_and_counts_are_the_naive_ones(
        models in catalog(),
        queries in prop::collection::vec(parameters(), 1..8),
    ) {
        let service = over(&models);
        for parameters in &queries {
            assert_as_naive(&service, parameters);
        }
    }
}

const QUERIES: [&[(&str, &str)]; 9] = [
    &[("provider", "openrouter")],
    &[("provider", "OpenRouter,google-vertex"), ("capability", "vision"), ("facets", "1")],
    &[("capability", "streaming,function_calling"), ("max_price", "0.000001"), ("limit", "1000")],
    &[("modality", "text+image->text"), ("facets", "true"), ("sort_by", "name")],
    &[("min_context", "200000"), ("health", "healthy"), ("limit", "7"), ("offset", "3")],
    &[("q", "gpt 4"), ("facets", "yes"), ("limit", "1000")],
    &[("q", "CLAUDE"), ("max_price", "3e-6")],
    &[("max_price", "0"), ("facets", "on")],
    &[("provider", "nobody"), ("facets", "t")],
];

fn sent(parameters: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

#[test]
fn over_the_golden_catalog_they_are_the_naive_ones() {
    let text = vectors::text("mid/expected/gw:models:unique:filtered:sortprovider_count:desc.json");
    let models: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(models.len() > 200);
    let service = over(&models);
    for parameters in QUERIES {
        assert_as_naive(&service, &sent(parameters));
    }
}

#[test]
fn a_listing_of_the_backend_is_filtered_all_the_same() {
    let text = vectors::text("mid/expected/gw:models:unique:filtered:sortprovider_count:desc.json");
    let key = "gw:models:unique:filtered:sortprovider_count:desc";
    let service = Service::new(&[("CACHE_NAMESPACE", "gw:")]);
    service.world.redis.set(key, &text, Some(std::time::Duration::from_secs(1_800)));
    for parameters in QUERIES.iter().filter(|it| !it.contains(&("sort_by", "name"))) {
        assert_as_naive(&service, &sent(parameters));
    }
    assert_eq!(service.get("/models/unique/GPT-4").status, 404);
    assert_eq!(service.get("/providers").status, 200);
    assert_eq!(service.world.origin.loads.borrow().len(), 0, "nothing was loaded for it");
}

#[test]
fn a_filtered_page_is_answered_at_once_and_asks_nobody() {
    let service = Service::new(&[]);
    service.get("/models/unique");
    let calls = service.world.redis.calls.borrow().len();
    for path in [
        "/models/unique?provider=p1&facets=true",
        "/models/unique?fields=name&view=stable",
        "/models/unique/health",
        "/v1/models/unique/m3",
        "/providers",
        "/v1/providers/p1/models?limit=2",
    ] {
        let url = format!("https://catalog.example{path}");
        let at_once = service.app.hit(&url, false, &nothing()).expect(path);
        assert_eq!((at_once.status, at_once.header("x-cache")), (200, Some("HIT")), "{path}");
        assert_eq!(service.get(path), at_once, "{path}");
        let tag = at_once.header("etag").unwrap();
        let again = service.ask_again("GET", path, tag);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        let head = service.ask("HEAD", path, None, "");
        assert_eq!(head.header("content-length"), Some(&*at_once.body.len().to_string()));
    }
    assert_eq!(service.world.redis.calls.borrow().len(), calls, "Redis was not asked");
    assert_eq!(service.world.origin.loads.borrow().len(), 1);
}

#[test]
fn what_was_understood_is_echoed_and_linked_in_one_form() {
    let service = Service::new(&[]);
    let path = "/models/unique?limit=2&provider=P0,%20p1&provider=p2&q=%20m%20&max_price=1.50&min_context=01\
                &health=&name=&facets=no&view=full";
    let answer = service.get(path);
    let body = parsed(&answer);
    let filters = json!({
        "min_providers": null, "include_inactive": false, "q": "m", "provider": ["P0", "p1", "p2"],
        "min_context": 1, "max_price": 1.5,
    });
    assert_eq!(body["filters"], filters);
    assert_eq!(body.get("facets"), None);
    let links = answer.header("link").unwrap();
    let next = "</models/unique?q=m&provider=P0&provider=p1&provider=p2&min_context=1&max_price=1.5&limit=2&offset=2>; rel=\"next\"";
    assert!(links.contains(next), "{links}");
    let next = next.trim_start_matches('<').split('>').next().unwrap();
    let followed = parsed(&service.get(next));
    assert_eq!((&followed["total"], &followed["filters"]), (&body["total"], &filters));
}

#[test]
fn what_asks_for_nothing_less_is_the_whole_listing_to_the_byte() {
    let service = Service::new(&[]);
    let whole = service.get("/models/unique?limit=3");
    for more in
        ["provider=", "q=%20", "facets=false", "view=full", "modality=,%20", "name=", "health=,"]
    {
        let answer = service.get(&format!("/models/unique?limit=3&{more}"));
        assert_eq!((answer.body, answer.status), (whole.body.clone(), 200), "{more}");
        assert_eq!(answer.headers, service.get("/models/unique?limit=3").headers, "{more}");
    }
}

#[test]
fn mistakes_are_named_and_what_may_be_sent_is_bounded() {
    let service = Service::new(&[]);
    let many = (0..21).map(|n| n.to_string()).collect::<Vec<_>>();
    let (commas, repeated) = (many.join(","), many.join("&provider="));
    let long = "x".repeat(201);
    for (query, kind, name) in [
        ("capability=sight".to_owned(), "literal_error", "capability"),
        ("capability=Vision".to_owned(), "literal_error", "capability"),
        ("capability=".to_owned(), "literal_error", "capability"),
        ("fields=".to_owned(), "literal_error", "fields"),
        ("view=still".to_owned(), "literal_error", "view"),
        ("view=".to_owned(), "literal_error", "view"),
        ("fields=price".to_owned(), "literal_error", "fields"),
        ("facets=maybe".to_owned(), "bool_parsing", "facets"),
        ("min_context=0".to_owned(), "greater_than_equal", "min_context"),
        ("min_context=".to_owned(), "int_parsing", "min_context"),
        ("max_price=cheap".to_owned(), "float_parsing", "max_price"),
        ("max_price=".to_owned(), "float_parsing", "max_price"),
        ("max_price=inf".to_owned(), "finite_number", "max_price"),
        ("max_price=-1".to_owned(), "greater_than_equal", "max_price"),
        (format!("provider={commas}"), "too_long", "provider"),
        (format!("provider={repeated}"), "too_long", "provider"),
        (format!("modality={long}"), "string_too_long", "modality"),
        (format!("name={long}"), "string_too_long", "name"),
        ("q=a+b+c+d+e+f+g+h+i".to_owned(), "too_long", "q"),
        (format!("q={long}"), "string_too_long", "q"),
    ] {
        let answer = service.get(&format!("/models/unique?{query}"));
        assert_eq!(answer.status, 422, "{query}");
        let detail = parsed(&answer)["detail"].clone();
        assert_eq!(detail.as_array().unwrap().len(), 1, "{detail}");
        assert_eq!(detail[0]["type"], kind, "{query}");
        assert_eq!(detail[0]["loc"], json!(["query", name]), "{query}");
    }
    let all = service.get("/models/unique?limit=0&view=x&order=up");
    let places: Vec<Value> = parsed(&all)["detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mistake| mistake["loc"][1].clone())
        .collect();
    assert_eq!(places, ["limit", "order", "view"], "those of the backend come first");
    let most = (0..20).map(|n| format!("p{n}")).collect::<Vec<_>>().join(",");
    assert_eq!(service.get(&format!("/models/unique?provider={most}")).status, 200);
    assert_eq!(service.get("/models/unique?q=a+b+c+d+e+f+g+h").status, 200);
}
