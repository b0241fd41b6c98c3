//! What is answered is what the OpenAPI document says: every answer that a test of the service gets is compared with it, header by header and
//! field by field. Whether values have their types is for schemathesis to find out (tests/worker/openapi.spec.mjs).

use std::sync::LazyLock;

use model_catalog_edge::http::Response;
use serde_json::{Map, Value};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../src/http/openapi/made/openapi.json")).unwrap()
});

/// They belong to a body, whose type and length are described with it.
const OF_BODIES: [&str; 2] = ["content-type", "content-length"];

/// Fails when an answer has what is not described, or has not what is. What has to be done then is said in `src/http/openapi/mod.rs`.
pub(super) fn assert_described(method: &str, path: &str, response: &Response) {
    let described = description(method, path, response.status);
    let told = format!("{method} {path} {} in the OpenAPI document", response.status);
    let is_sparse = ["fields=", "view=stable", "/unique/health"].iter().any(|it| path.contains(it));
    let headers = described.get("headers").and_then(Value::as_object);
    let header = |name: &str| {
        let mut all = headers.into_iter().flatten();
        all.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, header)| resolved(header))
    };
    for (name, _) in response.headers.iter().filter(|(name, _)| !OF_BODIES.contains(name)) {
        assert!(header(name).is_some(), "the header {name} is not described: {told}");
    }
    for name in headers.into_iter().flat_map(Map::keys) {
        let is_required = header(name).unwrap()["required"] == Value::Bool(true);
        let is_sent = response.header(&name.to_lowercase()).is_some();
        assert!(is_sent || !is_required, "the header {name} is missing: {told}");
    }
    let Some(kind) = response.header("content-type") else {
        assert!(response.body.is_empty(), "{told}");
        return;
    };
    let kind = kind.split(';').next().unwrap();
    let content = described["content"].get(kind);
    let content = content.unwrap_or_else(|| panic!("{kind} is not described: {told}"));
    if kind.ends_with("json") && !response.body.is_empty() {
        // Of lines each is one.
        for body in serde_json::Deserializer::from_slice(&response.body).into_iter::<Value>() {
            assert_fields(&content["schema"], &body.unwrap(), is_sparse, &told);
        }
    }
}

fn description(method: &str, path: &str, status: u16) -> &'static Value {
    let path = path.split('?').next().unwrap();
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let item = path_item(&path);
    let operation = item.and_then(|item| item.get(method.to_lowercase()));
    if status == 404 {
        // A path that is not there, or an operators' one without operators, whatever the method.
        let not_found = &DOCUMENT["components"]["responses"]["NotFound"];
        let own = operation.and_then(|operation| operation["responses"].get("404"));
        return resolved(own.unwrap_or(not_found));
    }
    let Some(operation) = operation.filter(|_| method != "get") else {
        return &DOCUMENT["components"]["responses"]["MethodNotAllowed"];
    };
    let response = operation["responses"].get(status.to_string());
    resolved(response.unwrap_or_else(|| panic!("{method} {path} {status} is not described")))
}

/// What is said of a path: of it as it is written, else of the first one with variables that it can be.
fn path_item(path: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object()?;
    let by_variables = || paths.iter().find(|(template, _)| fits(template, path));
    paths.get(path).or_else(|| by_variables().map(|(_, item)| item))
}

/// Whether a path can be one with variables; the last of them may hold slashes.
fn fits(template: &str, path: &str) -> bool {
    let Some((fixed, rest)) = template.split_once('{') else { return template == path };
    let (_, after) = rest.split_once('}').unwrap();
    let Some(open) = path.strip_prefix(fixed) else { return false };
    let end = open.find('/').filter(|_| !after.is_empty()).unwrap_or(open.len());
    end > 0 && fits(after, open.split_at(end).1)
}

fn resolved(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(target) => DOCUMENT.pointer(target.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

/// The fields of a schema, with those of the schemas that it takes along.
fn fields(schema: &'static Value) -> Vec<(&'static str, &'static Value, bool)> {
    let required = schema["required"].as_array().into_iter().flatten();
    let required: Vec<&Value> = required.collect();
    let own = schema["properties"].as_object().into_iter().flatten();
    let own =
        own.map(|(name, of)| (name.as_str(), of, required.iter().any(|known| *known == name)));
    let taken = schema["allOf"].as_array().into_iter().flatten();
    own.chain(taken.flat_map(|of| fields(resolved(of)))).collect()
}

/// Compares names of fields, as deep as the schema has any.
fn assert_fields(schema: &'static Value, body: &Value, is_sparse: bool, told: &str) {
    let schema = resolved(schema);
    if let Some(choices) = schema["anyOf"].as_array() {
        // Of a record in two forms the whole one comes first.
        let mut of_objects =
            choices.iter().map(resolved).filter(|choice| choice["type"] == "object");
        let of = if is_sparse { of_objects.next_back() } else { of_objects.next() };
        if let (Some(of), true) = (of, body.is_object()) {
            assert_fields(of, body, is_sparse, told);
        }
        return;
    }
    for item in body.as_array().into_iter().flatten() {
        assert_fields(&schema["items"], item, is_sparse, told);
    }
    let fields = fields(schema);
    let of_others = schema.get("additionalProperties");
    // What has no fields at all holds what a client sent, or is described elsewhere.
    let Some(members) = body.as_object().filter(|_| !fields.is_empty() || of_others.is_some())
    else {
        return;
    };
    for (name, value) in members {
        let known = fields.iter().find(|(known, ..)| known == name).map(|(_, of, _)| *of);
        let of = known.or(of_others);
        let of = of.unwrap_or_else(|| panic!("the field {name} is not described: {told}"));
        assert_fields(of, value, is_sparse, told);
    }
    for (name, _, is_required) in fields {
        assert!(members.contains_key(name) || !is_required, "the field {name} is missing: {told}");
    }
}

#[test]
fn what_is_not_described_is_noticed() {
    let described = |response: Response| {
        std::panic::catch_unwind(|| assert_described("GET", "/nothing", &response)).is_ok()
    };
    let body = r#"{"type":"about:blank","title":"","status":404,"detail":""}"#;
    let problem = |body: &str| {
        Response::new(404, "application/problem+json", "no-store", body.as_bytes().to_vec())
            .with("x-request-id", "1")
    };
    assert!(described(problem(body)));
    assert!(!described(problem(body).with("x-other", "")));
    assert!(!described(problem(&body.replace("title", "titel"))));
    assert!(!described(problem(&body.replace(r#","detail":"""#, ""))));
    assert!(!described(Response::new(404, "application/json", "no-store", body.into())));
    assert!(!described(Response { headers: Vec::new(), ..problem(body) }));
}
