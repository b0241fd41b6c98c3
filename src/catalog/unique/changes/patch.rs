//! What one model needs to become another: a JSON Patch (RFC 6902) of `add`, `remove` and `replace`, in which values stand as they are
//! written. Offers are told apart by their provider, and by which of its offers of the model they are.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A step of a patch.
#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Operation<'a> {
    Add { path: String, value: &'a RawValue },
    Remove { path: String },
    Replace { path: String, value: &'a RawValue },
}

/// A price that is another one now.
#[derive(Debug, Serialize)]
struct PriceChange<'a> {
    provider: String,
    field: String,
    old: &'a RawValue,
    new: &'a RawValue,
}

/// How a model changed.
#[derive(Debug, Default, Serialize)]
pub(super) struct Patch<'a> {
    /// Whose offers came, went, moved or changed.
    providers: BTreeSet<String>,
    prices: Vec<PriceChange<'a>>,
    #[serde(rename = "patch")]
    operations: Vec<Operation<'a>>,
}

/// The fields of an object, as they are written.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// An offer, by what it is told apart.
struct Offer<'a> {
    slug: String,
    /// Which of the provider's offers it is.
    nth: usize,
    whole: &'a RawValue,
    fields: Fields<'a>,
}

impl<'a> Patch<'a> {
    /// What makes the one model of the other. Both are objects, as every snapshot's models are.
    pub(super) fn between(old: &'a str, new: &'a str) -> serde_json::Result<Self> {
        let (mut old, mut new): (Fields<'a>, Fields<'a>) =
            (serde_json::from_str(old)?, serde_json::from_str(new)?);
        let mut patch = Self::default();
        if let (Some(before), Some(after)) = (old.remove("providers"), new.remove("providers")) {
            patch.add_offers(&offers(before)?, &offers(after)?)?;
        }
        patch.add_fields("", &old, &new)?;
        Ok(patch)
    }

    /// The offers that go, from the last to the first; then those that come, where they stand in the end; what stays changes there.
    fn add_offers(&mut self, old: &[Offer<'a>], new: &[Offer<'a>]) -> serde_json::Result<()> {
        let places: BTreeMap<(&str, usize), usize> =
            old.iter().enumerate().map(|(at, offer)| (offer.key(), at)).collect();
        let found: Vec<Option<usize>> =
            new.iter().map(|offer| places.get(&offer.key()).copied()).collect();
        let kept = rising(found.iter().flatten().copied());
        for (at, offer) in old.iter().enumerate().rev().filter(|(at, _)| !kept.contains(at)) {
            self.providers.insert(offer.slug.clone());
            self.operations.push(Operation::Remove { path: format!("/providers/{at}") });
        }
        for (at, (offer, place)) in new.iter().zip(found).enumerate() {
            let path = format!("/providers/{at}");
            let before = place.and_then(|place| old.get(place));
            if let Some(before) = before {
                self.add_prices(&offer.slug, &before.fields, &offer.fields)?;
            }
            let steps = self.operations.len();
            match before.filter(|_| place.is_some_and(|place| kept.contains(&place))) {
                Some(before) => self.add_fields(&path, &before.fields, &offer.fields)?,
                None => self.operations.push(Operation::Add { path, value: offer.whole }),
            }
            if self.operations.len() > steps {
                self.providers.insert(offer.slug.clone());
            }
        }
        Ok(())
    }

    fn add_fields(
        &mut self,
        path: &str,
        old: &Fields<'a>,
        new: &Fields<'a>,
    ) -> serde_json::Result<()> {
        for (name, value) in new {
            let path = [path, "/", &escaped(name)].concat();
            match old.get(name) {
                None => self.operations.push(Operation::Add { path, value }),
                Some(before) if before.get() == value.get() => {}
                Some(before) if is_object(before) && is_object(value) => {
                    let (before, after) =
                        (serde_json::from_str(before.get())?, serde_json::from_str(value.get())?);
                    self.add_fields(&path, &before, &after)?;
                }
                Some(_) => self.operations.push(Operation::Replace { path, value }),
            }
        }
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            self.operations.push(Operation::Remove { path: [path, "/", &escaped(name)].concat() });
        }
        Ok(())
    }

    fn add_prices(
        &mut self,
        slug: &str,
        old: &Fields<'a>,
        new: &Fields<'a>,
    ) -> serde_json::Result<()> {
        let (Some(old), Some(new)) = (old.get("pricing"), new.get("pricing")) else {
            return Ok(());
        };
        if old.get() == new.get() {
            return Ok(());
        }
        let (old, new): (Fields<'a>, Fields<'a>) =
            (serde_json::from_str(old.get())?, serde_json::from_str(new.get())?);
        for (field, new) in new {
            let Some(old) = old.get(&field).filter(|old| old.get() != new.get()) else { continue };
            self.prices.push(PriceChange { provider: slug.to_owned(), field, old, new });
        }
        Ok(())
    }
}

impl Offer<'_> {
    fn key(&self) -> (&str, usize) {
        (&self.slug, self.nth)
    }
}

/// Whose offers a model has.
pub(super) fn providers(model: &str) -> serde_json::Result<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Offered<'a> {
        #[serde(borrow)]
        providers: &'a RawValue,
    }
    let Offered { providers } = serde_json::from_str(model)?;
    Ok(offers(providers)?.into_iter().map(|offer| offer.slug).collect())
}

fn offers(list: &RawValue) -> serde_json::Result<Vec<Offer<'_>>> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let list: Vec<&RawValue> = serde_json::from_str(list.get())?;
    let offers = list.into_iter().map(|whole| {
        let fields: Fields<'_> = serde_json::from_str(whole.get())?;
        let slug = fields.get("slug").map_or("", |slug| slug.get());
        // What is no text is told apart as it is written.
        let slug: String = serde_json::from_str(slug).unwrap_or_else(|_| slug.to_owned());
        let count = counts.entry(slug.clone()).or_default();
        let nth = *count;
        *count = count.saturating_add(1);
        Ok(Offer { slug, nth, whole, fields })
    });
    offers.collect()
}

/// A longest part of these numbers in which each is greater than the one before it: the offers that need not move.
fn rising(numbers: impl Iterator<Item = usize>) -> BTreeSet<usize> {
    /// A number, how long the longest part is that ends with it, and which number is before it there.
    struct End {
        number: usize,
        length: usize,
        before: Option<usize>,
    }
    let mut ends: Vec<End> = Vec::new();
    for number in numbers {
        let before = ends.iter().filter(|end| end.number < number).max_by_key(|end| end.length);
        let length = before.map_or(0, |end| end.length).saturating_add(1);
        let before = before.map(|end| end.number);
        ends.push(End { number, length, before });
    }
    let mut next = ends.iter().max_by_key(|end| end.length);
    let mut kept = BTreeSet::new();
    while let Some(end) = next {
        kept.insert(end.number);
        next = end.before.and_then(|before| ends.iter().find(|end| end.number == before));
    }
    kept
}

fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

/// A name as a JSON Pointer has it (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn offer(slug: &str, prompt: &str) -> Value {
        json!({ "slug": slug, "pricing": { "prompt": prompt, "completion": "1" }, "health_status": null })
    }

    fn patch(old: &[Value], new: &[Value]) -> Value {
        let text = |offers: &[Value]| json!({ "name": "m", "providers": offers }).to_string();
        json!(Patch::between(&text(old), &text(new)).unwrap())
    }

    #[test]
    fn a_field_of_an_offer_is_replaced_where_it_stands_and_a_price_is_told_with_the_old_one() {
        let mut well = offer("b", "1");
        well["health_status"] = json!("healthy");
        let told = patch(&[offer("a", "1"), offer("b", "1")], &[offer("a", "2"), well]);
        let expected = json!({
            "providers": ["a", "b"],
            "prices": [{ "provider": "a", "field": "prompt", "old": "1", "new": "2" }],
            "patch": [
                { "op": "replace", "path": "/providers/0/pricing/prompt", "value": "2" },
                { "op": "replace", "path": "/providers/1/health_status", "value": "healthy" },
            ],
        });
        assert_eq!(told, expected);
    }

    #[test]
    fn one_offer_that_moves_moves_no_other() {
        let (a, b, c) = (offer("a", "1"), offer("b", "2"), offer("c", "3"));
        let cheaper = offer("c", "0");
        let told = patch(&[a.clone(), b.clone(), c], &[cheaper.clone(), a, b]);
        assert_eq!(told["providers"], json!(["c"]));
        let price = json!([{ "provider": "c", "field": "prompt", "old": "3", "new": "0" }]);
        assert_eq!(told["prices"], price, "though it moved");
        let expected = json!([
            { "op": "remove", "path": "/providers/2" },
            { "op": "add", "path": "/providers/0", "value": cheaper },
        ]);
        assert_eq!(told["patch"], expected);
    }

    #[test]
    fn two_offers_of_a_provider_are_told_apart_by_their_order() {
        let told = patch(&[offer("a", "1"), offer("a", "2")], &[offer("a", "2")]);
        assert_eq!(told["providers"], json!(["a"]));
        let expected = json!([
            { "op": "remove", "path": "/providers/1" },
            { "op": "replace", "path": "/providers/0/pricing/prompt", "value": "2" },
        ]);
        assert_eq!(told["patch"], expected);
    }

    #[test]
    fn names_are_escaped_and_fields_come_and_go() {
        let told = json!(Patch::between(r#"{"a/b":1,"c":2}"#, r#"{"a/b":2,"d~":3}"#).unwrap());
        let expected = json!([
            { "op": "replace", "path": "/a~1b", "value": 2 },
            { "op": "add", "path": "/d~0", "value": 3 },
            { "op": "remove", "path": "/c" },
        ]);
        assert_eq!(told["patch"], expected);
    }

    #[test]
    fn numbers_keep_the_digits_they_have() {
        let patch = Patch::between(r#"{"a":7.2e-8}"#, r#"{"a":7.20E-8}"#).unwrap();
        assert!(serde_json::to_string(&patch).unwrap().contains(r#""value":7.20E-8"#));
    }
}
