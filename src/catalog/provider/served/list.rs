//! `GET /models`: a page of a provider's models, or of all of them, in the backend's envelope.

use super::{
    draft::Draft,
    entry::{Form, Row, write_shown},
    filter::Filter,
};
use crate::catalog::Page;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The page.
    pub page: Page,
    /// Its offset as the client wrote it: it can be larger than any list.
    pub offset: &'a str,
}

impl Part<'_> {
    /// What is in it of these.
    pub(super) fn of<'i, T>(&self, items: &'i [T]) -> &'i [T] {
        let begin = self.page.offset.min(items.len());
        let end = begin.saturating_add(self.page.limit).min(items.len());
        items.get(begin..end).unwrap_or_default()
    }

    /// Where the next part of so many begins, after one of so many; none behind the last.
    fn next(&self, total: usize, returned: usize) -> Option<usize> {
        Some(self.page.offset.saturating_add(returned)).filter(|next| *next < total)
    }

    /// Appends the offset, a whole number.
    pub(super) fn write_offset(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(self.offset.as_bytes());
    }
}

/// The page of what the filter shows of these entries; `gateway` is what they are called.
pub fn list(rows: &[Row<'_>], filter: &Filter<'_>, part: Part<'_>, gateway: &str) -> Draft {
    let shown = filter.of(rows);
    let (page, total) = (part.of(&shown), shown.len());
    let next = part.next(total, page.len());
    Draft::new()
        .with("object", "list")
        .with_each("data", page, |row, into| write_shown(row.text, Form::Listed, into))
        .with("total", &total)
        .with("returned", &page.len())
        .with_written("offset", |into| part.write_offset(into))
        .with("limit", &part.page.limit)
        .with("has_more", &next.is_some())
        .with("next_offset", &next)
        .with("gateway", gateway)
        .with("note", &note(gateway))
        .timed()
}

/// The backend's note on a gateway; one that it does not know has that on `openrouter`.
fn note(gateway: &str) -> String {
    let name = match gateway {
        "featherless" => "Featherless",
        "deepinfra" => "DeepInfra",
        "chutes" => "Chutes",
        "groq" => "Groq",
        "fireworks" => "Fireworks",
        "together" => "Together",
        "google-vertex" => "Google Vertex AI",
        "cerebras" => "Cerebras",
        "nebius" => "Nebius",
        "xai" => "Xai",
        "novita" => "Novita",
        "aimo" => "AIMO",
        "near" => "Near AI",
        "fal" => "Fal.ai",
        "simplismart" => "Simplismart",
        "all" => {
            return "Combined OpenRouter, Featherless, DeepInfra, Chutes, Groq, Fireworks, Together, Google Vertex AI, Cerebras, \
                    Nebius, Xai, Novita, AIMO, Near AI, Fal.ai, and Simplismart catalogs"
                .to_owned();
        }
        _ => "OpenRouter",
    };
    format!("{name} catalog")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn envelope(rows: &[Row<'_>], limit: usize, offset: usize) -> Value {
        let echo = offset.to_string();
        let part = Part { page: Page { limit, offset }, offset: &echo };
        let draft = list(rows, &Filter::default(), part, "groq");
        serde_json::from_slice(&draft.finish_at("now")).unwrap()
    }

    #[test]
    fn the_envelope_is_the_backends_in_its_order() {
        let rows = [
            Row::read(r#"{"id":"a"}"#),
            Row::read(r#"{"id":"","x":1}"#),
            Row::read(r#"{"id":"b"}"#),
        ];
        let envelope = envelope(&rows, 1, 0);
        let names: Vec<&str> = envelope.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            names.join(" "),
            "object data total returned offset limit has_more next_offset gateway note timestamp"
        );
        assert_eq!((&envelope["total"], &envelope["next_offset"]), (&2.into(), &1.into()));
        assert_eq!(
            (&envelope["note"], &envelope["has_more"]),
            (&"Groq catalog".into(), &true.into())
        );
    }

    #[test]
    fn an_offset_beyond_every_list_is_echoed() {
        let offset = "99999999999999999999";
        let part = Part { page: Page { limit: 5, offset: usize::MAX }, offset };
        let draft = list(&[Row::read(r#"{"id":"a"}"#)], &Filter::default(), part, "nobody");
        let text = String::from_utf8(draft.finish()).unwrap();
        let end = r#""data":[],"total":1,"returned":0,"offset":99999999999999999999,"limit":5,"has_more":false,"next_offset":null,"gateway":"nobody","note":"OpenRouter catalog"}"#;
        assert!(text.ends_with(end), "{text}");
    }

    proptest! {
        /// Following `next_offset` from the beginning gives every entry once, in order.
        #[test]
        fn a_walk_over_pages_gives_the_list(entries in 0_usize..40, limit in 1_usize..12) {
            let texts: Vec<String> = (0..entries).map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
            let rows: Vec<Row<'_>> = texts.iter().map(|text| Row::read(text)).collect();
            let (mut seen, mut offset) = (Vec::new(), Some(0));
            while let Some(begin) = offset {
                let page = envelope(&rows, limit, begin);
                let ids = page["data"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned());
                seen.extend(ids);
                prop_assert_eq!(&page["has_more"], &Value::from(!page["next_offset"].is_null()));
                offset = page["next_offset"].as_u64().map(|next| usize::try_from(next).unwrap());
            }
            let expected: Vec<String> = (0..entries).map(|id| id.to_string()).collect();
            prop_assert_eq!(seen, expected);
        }
    }
}
