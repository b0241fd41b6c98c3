//! What a cached value must be before anything of it is served: a JSON array of objects with the fields of a unique
//! model (docs/backend.md, "Fields of a model"). A truncated or half-right value is refused whole.

use std::{borrow::Cow, fmt, marker::PhantomData, ops::Range};

use serde::{
    Deserialize,
    de::{IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;

use crate::catalog::{Malformed, json_array::span};

/// What sorting and filtering need of a model.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::catalog) struct SortKey {
    pub(super) provider_count: u32,
    pub(super) name_lower: Box<str>,
    /// Positive infinity when the model has no price.
    pub(super) cheapest_price: f64,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "fields that are only there to be required")]
struct ModelShape<'a> {
    #[serde(borrow, deserialize_with = "present")]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    providers: Vec<Object<OfferShape>>,
    provider_count: u32,
    #[serde(borrow, deserialize_with = "present")]
    cheapest_provider: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "present")]
    fastest_provider: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "present")]
    cheapest_prompt_price: Option<&'a RawValue>,
    #[serde(deserialize_with = "present")]
    fastest_response_time: Option<f64>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "fields that are only there to be required")]
struct OfferShape {
    slug: IgnoredAny,
    name: IgnoredAny,
    pricing: Object<PricingShape>,
    context_length: IgnoredAny,
    health_status: IgnoredAny,
    average_response_time_ms: IgnoredAny,
    modality: IgnoredAny,
    supports_streaming: IgnoredAny,
    supports_function_calling: IgnoredAny,
    supports_vision: IgnoredAny,
    description: IgnoredAny,
    model_name: IgnoredAny,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "fields that are only there to be required")]
struct PricingShape {
    prompt: IgnoredAny,
    completion: IgnoredAny,
    image: IgnoredAny,
    request: IgnoredAny,
}

/// A JSON object: serde would take an array of the right length for one.
pub(in crate::catalog) struct Object<T>(pub(in crate::catalog) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// An optional field that must stand there all the same: serde would take a missing one for null.
pub(in crate::catalog) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}

/// Checks each model of an array: where it stands in the text, in bytes, and what it sorts by.
pub(in crate::catalog) fn records(
    text: &str,
) -> Result<(Vec<Range<u32>>, Vec<SortKey>), Malformed> {
    let items: Vec<&RawValue> = serde_json::from_str(text)?;
    let mut spans = Vec::with_capacity(items.len());
    let mut keys = Vec::with_capacity(items.len());
    for item in items {
        spans.extend(span(text, item.get()));
        keys.push(sort_key(item)?);
    }
    Ok((spans, keys))
}

fn sort_key(item: &RawValue) -> Result<SortKey, Malformed> {
    let Object(shape) = serde_json::from_str::<Object<ModelShape<'_>>>(item.get())?;
    Ok(SortKey {
        provider_count: shape.provider_count,
        name_lower: shape.name.to_lowercase().into_boxed_str(),
        cheapest_price: shape.cheapest_prompt_price.map_or(Ok(f64::INFINITY), price)?,
    })
}

/// Reads a number exactly: `serde_json` can be off by one in the last place, and prices so close to each other exist.
fn price(raw: &RawValue) -> Result<f64, Malformed> {
    // A token that is no number is refused as serde_json refuses it, with its place.
    raw.get().parse().or_else(|_| Ok(serde_json::from_str(raw.get())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_sorts_by_its_exact_price_and_its_name_in_lower_case() {
        let read = |price: &str| {
            let text = format!(
                r#"[ {{"id":"a","name":"ÄB","providers":[],"provider_count":3,"cheapest_provider":null,"fastest_provider":null,"cheapest_prompt_price":{price},"fastest_response_time":null}}]"#
            );
            let (spans, keys) = records(&text).ok()?;
            assert_eq!((spans.len(), usize::try_from(spans[0].end)), (1, Ok(text.len() - 1)));
            assert_eq!(spans[0].start, 2);
            Some(keys)
        };
        for (price, cheapest_price) in [
            ("null", f64::INFINITY),
            ("0", 0.0),
            ("2.5e-7", 2.5e-7),
            // What serde_json reads is off by one in the last place.
            ("1.9094652364241860e-7", "1.9094652364241860e-7".parse().unwrap()),
        ] {
            let key = SortKey { provider_count: 3, name_lower: "äb".into(), cheapest_price };
            assert_eq!(read(price), Some(vec![key]), "{price}");
        }
        assert_eq!(read("\"1\""), None);
    }
}
