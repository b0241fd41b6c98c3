//! The text of a JSON array and where each element stands in it, so that a page is a slice of the text and a hit parses
//! nothing. Shared by every kind of catalog.

use std::{
    cell::{Cell, OnceCell},
    num::NonZeroU64,
    ops::Range,
};

use xxhash_rust::xxh3::xxh3_64;

use super::{page::Page, text::Text};

/// A JSON array as it is cached and served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonArray {
    text: Text,
    /// Byte ranges of the elements in `text`, in order.
    spans: Box<[Range<u32>]>,
    digests: Digests,
}

impl JsonArray {
    /// A text whose elements stand at `spans`, in order; whoever made them has checked each element's shape.
    pub fn new(text: Text, spans: Vec<Range<u32>>) -> Self {
        Self { text, spans: spans.into_boxed_slice(), digests: Digests::default() }
    }

    /// The number of elements: the `total` of the API.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Where the elements stand, in bytes.
    pub(super) fn spans(&self) -> &[Range<u32>] {
        &self.spans
    }

    /// Whether every element is within the text, after the one before it.
    pub(super) fn is_sound(&self) -> bool {
        let ends = self.spans.iter().map(|span| span.end);
        let begins = self.spans.iter().map(|span| span.start);
        let in_order = ends.clone().zip(begins.skip(1)).all(|(end, next)| end < next);
        in_order && self.spans.iter().all(|span| self.text.get(bytes(span)).is_some())
    }

    /// The JSON array.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// The elements of a page as they stand in the array, with the commas between them; where the text's pieces divide it, there
    /// is no comma between the parts.
    pub fn page(&self, page: &Page) -> Vec<&str> {
        let end = page.offset.saturating_add(page.limit).min(self.spans.len());
        let mut parts = Vec::new();
        self.slices(page.offset..end, &mut parts);
        parts
    }

    /// Appends the elements at these positions as they stand in the array, with the commas between them, in as few parts as the
    /// text has pieces there; nothing where there is no such element.
    pub(super) fn slices<'a>(&'a self, positions: Range<usize>, parts: &mut Vec<&'a str>) {
        let mut rest = self.spans.get(positions).unwrap_or_default();
        while let (Some(first), Some(last)) = (rest.first(), rest.last()) {
            let start = bytes(first).start;
            if let Some(part) = self.text.get(start..bytes(last).end) {
                parts.push(part);
                return;
            }
            let Some(end) = self.text.piece_end(start) else { return };
            let count = rest.partition_point(|span| bytes(span).end <= end);
            let (here, beyond) = rest.split_at_checked(count).unwrap_or_default();
            let Some(last) = here.last() else { return };
            parts.extend(self.text.get(start..bytes(last).end));
            rest = beyond;
        }
    }

    /// The JSON text of each element, in order.
    pub fn elements(&self) -> impl Iterator<Item = &str> {
        self.spans.iter().filter_map(|span| self.text.get(bytes(span)))
    }

    /// The element at a position.
    pub(super) fn element(&self, position: usize) -> Option<&str> {
        self.text.get(bytes(self.spans.get(position)?))
    }

    /// What tells the element at a position from others: the same of the same text, and zero where there is no such element.
    pub(super) fn digest(&self, position: usize) -> u64 {
        let element = || self.element(position).unwrap_or_default();
        self.digests.of(position, self.spans.len(), element)
    }

    /// What this takes in memory, in bytes, the digests of all its elements included.
    pub fn bytes(&self) -> usize {
        let digests = self.spans.len().saturating_mul(Digests::BYTES);
        self.text.len().saturating_add(size_of_val(&*self.spans)).saturating_add(digests)
    }
}

/// What tells the elements of one text from others, reckoned when it is first asked for: a validator of a page must not cost a second
/// reading of it. It follows from the text, so it is no part of what an array is.
#[derive(Debug, Default)]
struct Digests(OnceCell<Box<[Cell<Option<NonZeroU64>>]>>);

impl Digests {
    /// What one digest takes in memory, in bytes.
    const BYTES: usize = size_of::<Cell<Option<NonZeroU64>>>();

    /// The digest of the element at a position among so many; its text is asked for once.
    fn of<'a>(&self, position: usize, elements: usize, text: impl FnOnce() -> &'a str) -> u64 {
        let known = self.0.get_or_init(|| (0..elements).map(|_| Cell::default()).collect());
        let Some(cell) = known.get(position) else { return 0 };
        let digest = cell.get().unwrap_or_else(|| {
            let digest = NonZeroU64::new(xxh3_64(text().as_bytes())).unwrap_or(NonZeroU64::MAX);
            cell.set(Some(digest));
            digest
        });
        digest.get()
    }
}

impl Clone for Digests {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Digests {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Digests {}

/// Spans are half as large as ranges of this machine's size would be.
fn bytes(span: &Range<u32>) -> Range<usize> {
    let size = |position: u32| usize::try_from(position).unwrap_or(usize::MAX);
    size(span.start)..size(span.end)
}

/// Where a part of a text stands in it, in bytes; none where that is beyond four gigabytes.
pub(super) fn span(whole: &str, part: &str) -> Option<Range<u32>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    Some(u32::try_from(start).ok()?..u32::try_from(end).ok()?)
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
        let page = |limit, offset| listing.page(&Page { limit, offset }).concat();
        assert_eq!(page(2, 0), format!("{MODEL}, {MODEL}"));
        assert_eq!(page(1, 2), MODEL);
        assert_eq!(page(100, 1), format!("{MODEL} ,{MODEL}"));
        assert_eq!(page(1, 3), "");
        assert_eq!(page(1000, usize::MAX), "");
        assert_eq!(decode("[]".into()).unwrap().page(&Page::default()).concat(), "");
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

    #[test]
    fn an_element_is_read_once() {
        let digests = Digests::default();
        let first = digests.of(1, 3, || "one");
        assert_eq!(first, xxh3_64(b"one"));
        assert_eq!(digests.of(1, 3, || panic!("it is known")), first);
        assert_ne!(digests.of(2, 3, || "two"), first);
        assert_eq!(digests.of(3, 3, || "beyond"), 0);
        assert_eq!(digests.clone(), digests);
        assert_eq!(digests.clone().of(1, 3, || "two"), xxh3_64(b"two"), "a clone begins anew");
    }
}
