//! All that changed from one snapshot to the next, in a form that makes the one of the other: models that came, whole; those that
//! are gone, by name; and for each that changed a patch. It is kept and sent packed.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use snap::raw::{Decoder, Encoder, decompress_len};

use super::{
    counts::Changes,
    difference::{Difference, differences},
    patch::{Patch, providers},
};
use crate::catalog::JsonArray;

/// Who missed more reads the catalog anew, which is not much longer then.
const BYTES_MAX: usize = 1 << 20;

/// What changed of one model.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Change<'a> {
    Added {
        name: &'a str,
        providers: BTreeSet<String>,
        model: &'a RawValue,
    },
    Changed {
        name: &'a str,
        #[serde(flatten)]
        patch: Patch<'a>,
    },
    Deleted {
        name: &'a str,
        providers: BTreeSet<String>,
    },
}

/// What changed, as a snapshot's publication tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeSet {
    /// The hash of the snapshot that they begin with.
    pub from: u64,
    /// How many models changed.
    pub counts: Changes,
    /// What became of each; none where that is too much to be told one by one.
    pub packed: Option<String>,
}

impl ChangeSet {
    /// Compares two snapshots of a scope; the earlier one has this hash.
    pub(in crate::catalog) fn between(from: u64, before: &JsonArray, after: &JsonArray) -> Self {
        let mut counts = Changes::default();
        let mut text = Some(b"[".to_vec());
        for (name, difference) in differences(Some(before), after) {
            counts.count(&difference);
            text = text.and_then(|text| written(text, &name, difference));
        }
        let counts = counts.of(after.len());
        Self { from, counts, packed: text.and_then(|text| pack(counts, text)) }
    }
}

/// The text with one more change; none where it grew too long.
fn written(mut text: Vec<u8>, name: &str, difference: Difference<'_>) -> Option<Vec<u8>> {
    let change = match difference {
        Difference::Unchanged => return Some(text),
        Difference::Added(model) => Change::Added {
            name,
            providers: providers(model).ok()?,
            model: serde_json::from_str(model).ok()?,
        },
        Difference::Changed(old, new) => {
            Change::Changed { name, patch: Patch::between(old, new).ok()? }
        }
        Difference::Deleted(model) => Change::Deleted { name, providers: providers(model).ok()? },
    };
    if text.len() > 1 {
        text.push(b',');
    }
    serde_json::to_writer(&mut text, &change).ok()?;
    (text.len() < BYTES_MAX).then_some(text)
}

fn pack(counts: Changes, mut changes: Vec<u8>) -> Option<String> {
    changes.push(b']');
    let mut text = serde_json::to_vec(&counts).ok()?;
    text.push(b'\n');
    text.append(&mut changes);
    Some(BASE64_STANDARD_NO_PAD.encode(Encoder::new().compress_vec(&text).ok()?))
}

/// A change set as it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldChanges {
    /// How many models changed.
    pub counts: Changes,
    changes: String,
}

impl ToldChanges {
    /// Reads what was packed; none of what is no change set.
    pub fn unpack(packed: &str) -> Option<Self> {
        let packed = BASE64_STANDARD_NO_PAD.decode(packed).ok()?;
        // The counts stand before it.
        decompress_len(&packed).ok().filter(|bytes| *bytes <= BYTES_MAX.saturating_mul(2))?;
        let text = String::from_utf8(Decoder::new().decompress_vec(&packed).ok()?).ok()?;
        let (counts, changes) = text.split_once('\n')?;
        let told = Self { counts: serde_json::from_str(counts).ok()?, changes: changes.to_owned() };
        serde_json::from_str::<Vec<&RawValue>>(&told.changes).ok()?;
        Some(told)
    }

    /// How much text it is.
    pub fn bytes(&self) -> usize {
        self.changes.len()
    }

    /// The changes as JSON objects, by name of their models; of those alone that touch this provider, where one is named.
    pub fn changes(&self, provider: Option<&str>) -> Vec<&str> {
        #[derive(Deserialize)]
        struct Touching {
            providers: BTreeSet<String>,
        }
        let touches = |change: &&RawValue| {
            let Some(provider) = provider else { return true };
            serde_json::from_str::<Touching>(change.get())
                .is_ok_and(|touching| touching.providers.contains(provider))
        };
        let all: Vec<&RawValue> = serde_json::from_str(&self.changes).unwrap_or_default();
        all.into_iter().filter(touches).map(RawValue::get).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::{catalog::Snapshot, support::catalog::snapshot};

    /// Models by name: each with offers, which are a provider, a price and a health.
    type Catalog = BTreeMap<u8, Vec<(u8, u8, bool)>>;

    fn catalog() -> impl Strategy<Value = Catalog> {
        let offer = (0u8..5, 0u8..4, any::<bool>());
        prop::collection::btree_map(0u8..12, prop::collection::vec(offer, 0..6), 1..12)
    }

    fn read(catalog: &Catalog) -> Snapshot {
        let model = |(name, offers): (&u8, &Vec<(u8, u8, bool)>)| {
            let offers: Vec<Value> = offers
                .iter()
                .map(|(provider, price, is_well)| {
                    let pricing = json!({ "prompt": price.to_string(), "completion": "1", "image": "0", "request": "0" });
                    json!({
                        "slug": format!("p{provider}"), "name": "P", "pricing": pricing, "context_length": 1,
                        "health_status": is_well.then_some("healthy"), "average_response_time_ms": null,
                        "modality": null, "supports_streaming": null, "supports_function_calling": null,
                        "supports_vision": null, "description": null, "model_name": "m",
                    })
                })
                .collect();
            let cheapest =
                offers.iter().filter_map(|offer| offer["pricing"]["prompt"].as_str()).min();
            json!({
                "id": "x", "name": format!("m{name}\"/~"), "provider_count": offers.len(), "providers": offers,
                "cheapest_provider": null, "fastest_provider": cheapest, "cheapest_prompt_price": null,
                "fastest_response_time": null,
            })
            .to_string()
        };
        let models: Vec<String> = catalog.iter().map(model).collect();
        let text = format!("[{}]", models.join(","));
        Snapshot::decode(crate::catalog::Scope::Active.into(), text).unwrap()
    }

    fn by_name(snapshot: &Snapshot) -> BTreeMap<String, Value> {
        let models: Vec<Value> = serde_json::from_str(&snapshot.text().to_string()).unwrap();
        models
            .into_iter()
            .map(|model| (model["name"].as_str().unwrap().to_owned(), model))
            .collect()
    }

    /// What a client does (docs/api.md, "Following changes"), with a JSON Patch of another's making.
    fn apply(models: &mut BTreeMap<String, Value>, changes: &[&str]) {
        for change in changes {
            let change: Value = serde_json::from_str(change).unwrap();
            let name = change["name"].as_str().unwrap().to_owned();
            match change["type"].as_str().unwrap() {
                "added" => assert!(models.insert(name, change["model"].clone()).is_none()),
                "deleted" => assert!(models.remove(&name).is_some()),
                "changed" => {
                    let patch: json_patch::Patch =
                        serde_json::from_value(change["patch"].clone()).unwrap();
                    json_patch::patch(models.get_mut(&name).unwrap(), &patch).unwrap();
                }
                other => panic!("{other}"),
            }
        }
    }

    proptest! {
        #[test]
        fn changes_make_the_new_of_the_old_over_any_history(
            catalogs in prop::collection::vec(catalog(), 2..6),
        ) {
            let snapshots: Vec<Snapshot> = catalogs.iter().map(read).collect();
            let mut models = by_name(&snapshots[0]);
            for pair in snapshots.windows(2) {
                let set = pair[1].change_set_since(&pair[0]);
                prop_assert_eq!(set.counts, pair[1].changes_since(Some(&pair[0])));
                let told = ToldChanges::unpack(&set.packed.unwrap()).unwrap();
                prop_assert_eq!(told.counts, set.counts);
                let changes = told.changes(None);
                let Changes { added, changed, deleted, .. } = set.counts;
                prop_assert_eq!(Some(changes.len()), added.checked_add(changed).and_then(|sum| sum.checked_add(deleted)));
                apply(&mut models, &changes);
                prop_assert_eq!(&models, &by_name(&pair[1]));
            }
        }
    }

    #[test]
    fn a_change_names_the_providers_that_it_touches() {
        let one = |offers: &[(u8, u8, bool)]| read(&[(1, offers.to_vec())].into());
        let before = one(&[(0, 1, true), (1, 1, true)]);
        let set = one(&[(0, 1, true), (1, 2, true)]).change_set_since(&before);
        let told = ToldChanges::unpack(&set.packed.unwrap()).unwrap();
        let counts = [None, Some("p1"), Some("p0"), Some("p")].map(|of| told.changes(of).len());
        assert_eq!(counts, [1, 1, 0, 0]);
    }

    #[test]
    fn what_is_too_much_is_counted_and_not_told() {
        let (before, after) = (snapshot(1, 1), snapshot(2, 3_000));
        let set = after.change_set_since(&before);
        assert_eq!((set.counts.added, set.counts.changed, set.packed), (2_999, 1, None));
    }

    #[test]
    fn what_is_no_change_set_is_not_read() {
        let set = snapshot(2, 9).change_set_since(&snapshot(1, 9));
        let packed = set.packed.unwrap();
        assert!(ToldChanges::unpack(&packed).is_some());
        for cut in [0, 1, packed.len() / 2, packed.len() - 1] {
            assert_eq!(ToldChanges::unpack(packed.get(..cut).unwrap()), None, "cut at {cut}");
        }
        let texts = ["", "{}", "{}\n[]", "null\nnull"];
        for text in texts {
            let packed = Encoder::new().compress_vec(text.as_bytes()).unwrap();
            assert_eq!(ToldChanges::unpack(&BASE64_STANDARD_NO_PAD.encode(packed)), None, "{text}");
        }
    }
}
