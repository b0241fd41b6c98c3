//! Bodies of the operators' routes: small JSON objects of known fields.

use serde_json::{Map, Value, json};

use super::mistake::Mistake;
use crate::http::request::ReadBody;

/// No command of an operator needs more.
pub(crate) const BYTES_MAX: usize = 4096;

/// The fields of a body.
pub(crate) type Fields = Map<String, Value>;

/// Why a body has no fields.
pub(crate) enum BodyError {
    /// It has more than this many bytes.
    TooLarge(usize),
    /// It is no JSON object.
    Mistake(Mistake),
}

/// Reads a body as a JSON object; an empty body is an empty object.
pub(crate) async fn read(body: ReadBody) -> Result<Fields, BodyError> {
    match body(BYTES_MAX).await {
        Some(bytes) => object(&bytes).map_err(BodyError::Mistake),
        None => Err(BodyError::TooLarge(BYTES_MAX)),
    }
}

fn object(bytes: &[u8]) -> Result<Fields, Mistake> {
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Mistake::new(
            "model_attributes_type",
            json!(["body"]),
            "Input should be a valid dictionary or object to extract fields from",
        )),
        Err(error) => {
            let place = json!(["body", error.column()]);
            Err(Mistake::new("json_invalid", place, "JSON decode error").with_input(json!({})))
        }
    }
}

/// A field that must be one of these words. One that is absent is the default; without a default it is missing.
pub(crate) fn word<'a>(
    fields: &Fields,
    name: &str,
    words: &[&'a str],
    default: Option<&'a str>,
) -> Result<&'a str, Mistake> {
    let Some(value) = fields.get(name) else {
        return default.ok_or_else(|| {
            let input = Value::Object(fields.clone());
            Mistake::of_body("missing", name, "Field required").with_input(input)
        });
    };
    let found = words.iter().find(|word| value.as_str() == Some(word));
    found.copied().ok_or_else(|| {
        let expected: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let expected = expected.join(" or ");
        Mistake::of_body("literal_error", name, &format!("Input should be {expected}"))
            .with_input(value.clone())
            .with_context(json!({ "expected": expected }))
    })
}

/// A field that must be a text.
pub(crate) fn text<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, Mistake> {
    match fields.get(name) {
        None => {
            let input = Value::Object(fields.clone());
            Err(Mistake::of_body("missing", name, "Field required").with_input(input))
        }
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(Mistake::of_body("string_type", name, "Input should be a valid string")
            .with_input(other.clone())),
    }
}

/// A field that must be a list of at least one text, and of no more than so many; none where it is absent.
pub(crate) fn texts<'a>(
    fields: &'a Fields,
    name: &str,
    most: usize,
) -> Result<Option<Vec<&'a str>>, Mistake> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    let mistake =
        |kind: &str, text: &str| Mistake::of_body(kind, name, text).with_input(value.clone());
    let items =
        value.as_array().ok_or_else(|| mistake("list_type", "Input should be a valid list"))?;
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    let texts =
        texts.ok_or_else(|| mistake("string_type", "Input should be a list of valid strings"))?;
    if texts.is_empty() {
        return Err(mistake("too_short", "List should have at least 1 item after validation"));
    }
    if texts.len() > most {
        let text = format!("List should have at most {most} items after validation");
        return Err(mistake("too_long", &text));
    }
    Ok(Some(texts))
}

/// A field that must be true or false; one that is absent is false.
pub(crate) fn flag(fields: &Fields, name: &str) -> Result<bool, Mistake> {
    match fields.get(name) {
        None => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(other) => {
            let mistake = Mistake::of_body("bool_type", name, "Input should be a valid boolean");
            Err(mistake.with_input(other.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(mistake: &Mistake) -> String {
        json!(mistake).to_string()
    }

    #[test]
    fn a_body_is_an_object_or_nothing() {
        for (body, fields) in
            [("", "{}"), (" {}\n", "{}"), ("{}", "{}"), (r#"{"a":1}"#, r#"{"a":1}"#)]
        {
            assert_eq!(json!(object(body.as_bytes()).unwrap()).to_string(), fields, "{body}");
        }
        for (body, mistake) in [
            (
                "[1]",
                r#"{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from"}"#,
            ),
            (
                r#"{"a":"#,
                r#"{"type":"json_invalid","loc":["body",5],"msg":"JSON decode error","input":{}}"#,
            ),
            (
                " ",
                r#"{"type":"json_invalid","loc":["body",1],"msg":"JSON decode error","input":{}}"#,
            ),
        ] {
            assert_eq!(shown(&object(body.as_bytes()).unwrap_err()), mistake, "{body}");
        }
    }

    #[test]
    fn a_word_is_one_of_a_list() {
        let words = ["hard", "soft"];
        let read = |body: &str, default| {
            word(&object(body.as_bytes()).unwrap(), "mode", &words, default)
                .map_err(|mistake| shown(&mistake))
        };
        assert_eq!(read(r#"{"mode":"soft"}"#, None), Ok("soft"));
        assert_eq!(read("{}", Some("hard")), Ok("hard"));
        for (body, mistake) in [
            (
                r#"{"x":1}"#,
                r#"{"type":"missing","loc":["body","mode"],"msg":"Field required","input":{"x":1}}"#,
            ),
            (
                r#"{"mode":"Hard"}"#,
                r#"{"type":"literal_error","loc":["body","mode"],"msg":"Input should be 'hard' or 'soft'","input":"Hard","ctx":{"expected":"'hard' or 'soft'"}}"#,
            ),
            (
                r#"{"mode":null}"#,
                r#"{"type":"literal_error","loc":["body","mode"],"msg":"Input should be 'hard' or 'soft'","input":null,"ctx":{"expected":"'hard' or 'soft'"}}"#,
            ),
        ] {
            assert_eq!(read(body, None), Err(mistake.to_owned()), "{body}");
        }
    }

    #[test]
    fn texts_are_a_list_of_some() {
        let read = |body: &str| {
            let fields = object(body.as_bytes()).unwrap();
            texts(&fields, "providers", 2)
                .map(|texts| texts.map(|texts| texts.join(" ")))
                .map_err(|mistake| json!(mistake)["type"].as_str().unwrap().to_owned())
        };
        assert_eq!(read("{}"), Ok(None));
        assert_eq!(read(r#"{"providers":["a","b"]}"#), Ok(Some("a b".to_owned())));
        for (body, kind) in [
            (r#"{"providers":"a"}"#, "list_type"),
            (r#"{"providers":null}"#, "list_type"),
            (r#"{"providers":["a",1]}"#, "string_type"),
            (r#"{"providers":[]}"#, "too_short"),
            (r#"{"providers":["a","b","c"]}"#, "too_long"),
        ] {
            assert_eq!(read(body), Err(kind.to_owned()), "{body}");
        }
        let one = |body: &str| {
            let fields = object(body.as_bytes()).unwrap();
            text(&fields, "provider").map(str::to_owned).map_err(|mistake| shown(&mistake))
        };
        assert_eq!(one(r#"{"provider":"fal"}"#), Ok("fal".to_owned()));
        assert!(one("{}").unwrap_err().contains("missing"));
        assert!(one(r#"{"provider":1}"#).unwrap_err().contains("string_type"));
    }

    #[test]
    fn a_flag_is_a_boolean_and_no_text() {
        let read = |body: &str| flag(&object(body.as_bytes()).unwrap(), "force").ok();
        for (body, value) in [
            ("{}", Some(false)),
            (r#"{"force":true}"#, Some(true)),
            (r#"{"force":false}"#, Some(false)),
            (r#"{"force":"true"}"#, None),
            (r#"{"force":1}"#, None),
            (r#"{"force":null}"#, None),
        ] {
            assert_eq!(read(body), value, "{body}");
        }
    }
}
