//! What the values of parameters can be, as the parsers take them.

use serde_json::{Value, json};

use crate::http::params::parameter::{Bounds, FALSE_WORDS, TRUE_WORDS};

/// What the parser takes for a boolean.
pub(super) fn boolean() -> Value {
    let words = [TRUE_WORDS, FALSE_WORDS].concat();
    json!({
        "anyOf": [{ "type": "boolean" }, { "type": "string", "pattern": one_of(&words) }],
        "default": false,
    })
}

pub(super) fn integer(Bounds { least, most }: Bounds) -> Value {
    let mut schema = json!({ "type": "integer", "minimum": least });
    if let Some(most) = most {
        schema["maximum"] = json!(most);
    }
    schema
}

/// The pattern of these words in any letter case: what a schema is checked by knows no flags.
pub(super) fn one_of(words: &[&str]) -> String {
    let either = |c: char| match (c.to_ascii_lowercase(), c.to_ascii_uppercase()) {
        (lower, upper) if lower != upper => format!("[{lower}{upper}]"),
        (same, _) => same.to_string(),
    };
    let words: Vec<String> = words.iter().map(|word| word.chars().map(either).collect()).collect();
    format!("^({})$", words.join("|"))
}
