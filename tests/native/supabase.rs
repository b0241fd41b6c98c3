//! The origin's adapter over a fake PostgREST: what it sends, which rows it takes, how it reads numbers, and that no secret
//! shows.

use std::{rc::Rc, time::Duration};

use model_catalog_edge::{
    catalog::{Order, PriceFallback, Scope, Selection, Snapshot, SortBy, python_float},
    ports::{Http, HttpResponse, Load, Origin, OriginError},
    supabase::Supabase,
};
use serde_json::{Value, json};

use crate::support::{
    postgrest::FakePostgrest,
    sim::{Sim, SimClock},
    vectors,
};

const DEADLINE: Duration = Duration::from_secs(8);

fn supabase(sim: &Sim, http: Rc<dyn Http>, key: &str, enabled: &[&str]) -> Supabase {
    let enabled: Vec<String> = enabled.iter().map(|slug| (*slug).to_owned()).collect();
    let clock = Rc::new(SimClock { sim: sim.clone(), skew_ms: 0 });
    Supabase::new(http, clock, "https://project.example/", key, &enabled)
}

fn load(http: Rc<dyn Http>, key: &str, enabled: &[&str]) -> Result<Load, OriginError> {
    let sim = Sim::new(1);
    let supabase = supabase(&sim, http, key, enabled);
    sim.block_on(async move { supabase.load(Scope::Active.into(), DEADLINE).await })
}

fn tiny() -> FakePostgrest {
    FakePostgrest::new(vectors::read("tiny/tables.json"))
}

#[test]
fn every_paged_request_is_ordered_and_the_first_is_counted() {
    let mut postgrest = tiny();
    postgrest.rows_max = 10;
    let postgrest = Rc::new(postgrest);
    let load = load(Rc::clone(&postgrest) as Rc<dyn Http>, "jwt", &[]).unwrap();
    let requests = postgrest.requests.borrow();
    assert_eq!(load.requests, requests.len());
    assert!(requests.len() > 8, "{}", requests.len());
    for request in requests.iter() {
        assert!(request.url.contains("&order=id&"), "{}", request.url);
        let first = request.url.ends_with("&offset=0");
        assert_eq!(
            request.headers.iter().any(|(name, _)| *name == "prefer"),
            first,
            "{}",
            request.url
        );
    }
}

#[test]
fn a_jwt_goes_into_both_headers_and_a_secret_key_into_one() {
    for (key, both) in [("jwt", true), ("sb_secret_x", false)] {
        let postgrest = Rc::new(tiny());
        load(Rc::clone(&postgrest) as Rc<dyn Http>, key, &[]).unwrap();
        let requests = postgrest.requests.borrow();
        let headers = &requests[0].headers;
        assert!(headers.contains(&("apikey", key.to_owned())));
        assert_eq!(headers.iter().any(|(name, _)| *name == "authorization"), both, "{key}");
    }
}

#[test]
fn only_enabled_providers_are_asked_for() {
    let all = load(Rc::new(tiny()), "jwt", &[]).unwrap();
    let some = load(Rc::new(tiny()), "jwt", &["OpenAI", "google-vertex"]).unwrap();
    assert!(some.rows > 0 && some.rows < all.rows, "{} of {}", some.rows, all.rows);
    assert!(
        some.snapshot.text().to_string().contains("google_vertex"),
        "compared as the backend compares"
    );
    assert!(!some.snapshot.text().to_string().contains("\"slug\":\"groq\""));
    assert!(load(Rc::new(tiny()), "jwt", &["nobody"]).unwrap().snapshot.is_empty());
}

fn is_mapping(url: &str) -> bool {
    url.contains("unique_models_provider")
}

/// Makes every mappings page what `change` makes of it.
fn tampered(change: impl Fn(HttpResponse) -> HttpResponse + 'static) -> Result<Load, OriginError> {
    let mut postgrest = tiny();
    postgrest.rows_max = 20;
    postgrest.tamper =
        Box::new(move |url, answer| Ok(if is_mapping(url) { change(answer) } else { answer }));
    load(Rc::new(postgrest), "jwt", &[])
}

#[test]
fn rows_that_are_missing_or_there_twice_are_refused() {
    let fewer = |answer: HttpResponse| {
        let mut rows: Vec<Value> = serde_json::from_str(&answer.body).unwrap();
        rows.pop();
        HttpResponse { body: json!(rows).to_string(), ..answer }
    };
    assert!(matches!(tampered(fewer), Err(OriginError::CountMismatch { .. })));
    let twice = |answer: HttpResponse| {
        let mut rows: Vec<Value> = serde_json::from_str(&answer.body).unwrap();
        rows.push(rows[0].clone());
        HttpResponse { body: json!(rows).to_string(), ..answer }
    };
    assert!(matches!(tampered(twice), Err(OriginError::DuplicateIds { .. })));
    let uncounted = |answer: HttpResponse| HttpResponse { content_range: None, ..answer };
    assert!(matches!(tampered(uncounted), Err(OriginError::Malformed)));
}

#[test]
fn a_truncated_body_is_refused_wherever_it_is_cut() {
    for share in [1, 10, 50, 90, 99] {
        let cut = move |answer: HttpResponse| {
            let length = answer.body.chars().count() * share / 100;
            HttpResponse { body: answer.body.chars().take(length).collect(), ..answer }
        };
        assert!(matches!(tampered(cut), Err(OriginError::Malformed)), "{share} %");
    }
    let html = |answer: HttpResponse| HttpResponse { body: "<html>".into(), ..answer };
    assert!(matches!(tampered(html), Err(OriginError::Malformed)));
}

#[test]
fn postgrests_errors_are_typed_by_code() {
    for (status, body, code) in [
        (500, r#"{"code":"57014","message":"canceling statement"}"#, "57014"),
        (503, r#"{"code":"PGRST002","message":"x"}"#, "PGRST002"),
        (401, r#"{"message":"Invalid API key"}"#, ""),
        (500, r#"{"code":"secret in a long code"}"#, ""),
        (502, "<html>", ""),
    ] {
        let refused =
            move |_| HttpResponse { status, body: body.to_owned(), ..HttpResponse::default() };
        match tampered(refused) {
            Err(OriginError::Refused { status: seen, code: named }) => {
                assert_eq!((seen, named.as_str()), (status, code));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn no_debug_output_holds_the_key() {
    let postgrest = Rc::new(tiny());
    load(Rc::clone(&postgrest) as Rc<dyn Http>, "key-a", &[]).unwrap();
    let supabase = supabase(&Sim::new(1), Rc::clone(&postgrest) as Rc<dyn Http>, "key-a", &[]);
    let shown = format!("{supabase:?} {:?}", postgrest.requests.borrow());
    assert!(!shown.contains("key-a"), "{shown}");
}

/// Real catalogs have such pairs: one price, computed in two ways.
#[test]
fn prices_one_unit_in_the_last_place_apart_do_not_tie() {
    let model = |name: &str, price: &str| {
        format!(
            r#"{{"id":"{name}","name":"{name}","providers":[],"provider_count":0,"cheapest_provider":null,"fastest_provider":null,"cheapest_prompt_price":{price},"fastest_response_time":null}}"#
        )
    };
    let (dearer, cheaper) = (model("a", "5.0000000000000004e-08"), model("b", "5e-08"));
    let snapshot = Snapshot::decode(Scope::Active.into(), format!("[{dearer},{cheaper}]")).unwrap();
    let selection =
        Selection { sort: SortBy::CheapestPrice, order: Order::Asc, ..Selection::default() };
    let listing = Rc::new(snapshot).listing(&selection.into());
    assert_eq!(listing.to_text(), format!("[{cheaper},{dearer}]"));
}

/// What is shown of a dataset where prices are looked for there: name, offers and the cheapest price of each model, and the query.
fn priced(fallback: PriceFallback, pricing: &Value) -> (Value, String) {
    let mut tables: Value = vectors::read("tiny/tables.json");
    tables["model_pricing"] = pricing.clone();
    let postgrest = Rc::new(FakePostgrest::new(tables));
    let sim = Sim::new(1);
    let origin = supabase(&sim, Rc::clone(&postgrest) as Rc<dyn Http>, "jwt", &[]);
    let origin = origin.with_price_fallback(fallback);
    let load = sim.block_on(async move { origin.load(Scope::Active.into(), DEADLINE).await });
    let models = serde_json::from_str(&load.unwrap().snapshot.text().to_string()).unwrap();
    let query = postgrest.requests.borrow()[1].url.clone();
    (models, query)
}

#[test]
fn prices_that_are_not_known_are_taken_from_the_models_own_row_in_the_same_request() {
    let tables: Value = vectors::read("tiny/tables.json");
    let rows = tables["models"].as_array().unwrap().iter().map(|model| {
        json!({ "model_id": model["id"], "price_per_input_token": 7e-7, "price_per_output_token": 9e-7 })
    });
    let rows = Value::Array(rows.collect());
    let (off, plain) = priced(PriceFallback::Off, &rows);
    assert_eq!(off, priced(PriceFallback::Off, &json!([])).0);
    assert!(!plain.contains("model_pricing"), "{plain}");
    let (on, query) = priced(PriceFallback::ModelPricing, &rows);
    let embedded = ",model_pricing(price_per_input_token,price_per_output_token))";
    assert_eq!(query.replace(embedded, ")"), plain);
    let number = |offer: &Value, field: &str| {
        python_float(offer["pricing"][field].as_str().unwrap()).filter(|price| price.is_finite())
    };
    let mut taken = 0;
    for (off, on) in off.as_array().unwrap().iter().zip(on.as_array().unwrap()) {
        assert_eq!(off["name"], on["name"]);
        let offers = |model: &Value| model["providers"].as_array().unwrap().clone();
        let (off, shown) = (offers(off), offers(on));
        assert_eq!(off.len(), shown.len());
        let orders = shown.iter().map(|offer| number(offer, "prompt").unwrap_or(f64::INFINITY));
        assert!(orders.is_sorted(), "ordered by what is shown: {on}");
        for offer in &shown {
            let is_unknown = |field| number(offer, field).is_none_or(|price| price == 0.0);
            assert!(!(is_unknown("prompt") && is_unknown("completion")), "{offer}");
            let is_taken =
                offer["pricing"]["prompt"] == "7e-07" && offer["pricing"]["completion"] == "9e-07";
            taken += usize::from(is_taken && !off.contains(offer));
        }
        let least = shown.iter().filter_map(|offer| number(offer, "prompt")).reduce(f64::min);
        assert_eq!(on["cheapest_prompt_price"].as_f64(), least);
    }
    assert!(taken > 3, "{taken} prices were taken");
}
