//! What the reference backend answered, case by case, is answered here: compared as parsed JSON with the order of its keys. Where ours
//! differs on purpose, [`super::mended`] says why and what is answered instead.

use model_catalog_edge::http::Response;
use serde_json::{Value, json};

use super::{Catalogs, mended::MENDED, written};
use crate::support::vectors;

/// A row without a status, which the reference hides because another provider's row of the same id is down. Here rows are judged by
/// themselves, so it is one more of every list that it is in.
const SHOWN: (&str, &str) = ("near", "near/shared-health");

/// Every case that is one request: its number, and what was recorded.
fn cases() -> impl Iterator<Item = (u64, Value)> {
    let manifest = vectors::read("providers/manifest.json");
    let cases = manifest["http"].as_array().unwrap().clone();
    let numbered = cases.into_iter().map(|case| {
        let n = case["n"].as_u64().unwrap();
        (n, vectors::read(&format!("providers/expected/http_{n}.json")))
    });
    numbered.filter(|(_, case)| case.get("steps").is_none())
}

/// Without the row that only ours shows: numbers and data as if it were not there.
fn as_if_hidden(mut body: Value) -> Value {
    let is_shown = |entry: &Value| entry["source_gateway"] == SHOWN.0 && entry["id"] == SHOWN.1;
    let mut removed = 0;
    if let Some(data) = body["data"].as_array_mut() {
        let before = data.len();
        data.retain(|entry| !is_shown(entry));
        removed = before - data.len();
    }
    let place = if body.get("meta").is_some() { &mut body["meta"] } else { &mut body };
    for (name, less) in [("total", 1), ("returned", removed)] {
        if let Some(number) = place.get(name).and_then(Value::as_u64) {
            place[name] = json!(number - u64::try_from(less).unwrap());
        }
    }
    body
}

/// How an answer differs from what was recorded; none where it is the same, or has but the row more.
fn difference(n: u64, case: &Value, response: &Response) -> Option<String> {
    let mut body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let told = |what: &str| Some(format!("[{n}] {what}: {} {body:.2000}", response.status));
    if let Some((.., check)) = MENDED.iter().find(|(numbers, ..)| numbers.contains(&n)) {
        let holds = check(response.status, &body, &case["body"]);
        return if holds { None } else { told("is not mended") };
    }
    if json!(response.status) != case["status"] {
        return told("has another status");
    }
    let there = &case["body"];
    if response.status == 400 {
        let sentence = &there["error"]["context"]["parameter_value"];
        return if body["detail"] == *sentence { None } else { told("has another sentence") };
    }
    if response.status != 200 && response.status != 422 {
        return None;
    }
    if body.get("timestamp").is_some() {
        body["timestamp"] = json!("<masked>");
    }
    let there = written(there);
    let is_same = written(&body) == there || written(&as_if_hidden(body.clone())) == there;
    (!is_same).then(|| format!("[{n}] {body}\n is not\n{there}"))
}

#[test]
fn every_answer_of_the_reference_is_given_here_or_mended() {
    let catalogs = Catalogs::new();
    let differences: Vec<String> = cases()
        .filter_map(|(n, case)| {
            let (method, path) = (case["method"].as_str()?, case["path"].as_str()?);
            difference(n, &case, &catalogs.ask(method, path))
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn what_is_mended_is_a_case_and_has_a_reason() {
    let known: Vec<u64> = cases().map(|(n, _)| n).collect();
    let mut mended: Vec<u64> = MENDED.iter().flat_map(|(numbers, ..)| *numbers).copied().collect();
    let count = mended.len();
    mended.sort_unstable();
    mended.dedup();
    assert_eq!(mended.len(), count, "a case is mended once");
    assert!(mended.iter().all(|n| known.contains(n)));
    assert!(MENDED.iter().all(|(_, reason, _)| reason.ends_with('.')));
}
