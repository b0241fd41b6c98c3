//! The answers of the reference backend that are not given here, with the reason, and what is answered instead.

use serde_json::{Value, json};

use super::written;

/// Cases by their numbers, why they differ, and what holds of the status and body here, and of the body there.
type Mended = (&'static [u64], &'static str, fn(u16, &Value, &Value) -> bool);

fn ids(body: &Value, name: &str) -> Vec<String> {
    let entries = body[name].as_array().into_iter().flatten();
    entries.map(|entry| entry["id"].as_str().unwrap_or_default().to_owned()).collect()
}

fn is_mistake(status: u16, body: &Value, _: &Value) -> bool {
    status == 422 && body["detail"][0]["loc"] == json!(["query", "offset"])
}

fn is_unknown_gateway(status: u16, body: &Value, _: &Value) -> bool {
    let detail = body["detail"].as_str().unwrap_or_default();
    status == 400
        && detail.starts_with("Invalid gateway '")
        && detail.contains("one of: MixedCase, ")
}

fn is_absent(status: u16, body: &Value, _: &Value) -> bool {
    status == 404 && body["title"] == "Not Found"
}

pub(super) const MENDED: &[Mended] = &[
    (&[7, 8, 95, 123], "A negative offset counts from the end there.", is_mistake),
    (&[19], "No model is private there, whatever its metadata says.", |status, body, _| {
        status == 200
            && body["total"] == 1
            && ids(body, "data") == ["deepseek-ai/deepseek-v3.1-tee"]
    }),
    (&[20], "The same, of those that are not.", |status, body, _| {
        status == 200 && body["total"] == 1 && ids(body, "data") == ["near/shared-health"]
    }),
    (&[112], "The same, in a search.", |status, body, _| {
        status == 200 && body["meta"]["total"] == 1
    }),
    (
        &[29, 40],
        "What is fetched under another name is listed, but cannot be reached there.",
        |status, body, _| status == 200 && body["gateway"] == "huggingface" && body["total"] == 2,
    ),
    (&[30, 49], "A slug with capitals cannot be asked for there.", |status, body, _| {
        status == 200 && body["gateway"] == "MixedCase" && body["total"] == 2
    }),
    (&[50, 51], "Nor can such an alias.", |status, body, _| {
        status == 200 && body["gateway"] == "google-vertex" && body["total"] == 3
    }),
    (
        &[69],
        "Models are hidden there by the names of others; here when all of their offers are down.",
        |status, body, there| {
            let models = body["total"].as_u64();
            status == 200
                && written(&body["data"]) == written(&there["data"])
                && models == Some(1198)
        },
    ),
    (&[74], "HEAD is a method here.", |status, body, _| status == 200 && body.is_null()),
    (&[76], "So is OPTIONS.", |status, body, _| status == 204 && body.is_null()),
    (&[78, 79], "A path has no slash at its end, and no redirection.", is_absent),
    (&[87, 140, 141, 142, 143, 144, 145], "These are no catalogs, and no routes here.", is_absent),
    (&[88], "The list there knows ten names; here it has every provider.", |status, body, _| {
        let models = body["data"].as_array().into_iter().flatten();
        let models: Vec<u64> =
            models.filter_map(|provider| provider["model_count"].as_u64()).collect();
        status == 200 && models.len() == 9 && models.is_sorted_by(|a, b| a >= b)
    }),
    (&[89], "The same, a page of it.", |status, body, _| {
        status == 200 && body["total"] == 9 && body["data"][0]["slug"] == "openai"
    }),
    (&[93], "The same, one that was missing.", |status, body, _| {
        status == 200 && body["total"] == 1 && body["data"][0]["model_count"] == 54
    }),
    (
        &[91, 99, 117, 120, 121],
        "An unknown or inactive gateway is the same mistake everywhere.",
        is_unknown_gateway,
    ),
    (&[97], "A model without a description makes a search fail there.", |status, body, _| {
        status == 200 && ids(body, "data").iter().all(|id| id.contains("gpt-4o"))
    }),
    (&[98], "The same.", |status, body, _| {
        status == 200 && ids(body, "data") == ["gemini-2.5-flash", "google/gemini-2.5-pro"]
    }),
    (&[101], "So does one without a context.", |status, body, _| {
        let data = body["data"].as_array().into_iter().flatten();
        status == 200 && data.into_iter().all(|entry| entry["context_length"].as_u64() >= Some(1))
    }),
    (&[104], "So does a price that is no number.", |status, body, _| {
        status == 200 && ids(body, "data").first().map(String::as_str) == Some("blank")
    }),
    (
        &[113, 114],
        "A developer's models are shown there even if they are down.",
        |status, body, _| status == 200 && body["total"] == 5,
    ),
    (&[124], "The same.", |status, body, _| status == 200 && body["total"] == 54),
    (&[119, 133], "An alias is a name on every route.", |status, body, _| {
        status == 200 && (body["gateway"] == "google-vertex")
    }),
    (&[129], "What its provider lists is found.", |status, body, _| {
        status == 200 && body["gateway"] == "openai"
    }),
    (&[130], "The gateway that is named is the one that is asked.", |status, body, _| {
        status == 200 && body["gateway"] == "openai" && body["data"]["source_gateway"] == "openai"
    }),
    (&[135], "What is down is not found.", is_absent),
];
