//! `GET /v1/models/{developer}`: the models whose ids begin with a name, or that a provider of this name offers.

use super::{
    draft::Draft,
    entry::{Form, Row, write_shown},
    filter::{Owner, is_shown, trimmed},
    list::Part,
};

/// The page of a developer's models among these entries; `gateway` is what they are called, which is not said where nothing is found.
pub fn developer(rows: &[Row<'_>], name: &str, part: Part<'_>, gateway: &str) -> Draft {
    let owner = Owner::new(name);
    let found: Vec<&Row<'_>> =
        rows.iter().filter(|row| is_shown(row) && owner.has(row.text)).collect();
    let page = part.of(&found);
    let draft = Draft::new()
        .with("developer", trimmed(name))
        .with_each("models", page, |row, into| write_shown(row.text, Form::Plain, into))
        .with("total", &found.len())
        .with("count", &page.len())
        .with_written("offset", |into| part.write_offset(into))
        .with("limit", &part.page.limit);
    if found.is_empty() { draft } else { draft.with("gateway", gateway) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::catalog::Page;

    #[test]
    fn a_developer_has_what_begins_with_its_name_or_is_offered_by_it() {
        let texts = [
            r#"{"id":"near/a","provider_slug":"groq"}"#,
            r#"{"id":"b","provider_slug":"near"}"#,
            r#"{"id":"near/down","provider_slug":"near","health_status":"down"}"#,
            r#"{"id":"nearby/c","provider_slug":"groq"}"#,
        ];
        let rows = texts.map(Row::read);
        let of = |name, limit, offset| -> Value {
            let part = Part { page: Page { limit, offset }, offset: "0" };
            serde_json::from_slice(&developer(&rows, name, part, "all").finish()).unwrap()
        };
        let found = of(" @Near", 1, 0);
        assert_eq!(
            (&found["developer"], &found["models"][0]["id"]),
            (&json!("Near"), &json!("near/a"))
        );
        assert_eq!(
            (&found["total"], &found["count"], &found["gateway"]),
            (&json!(2), &json!(1), &json!("all"))
        );
        let past = of("near", 1, 2);
        assert_eq!((&past["count"], &past["gateway"]), (&json!(0), &json!("all")));
        let nobody = json!({ "developer": "nope", "models": [], "total": 0, "count": 0, "offset": 0, "limit": 9 });
        assert_eq!(of("nope", 9, 0), nobody);
    }
}
