//! A second kind of catalog for tests: one plain list of JSON values under one key. What it took to add it is what a
//! real kind takes.

use std::ops::Range;

use serde_json::value::RawValue;

use super::{json_array::span, malformed::Malformed};

/// Where each element of an array stands in its text, in bytes.
pub(super) fn records(text: &str) -> Result<Vec<Range<u32>>, Malformed> {
    let items: Vec<&RawValue> = serde_json::from_str(text)?;
    Ok(items.into_iter().filter_map(|item| span(text, item.get())).collect())
}
