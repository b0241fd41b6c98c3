//! Bodies of the admin routes, with FastAPI's 422 items for what is wrong in them.

use serde_json::{Map, Value, json};

/// A JSON object; an empty body is an empty one.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Vec<Value>> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(vec![json!({
            "type": "model_attributes_type", "loc": ["body"],
            "msg": "Input should be a valid dictionary or object to extract fields from",
        })]),
        Err(error) => Err(vec![json!({
            "type": "json_invalid", "loc": ["body", error.column()], "msg": "JSON decode error", "input": {},
        })]),
    }
}

/// A field that must be one of these words; an absent one is the default, if there is one.
pub(crate) fn word<'a>(
    fields: &Map<String, Value>,
    name: &str,
    words: &[&'a str],
    default: Option<&'a str>,
) -> Result<&'a str, Value> {
    let Some(value) = fields.get(name) else {
        return default.ok_or_else(|| {
            json!({ "type": "missing", "loc": ["body", name], "msg": "Field required", "input": fields })
        });
    };
    let found = words.iter().find(|word| value.as_str() == Some(word));
    found.copied().ok_or_else(|| {
        let expected: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let expected = expected.join(" or ");
        json!({
            "type": "literal_error", "loc": ["body", name], "msg": format!("Input should be {expected}"),
            "input": value, "ctx": { "expected": expected },
        })
    })
}

/// A field that must be true or false; an absent one is false.
pub(crate) fn flag(fields: &Map<String, Value>, name: &str) -> Result<bool, Value> {
    match fields.get(name) {
        None => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(other) => Err(json!({
            "type": "bool_type", "loc": ["body", name], "msg": "Input should be a valid boolean", "input": other,
        })),
    }
}
