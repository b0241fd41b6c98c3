//! What is stored of providers: the golden vectors' tables through the origin's adapter to the text under each provider's key, and
//! to the registry.

use std::{cell::Cell, collections::BTreeMap, rc::Rc, time::Duration};

use model_catalog_edge::{
    catalog::{
        KeySpace, Slug, Snapshot, Source, View,
        provider::{RegistryEntry, records},
    },
    ports::{Http, HttpResponse, Origin, OriginError},
    supabase::Supabase,
};
use serde_json::{Value, json, value::RawValue};

use crate::support::{
    postgrest::FakePostgrest,
    sim::{Sim, SimClock},
    vectors,
};

const DEADLINE: Duration = Duration::from_secs(8);

fn origin(sim: &Sim, http: Rc<dyn Http>, enabled: &[&str]) -> Supabase {
    let enabled: Vec<String> = enabled.iter().map(|slug| (*slug).to_owned()).collect();
    let clock = Rc::new(SimClock { sim: sim.clone(), skew_ms: 0 });
    Supabase::new(http, clock, "https://project.example", "jwt", &enabled)
}

/// What the origin gives of a source, which its text reads back as, and what is packed of it.
fn snapshot(
    postgrest: &Rc<FakePostgrest>,
    source: Source,
    enabled: &[&str],
) -> Result<Snapshot, OriginError> {
    let sim = Sim::new(1);
    let origin = origin(&sim, Rc::clone(postgrest) as Rc<dyn Http>, enabled);
    let snapshot = sim.block_on(async move { origin.load(source, DEADLINE).await })?.snapshot;
    assert_eq!(Snapshot::decode(source, snapshot.text().to_string()).unwrap(), snapshot);
    let (packed, checksum) = snapshot.pack().unwrap();
    let (entries, hash) = (snapshot.len(), snapshot.hash());
    assert_eq!(
        Snapshot::unpack(source, &packed, checksum, entries, hash).as_ref(),
        Some(&snapshot)
    );
    Ok(snapshot)
}

fn load(postgrest: &Rc<FakePostgrest>, slug: &str) -> Result<Snapshot, OriginError> {
    snapshot(postgrest, Source::Provider(Slug::new(slug).unwrap()), &[])
}

fn registry(postgrest: &Rc<FakePostgrest>, enabled: &[&str]) -> Vec<RegistryEntry> {
    let snapshot = snapshot(postgrest, Source::Registry, enabled).unwrap();
    snapshot.registry().unwrap().entries().to_vec()
}

fn providers() -> FakePostgrest {
    FakePostgrest::of_text(&vectors::text("providers/tables.json"))
}

/// The slugs that the vectors have a value for.
const SLUGS: [&str; 9] = [
    "openai",
    "groq",
    "google-vertex",
    "lonely",
    "huggingface",
    "featherless",
    "MixedCase",
    "near",
    "openrouter",
];

/// Entries that show a defect of the backend's which is not taken over: its text that is no price is "0" there, or it is given
/// the price of an inactive provider's row. Both are unpriced here.
const MENDED: [(&str, &str); 4] = [
    ("openai", "blank"),
    ("openai", "words"),
    ("openai", "nested-price"),
    ("huggingface", "shared/two"),
];

fn expected(slug: &str) -> Vec<String> {
    if slug == "lonely" {
        return Vec::new();
    }
    let key = KeySpace::new("gw:").listing(&View::Provider(Slug::new(slug).unwrap()));
    let text = vectors::text(&format!("providers/expected/{key}.json"));
    let entries: Vec<&RawValue> = serde_json::from_str(&text).unwrap();
    let mut mended = 0;
    let entries = entries.into_iter().map(|entry| {
        let value: Value = serde_json::from_str(entry.get()).unwrap();
        if !MENDED.contains(&(slug, value["id"].as_str().unwrap())) {
            return entry.get().to_owned();
        }
        mended += 1;
        let mut value = value.as_object().unwrap().clone();
        value["pricing"] = Value::Null;
        assert_eq!(value.shift_remove("pricing_source"), Some(json!("database")));
        json!(value).to_string()
    });
    let entries = entries.collect();
    assert_eq!(mended, MENDED.iter().filter(|(of, _)| *of == slug).count());
    entries
}

/// An entry as JSON that keeps the order of fields, and tells numbers apart by their values: the backend writes those of metadata
/// as Python prints them, where ours stay as the database has them.
fn ordered(entry: &str) -> String {
    serde_json::from_str::<Value>(entry).unwrap().to_string()
}

#[test]
fn every_providers_value_is_the_backends() {
    for rows_max in [1000, 100, 7] {
        let mut postgrest = providers();
        postgrest.rows_max = rows_max;
        let postgrest = Rc::new(postgrest);
        let mut entries = 0;
        for slug in SLUGS {
            let expected = expected(slug);
            let snapshot = load(&postgrest, slug).unwrap();
            let text = snapshot.text().to_string();
            let found: Vec<&RawValue> = serde_json::from_str(&text).unwrap();
            for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert_eq!(ordered(found.get()), ordered(expected), "{at} of {slug}");
            }
            assert_eq!(found.len(), expected.len(), "{slug}");
            let joined: Vec<&str> = found.iter().map(|entry| entry.get()).collect();
            assert_eq!(text, format!("[{}]", joined.join(",")), "compact");
            entries += found.len();
        }
        assert_eq!(entries, 1246);
    }
}

#[test]
fn the_backends_spaced_and_escaped_values_are_read() {
    for slug in SLUGS.into_iter().filter(|slug| !["lonely", "featherless"].contains(slug)) {
        let name = format!("gw:models:provider:{slug}.json");
        let spaced = vectors::text(&format!("providers/expected_raw_stdlib/{name}"));
        let compact = vectors::text(&format!("providers/expected/{name}"));
        let (spans, facets) = records(&spaced).unwrap();
        let (others, same) = records(&compact).unwrap();
        assert_eq!((spans.len(), facets), (others.len(), same), "{slug}");
        let part = |text: &str, span: &std::ops::Range<u32>| -> Value {
            let bytes = usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap();
            serde_json::from_str(text.get(bytes).unwrap()).unwrap()
        };
        for (spaced_at, compact_at) in spans.iter().zip(&others) {
            assert_eq!(part(&spaced, spaced_at), part(&compact, compact_at), "{slug}");
        }
    }
}

#[test]
fn numbers_of_metadata_survive_verbatim() {
    let text = load(&Rc::new(providers()), "openai").unwrap().text().to_string();
    for number in ["12345678901234567890123", "12345678901234568"] {
        assert!(text.contains(number), "{number}");
    }
    let tables = r#"{"providers":[{"id":1,"slug":"a","is_active":true,"site_url":null,"logo_url":null}],
        "models":[{"id":1,"provider_id":1,"model_name":"A","provider_model_id":"a\"\u0041","description":null,
        "context_length":8,"modality":null,"health_status":null,"average_response_time_ms":0,"is_active":true,
        "metadata":{"b": 1.50, "a": [1e2, -0, 0.1000], "\"c \\": "x  \" y"}}],"model_pricing":[]}"#;
    let text = load(&Rc::new(FakePostgrest::of_text(tables)), "a").unwrap().text().to_string();
    let metadata =
        r#""metadata":{"b":1.50,"a":[1e2,-0,0.1000],"\"c \\":"x  \" y"},"supported_parameters""#;
    assert!(text.contains(metadata), "{text}");
    assert!(text.starts_with(r#"[{"id":"a\"A","name":"A","#), "{text}");
}

#[test]
fn hostile_tables_never_cost_a_model() {
    let text = vectors::text("providers/hostile/tables.json");
    for (slug, ids, unpriced) in [("openai", 12, 7), ("groq", 3, 1), ("odd slug,(x)", 1, 0)] {
        let mut postgrest = FakePostgrest::of_text(&text);
        postgrest.rows_max = 5;
        let text = load(&Rc::new(postgrest), slug).unwrap().text().to_string();
        // Some numbers are larger than a `Value` holds.
        let entries: Vec<BTreeMap<&str, &RawValue>> = serde_json::from_str(&text).unwrap();
        assert_eq!(entries.len(), ids, "{slug}");
        let prices = entries.iter().filter(|entry| entry["pricing"].get() == "null");
        assert_eq!(prices.count(), unpriced, "{slug}");
    }
}

/// Each member of a page of rows is replaced by what the database can hold there and nobody expects.
#[test]
fn no_value_of_a_column_costs_a_model() {
    let row = json!({
        "id": 1, "provider_id": 1, "model_name": "A", "provider_model_id": "a", "description": "d", "context_length": 8,
        "modality": "text", "health_status": "up", "average_response_time_ms": 5, "is_active": true,
        "metadata": {"pricing_raw": {"prompt": "1"}, "pricing": null, "is_private": true},
    });
    let odd = [
        json!(null),
        json!({}),
        json!([[]]),
        json!(""),
        json!("x"),
        json!(0),
        json!(-1.5),
        json!(true),
        json!({"prompt": {"prompt": []}}),
    ];
    let mut places =
        vec![vec!["metadata"], vec!["average_response_time_ms"], vec!["context_length"]];
    places.extend(["pricing_raw", "pricing", "is_private"].map(|name| vec!["metadata", name]));
    places.push(vec!["metadata", "pricing_raw", "prompt"]);
    for place in places {
        for value in &odd {
            let mut row = row.clone();
            let at = place.iter().fold(&mut row, |at, name| &mut at[*name]);
            *at = value.clone();
            // A number as a description is nothing that PostgreSQL can send: texts are texts, or null.
            let tables = json!({
                "providers": [{"id": 1, "slug": "a", "is_active": true, "site_url": null, "logo_url": null}],
                "models": [row], "model_pricing": [],
            });
            let snapshot = load(&Rc::new(FakePostgrest::new(tables)), "a").unwrap();
            assert_eq!(snapshot.len(), 1, "{place:?} = {value}");
        }
    }
}

/// A model of a provider, whose price is looked up.
fn model(id: i64, provider: i64, model_id: &Value, name: &str, price: &Value) -> Value {
    json!({
        "id": id, "provider_id": provider, "model_name": name, "provider_model_id": model_id, "description": null,
        "context_length": 8, "modality": null, "health_status": null, "average_response_time_ms": null,
        "is_active": true, "metadata": {"pricing_raw": {"prompt": price}},
    })
}

fn with_models(models: &[Value]) -> FakePostgrest {
    let provider = |id: i64, slug: &str, is_active: bool| {
        json!({
            "id": id, "slug": slug, "name": slug, "is_active": is_active, "site_url": null, "logo_url": null,
            "metadata": {},
        })
    };
    FakePostgrest::new(json!({
        "providers": [provider(1, "a", true), provider(2, "b", true), provider(3, "gone", false)],
        "models": models, "model_pricing": [],
    }))
}

fn prompt_of_first(postgrest: FakePostgrest) -> Value {
    let text = load(&Rc::new(postgrest), "a").unwrap().text().to_string();
    let entries: Value = serde_json::from_str(&text).unwrap();
    let is_named = entries[0]["pricing_source"] == json!("database");
    assert_eq!(is_named, !entries[0]["pricing"].is_null());
    entries[0]["pricing"]["prompt"].clone()
}

#[test]
fn an_unpriced_row_takes_the_price_of_the_latest_active_row_of_its_id() {
    let null = Value::Null;
    let id = json!("x/one");
    let unpriced = || model(10, 1, &id, "One", &null);
    let inactive = |mut row: Value| {
        row["is_active"] = json!(false);
        row
    };
    for (others, expected) in [
        (vec![], null.clone()),
        (vec![model(5, 2, &id, "Two", &json!("5"))], json!("5")),
        (
            vec![model(20, 2, &id, "Two", &json!("7")), model(5, 2, &id, "Two", &json!("5"))],
            json!("7"),
        ),
        (vec![model(20, 2, &id, "Two", &null), model(5, 2, &id, "Two", &json!("5"))], json!("5")),
        (
            vec![model(20, 2, &id, "Two", &json!("free")), model(5, 2, &id, "Two", &json!("5"))],
            json!("5"),
        ),
        (vec![model(20, 3, &id, "Two", &json!("7"))], null.clone()),
        (vec![inactive(model(20, 2, &id, "Two", &json!("7")))], null.clone()),
        (vec![model(20, 2, &json!("x/ONE"), "Two", &json!("7"))], null.clone()),
        // Rows without an id of their own go by their name.
        (vec![model(20, 2, &null, "x/one", &json!("7"))], json!("7")),
        (vec![model(20, 2, &json!(""), "x/one", &json!("7"))], json!("7")),
        (vec![model(20, 2, &json!("other"), "x/one", &json!("7"))], null.clone()),
    ] {
        let rows = [vec![unpriced()], others].concat();
        assert_eq!(prompt_of_first(with_models(&rows)), expected, "{rows:?}");
    }
    let own = [model(10, 1, &id, "One", &json!("0")), model(20, 2, &id, "Two", &json!("7"))];
    assert_eq!(prompt_of_first(with_models(&own)), json!("0"), "its own zero is a price");
}

#[test]
fn ids_of_any_text_are_looked_up() {
    for id in ["a,b", "a\"b", "a\\", "a(b)", "a&b=c", "ä +%2F#", "*", "null", "{a}", "is.null"] {
        let id = json!(id);
        let rows = [model(10, 1, &id, "One", &Value::Null), model(5, 2, &id, "Two", &json!("5"))];
        assert_eq!(prompt_of_first(with_models(&rows)), json!("5"), "{id}");
    }
}

#[test]
fn prices_are_asked_for_only_where_they_lack_and_never_for_each_id() {
    let urls = |models: &[Value]| -> Vec<String> {
        let postgrest = Rc::new(with_models(models));
        load(&postgrest, "a").unwrap();
        postgrest.requests.borrow().iter().map(|request| request.url.clone()).collect()
    };
    let priced = [model(1, 1, &json!("x"), "X", &json!("1"))];
    assert_eq!(urls(&priced).len(), 1);
    let unpriced = |count: i64| -> Vec<Value> {
        let id = |n: i64| json!(format!("org/{n:096}"));
        (0..count).map(|n| model(n, 1, &id(n), "X", &Value::Null)).collect()
    };
    for (count, requests) in [(1, 2), (60, 3), (500, 11), (700, 2)] {
        let urls = urls(&unpriced(count));
        assert_eq!(urls.len(), requests, "{count}");
        assert!(urls.iter().all(|url| url.len() < 6000));
    }
}

#[test]
fn every_request_is_in_a_unique_order() {
    let mut postgrest = providers();
    postgrest.rows_max = 100;
    let postgrest = Rc::new(postgrest);
    load(&postgrest, "featherless").unwrap();
    registry(&postgrest, &[]);
    for request in postgrest.requests.borrow().iter() {
        let is_ordered = ["&order=model_name.asc,id.asc&", "&order=id&"]
            .iter()
            .any(|it| request.url.contains(it));
        assert!(is_ordered, "{}", request.url);
    }
}

/// A price that could not be read must not look like one that is not there.
#[test]
fn where_prices_cannot_be_read_there_is_no_snapshot() {
    for broken in
        ["models?select=id,provider_model_id,model_name,context_length", "pricing_raw:metadata"]
    {
        let mut postgrest = providers();
        postgrest.tamper = Box::new(move |url, answer| {
            let refused =
                HttpResponse { status: 400, body: "{}".into(), ..HttpResponse::default() };
            Ok(if url.contains(broken) { refused } else { answer })
        });
        let loaded = load(&Rc::new(postgrest), "openai");
        assert!(matches!(loaded, Err(OriginError::Refused { status: 400, .. })), "{loaded:?}");
    }
}

#[test]
fn a_row_that_goes_between_two_pages_is_read_around() {
    for always in [false, true] {
        let mut postgrest = providers();
        postgrest.rows_max = 20;
        let lost = Cell::new(false);
        postgrest.tamper = Box::new(move |url, answer| {
            if !url.contains("offset=20&") && !url.ends_with("offset=20") || lost.replace(!always) {
                return Ok(answer);
            }
            let mut rows: Vec<Box<RawValue>> = serde_json::from_str(&answer.body).unwrap();
            rows.pop();
            Ok(HttpResponse { body: serde_json::to_string(&rows).unwrap(), ..answer })
        });
        let loaded = load(&Rc::new(postgrest), "openai");
        match loaded {
            Ok(snapshot) => assert!(!always && snapshot.len() == 56),
            Err(error) => assert!(always && matches!(error, OriginError::CountMismatch { .. })),
        }
    }
}

#[test]
fn the_registry_holds_active_and_enabled_providers() {
    let postgrest = Rc::new(providers());
    let slugs = |enabled: &[&str]| -> Vec<String> {
        registry(&postgrest, enabled).into_iter().map(|entry| entry.slug).collect()
    };
    assert_eq!(slugs(&[]), SLUGS);
    assert_eq!(slugs(&["Google_Vertex", "retired-co", "maybe"]), ["google-vertex"]);
    let entries = registry(&postgrest, &["huggingface", "near", "groq"]);
    let [groq, huggingface, near] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!(huggingface.aliases, ["hug"]);
    assert_eq!(huggingface.fetch_override.as_deref(), Some("hug"));
    assert_eq!((near.logo_url.as_deref(), near.color.as_deref()), (Some(""), Some("bg-teal-500")));
    assert_eq!((groq.icon.as_deref(), groq.priority.as_deref()), (Some("zap"), Some("fast")));
    assert!(groq.has_fetch_function && near.name.as_deref().unwrap().contains('🚀'));
}
