//! What became of each model from one snapshot to the next. Models are told apart by name, and compared whole.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::catalog::JsonArray;

/// What became of a model, with its text before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference<'a> {
    Added(&'a str),
    Changed(&'a str, &'a str),
    Deleted(&'a str),
    Unchanged,
}

/// Compares two snapshots of a scope; without an earlier one every model is new.
pub(super) fn differences<'a>(
    before: Option<&'a JsonArray>,
    after: &'a JsonArray,
) -> BTreeMap<String, Difference<'a>> {
    let before = before.map(by_name).unwrap_or_default();
    let mut all: BTreeMap<String, Difference<'a>> =
        before.into_iter().map(|(name, model)| (name, Difference::Deleted(model))).collect();
    for (name, model) in by_name(after) {
        let difference = match all.get(&name) {
            Some(Difference::Deleted(earlier)) if *earlier == model => Difference::Unchanged,
            Some(Difference::Deleted(earlier)) => Difference::Changed(earlier, model),
            _ => Difference::Added(model),
        };
        all.insert(name, difference);
    }
    all
}

/// Names do not repeat: `unique_models.model_name` is UNIQUE (docs/backend.md, "Model names are unique").
fn by_name(snapshot: &JsonArray) -> BTreeMap<String, &str> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let named = |model| serde_json::from_str::<Named>(model).ok().map(|named| (named.name, model));
    snapshot.elements().filter_map(named).collect()
}
