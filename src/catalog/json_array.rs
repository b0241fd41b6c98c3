//! The text of a JSON array and where each element stands in it, so that a page is a slice of the text and a hit parses
//! nothing. Shared by every kind of catalog.

use std::ops::Range;

use super::page::Page;

/// A JSON array as it is cached and served.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonArray {
    text: String,
    /// Byte ranges of the elements in `text`, in order.
    spans: Vec<Range<usize>>,
}

impl JsonArray {
    /// A text whose elements stand at `spans`, in order; whoever made them has checked each element's shape.
    pub fn new(text: String, spans: Vec<Range<usize>>) -> Self {
        Self { text, spans }
    }

    /// The number of elements: the `total` of the API.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The JSON array.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The elements of a page as they stand in the array, with the commas between them.
    pub fn page(&self, page: &Page) -> &str {
        let end = page.offset.saturating_add(page.limit).min(self.spans.len());
        let bytes = self.spans.get(page.offset..end).and_then(|spans| {
            let (first, last) = (spans.first()?, spans.last()?);
            self.text.get(first.start..last.end)
        });
        bytes.unwrap_or_default()
    }

    /// The JSON text of each element, in order.
    pub fn elements(&self) -> impl Iterator<Item = &str> {
        self.spans.iter().filter_map(|span| self.text.get(span.clone()))
    }

    /// What this takes in memory, in bytes.
    pub fn bytes(&self) -> usize {
        let spans = self.spans.capacity().saturating_mul(size_of::<Range<usize>>());
        self.text.capacity().saturating_add(spans)
    }

    /// Copies the elements at `chosen` positions, in that order, into a compact array of their own.
    pub(super) fn collect(&self, chosen: &[usize]) -> Self {
        let spans = || chosen.iter().filter_map(|index| self.spans.get(*index));
        let elements: usize = spans().map(ExactSizeIterator::len).sum();
        // Each element with its comma, and the brackets: memory counts capacity.
        let bytes = elements.saturating_add(chosen.len()).saturating_add(2);
        let mut array =
            Self { text: String::with_capacity(bytes), spans: Vec::with_capacity(chosen.len()) };
        array.text.push('[');
        for span in spans() {
            let Some(element) = self.text.get(span.clone()) else { continue };
            if !array.spans.is_empty() {
                array.text.push(',');
            }
            let start = array.text.len();
            array.text.push_str(element);
            array.spans.push(start..array.text.len());
        }
        array.text.push(']');
        array
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Malformed, Selection, View};

    fn decode(text: String) -> Result<JsonArray, Malformed> {
        View::from(Selection::default()).decode(text)
    }

    const MODEL: &str = r#"{"id":"a","name":"A","providers":[],"provider_count":0,"cheapest_provider":null,
        "fastest_provider":null,"cheapest_prompt_price":null,"fastest_response_time":null}"#;

    #[test]
    fn a_page_is_a_slice() {
        let listing = decode(format!("[{MODEL}, {MODEL} ,{MODEL}]")).unwrap();
        assert_eq!(listing.len(), 3);
        let page = |limit, offset| listing.page(&Page { limit, offset });
        assert_eq!(page(2, 0), format!("{MODEL}, {MODEL}"));
        assert_eq!(page(1, 2), MODEL);
        assert_eq!(page(100, 1), format!("{MODEL} ,{MODEL}"));
        assert_eq!(page(1, 3), "");
        assert_eq!(page(1000, usize::MAX), "");
        assert_eq!(decode("[]".into()).unwrap().page(&Page::default()), "");
    }

    #[test]
    fn what_is_not_a_listing_is_refused() {
        let whole = format!("[{MODEL}]");
        for cut in 0..whole.len() {
            let truncated: String = whole.chars().take(cut).collect();
            assert!(decode(truncated).is_err(), "cut at {cut}");
        }
        for field in ["id", "name", "providers", "provider_count", "cheapest_provider"] {
            let text = whole.replace(&format!("\"{field}\""), "\"other\"");
            assert!(decode(text).is_err(), "without {field}");
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
            assert!(decode(text.to_owned()).is_err(), "{text}");
        }
    }
}
