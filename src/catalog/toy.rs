//! A second kind of catalog for tests: one plain list of JSON values under one key. What it took to add it is what a
//! real kind takes.

use std::ops::Range;

use serde_json::value::RawValue;

use super::malformed::Malformed;

/// Where each element of an array stands in its text, in bytes.
pub(super) fn records(text: &str) -> Result<Vec<Range<usize>>, Malformed> {
    let items: Vec<&RawValue> = serde_json::from_str(text)?;
    let spans = items.into_iter().map(|item| {
        let start = item.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
        start..start.saturating_add(item.get().len())
    });
    Ok(spans.collect())
}
