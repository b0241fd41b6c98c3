//! The models of one selection: the text of a JSON array and where each model stands in it, so that a page is a
//! slice of the text and a hit parses nothing.

use std::ops::Range;

use super::{
    page::Page,
    record::{self, Malformed, Record},
};

/// A listing as it is cached and served.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    text: String,
    /// Byte ranges of the models in `text`, in order.
    spans: Vec<Range<usize>>,
}

impl Listing {
    /// Reads a value that we, or the backend, wrote: compact or spaced, UTF-8 or `\u` escapes. What is not whole
    /// and well-formed is refused (DESIGN.md §4).
    pub fn decode(text: String) -> Result<Self, Malformed> {
        let spans = record::records(&text)?.iter().map(|record| record.start..record.end).collect();
        Ok(Self { text, spans })
    }

    /// The number of models: the `total` of the API.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no model.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The JSON array.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The models of a page as they stand in the array: JSON objects with commas between them.
    pub fn page(&self, page: &Page) -> &str {
        let end = page.offset.saturating_add(page.limit).min(self.spans.len());
        let bytes = self.spans.get(page.offset..end).and_then(|spans| {
            let (first, last) = (spans.first()?, spans.last()?);
            self.text.get(first.start..last.end)
        });
        bytes.unwrap_or_default()
    }

    /// Each model's JSON object, in order.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.spans.iter().filter_map(|span| self.text.get(span.clone()))
    }

    /// What this takes in memory, in bytes.
    pub fn bytes(&self) -> usize {
        let spans = self.spans.capacity().saturating_mul(size_of::<Range<usize>>());
        self.text.capacity().saturating_add(spans)
    }

    /// Copies records of another text into a compact array of their own.
    pub(super) fn collect(text: &str, records: &[&Record]) -> Self {
        let models: usize =
            records.iter().map(|record| record.end.saturating_sub(record.start)).sum();
        // Each model with its comma, and the brackets: memory counts capacity.
        let bytes = models.saturating_add(records.len()).saturating_add(2);
        let mut listing =
            Self { text: String::with_capacity(bytes), spans: Vec::with_capacity(records.len()) };
        listing.text.push('[');
        for record in records {
            let Some(model) = text.get(record.start..record.end) else { continue };
            if !listing.spans.is_empty() {
                listing.text.push(',');
            }
            let start = listing.text.len();
            listing.text.push_str(model);
            listing.spans.push(start..listing.text.len());
        }
        listing.text.push(']');
        listing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = r#"{"id":"a","name":"A","providers":[],"provider_count":0,"cheapest_provider":null,
        "fastest_provider":null,"cheapest_prompt_price":null,"fastest_response_time":null}"#;

    #[test]
    fn a_page_is_a_slice() {
        let listing = Listing::decode(format!("[{MODEL}, {MODEL} ,{MODEL}]")).unwrap();
        assert_eq!(listing.len(), 3);
        let page = |limit, offset| listing.page(&Page { limit, offset });
        assert_eq!(page(2, 0), format!("{MODEL}, {MODEL}"));
        assert_eq!(page(1, 2), MODEL);
        assert_eq!(page(100, 1), format!("{MODEL} ,{MODEL}"));
        assert_eq!(page(1, 3), "");
        assert_eq!(page(1000, usize::MAX), "");
        assert_eq!(Listing::decode("[]".into()).unwrap().page(&Page::default()), "");
    }

    #[test]
    fn d8_what_is_not_a_listing_is_refused() {
        let whole = format!("[{MODEL}]");
        for cut in 0..whole.len() {
            let truncated: String = whole.chars().take(cut).collect();
            assert!(Listing::decode(truncated).is_err(), "cut at {cut}");
        }
        for field in ["id", "name", "providers", "provider_count", "cheapest_provider"] {
            let text = whole.replace(&format!("\"{field}\""), "\"other\"");
            assert!(Listing::decode(text).is_err(), "without {field}");
        }
        let offer = whole.replace("[]", r#"[{"slug":"x"}]"#);
        let nan = whole.replace("\"cheapest_prompt_price\":null", "\"cheapest_prompt_price\":NaN");
        for text in [
            &offer,
            &nan,
            "\"text\"",
            "[1,2]",
            "{}",
            "null",
            "[{}]",
            "[]x",
            "[[]]",
            r#"[["x","X",[],0,null,null,null,null]]"#,
        ] {
            assert!(Listing::decode(text.to_owned()).is_err(), "{text}");
        }
    }
}
