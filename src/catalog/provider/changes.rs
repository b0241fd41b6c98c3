//! How many entries of a provider's catalog, or of the registry, changed. They are told apart by their ids, since names repeat within a
//! provider and can be missing.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::catalog::{Changes, JsonArray};

/// How often a text is there before and after.
#[derive(Default)]
struct Times {
    before: usize,
    after: usize,
}

/// The texts of the entries that share an id.
type Texts<'a> = BTreeMap<&'a str, Times>;

/// Compares two snapshots of a source; without an earlier one every entry is new.
pub fn changes_between(before: Option<&JsonArray>, after: &JsonArray) -> Changes {
    let mut all: BTreeMap<&str, Texts<'_>> = BTreeMap::new();
    for entry in before.into_iter().flat_map(JsonArray::elements) {
        let times = all.entry(id_of(entry)).or_default().entry(entry).or_default();
        times.before = times.before.saturating_add(1);
    }
    for entry in after.elements() {
        let times = all.entry(id_of(entry)).or_default().entry(entry).or_default();
        times.after = times.after.saturating_add(1);
    }
    let mut changes = Changes::default();
    for texts in all.values() {
        count(texts, &mut changes);
    }
    changes.of(after.len())
}

/// An entry that is there before and after is the same one, wherever it stands; of what is left each that came takes the place of one
/// that went.
fn count(texts: &Texts<'_>, into: &mut Changes) {
    let add = |to: &mut usize, count: usize| *to = to.saturating_add(count);
    let (mut came, mut went) = (0, 0);
    for Times { before, after } in texts.values() {
        let same = *before.min(after);
        add(&mut into.unchanged, same);
        add(&mut came, after.saturating_sub(same));
        add(&mut went, before.saturating_sub(same));
    }
    let changed = came.min(went);
    add(&mut into.changed, changed);
    add(&mut into.added, came.saturating_sub(changed));
    add(&mut into.deleted, went.saturating_sub(changed));
}

/// The id as it is written, `null` where there is none.
fn id_of(entry: &str) -> &str {
    #[derive(Deserialize)]
    struct Identified<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
    }
    let id = serde_json::from_str::<Identified<'_>>(entry).ok().and_then(|entry| entry.id);
    id.map_or("null", RawValue::get)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::catalog::{Changes, Slug, Snapshot, Source};

    /// A provider's entries, each of an id, a name and a price.
    fn snapshot(entries: &[(Option<&str>, Option<&str>, u32)]) -> Snapshot {
        let entry = |(id, name, price): &(Option<&str>, Option<&str>, u32)| {
            json!({
                "id": id, "name": name, "source_gateway": "x", "provider_slug": "x", "context_length": 8,
                "pricing": {"prompt": price.to_string(), "completion": "2"}, "description": null, "modality": "text",
                "is_active": true, "health_status": null, "provider_site_url": null, "model_logo_url": null,
            })
        };
        let entries: Vec<Value> = entries.iter().map(entry).collect();
        let source = Source::Provider(Slug::new("x").unwrap());
        Snapshot::decode(source, json!(entries).to_string()).unwrap()
    }

    /// How many were added, changed, deleted and unchanged.
    fn counts(changes: Changes) -> [usize; 4] {
        [changes.added, changes.changed, changes.deleted, changes.unchanged]
    }

    #[test]
    fn entries_are_told_apart_by_id_and_compared_whole() {
        let twice = [(Some("a"), Some("Same"), 1), (Some("b"), Some("Same"), 1)];
        let nameless = [(Some("a"), None, 1), (Some("b"), None, 1)];
        let same_id = [(Some("a"), Some("A"), 1), (Some("a"), Some("A"), 2)];
        for (before, after, expected) in [
            (&twice[..], &twice[..], [0, 0, 0, 2]),
            (&twice, &[(Some("a"), Some("Same"), 9), twice[1]], [0, 1, 0, 1]),
            (&twice, &twice[..1], [0, 0, 1, 1]),
            (&twice[..1], &twice, [1, 0, 0, 1]),
            (&nameless, &nameless, [0, 0, 0, 2]),
            (&nameless, &[(Some("a"), None, 9)], [0, 1, 1, 0]),
            // A new name is a change of the model, which is the same one.
            (&twice[..1], &[(Some("a"), Some("Other"), 1)], [0, 1, 0, 0]),
            // Of an id that repeats what is the same is found first, wherever it stands.
            (&same_id, &[same_id[1], same_id[0]], [0, 0, 0, 2]),
            (&same_id, &[same_id[1]], [0, 0, 1, 1]),
            (&same_id, &[same_id[1], (Some("a"), Some("A"), 9)], [0, 1, 0, 1]),
            (&same_id[..1], &[(Some("a"), Some("A"), 9), same_id[0]], [1, 0, 0, 1]),
            (&[same_id[0], same_id[0]], &[same_id[0]], [0, 0, 1, 1]),
            // What has no id is one of those that have none, and no model called so.
            (&[(None, Some("A"), 1)], &[(Some("null"), Some("A"), 1)], [1, 0, 1, 0]),
            (&[(None, None, 1)], &[(None, None, 2)], [0, 1, 0, 0]),
            (&[], &same_id, [2, 0, 0, 0]),
        ] {
            let changes = snapshot(after).changes_since(Some(&snapshot(before)));
            assert_eq!(counts(changes), expected, "{before:?} {after:?}");
        }
        let after = snapshot(&twice);
        assert_eq!(counts(after.changes_since(None)), [2, 0, 0, 0]);
        assert_eq!(after.changes_since(Some(&after)), Changes::none(2));
    }
}
