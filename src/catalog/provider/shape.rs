//! What a cached value must be before anything of it is served: a JSON array of objects with the fields of a provider's model
//! (docs/backend.md, "Fields of a provider's model"). A value of another shape, such as what the backend's own fetchers leave
//! under the same key, is refused whole.

use std::{borrow::Cow, ops::Range};

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use super::{
    facets::{Facet, Facets},
    rows::Metadata,
};
use crate::catalog::{
    Malformed,
    json_array::span,
    unique::{Object, present},
};

#[derive(Deserialize)]
#[expect(dead_code, reason = "fields that are only there to be required")]
struct EntryShape<'a> {
    #[serde(borrow, deserialize_with = "present")]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "present")]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    source_gateway: Cow<'a, str>,
    #[serde(borrow)]
    provider_slug: Cow<'a, str>,
    context_length: IgnoredAny,
    #[serde(borrow, deserialize_with = "present")]
    pricing: Option<Object<PricingShape<'a>>>,
    #[serde(borrow, deserialize_with = "present")]
    description: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "present")]
    modality: Option<Cow<'a, str>>,
    is_active: bool,
    #[serde(borrow, deserialize_with = "present")]
    health_status: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "present")]
    provider_site_url: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "present")]
    model_logo_url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    supported_parameters: Option<Vec<Cow<'a, str>>>,
    capabilities: Option<Object<CapabilitiesShape>>,
    is_free: Option<bool>,
    #[serde(borrow)]
    pricing_source: Option<Cow<'a, str>>,
}

/// Each price may be absent; one that is there is a text.
#[derive(Deserialize)]
#[expect(dead_code, reason = "fields that are only there to be of a kind")]
struct PricingShape<'a> {
    #[serde(borrow)]
    prompt: Option<Cow<'a, str>>,
    #[serde(borrow)]
    completion: Option<Cow<'a, str>>,
    #[serde(borrow)]
    image: Option<Cow<'a, str>>,
    #[serde(borrow)]
    request: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "fields that are only there to be required")]
struct CapabilitiesShape {
    tools: IgnoredAny,
    vision: IgnoredAny,
    prompt_caching: IgnoredAny,
    streaming: IgnoredAny,
}

/// Checks each entry of an array: where it stands in the text, in bytes, and what it is filtered by.
pub fn records(text: &str) -> Result<(Vec<Range<u32>>, Facets), Malformed> {
    let items: Vec<&RawValue> = serde_json::from_str(text)?;
    let mut spans = Vec::with_capacity(items.len());
    let mut facets = Vec::with_capacity(items.len());
    for item in items {
        let Object(shape) = serde_json::from_str::<Object<EntryShape<'_>>>(item.get())?;
        spans.extend(span(text, item.get()));
        let is_private = Metadata::read(shape.metadata).is_private();
        facets.push(Facet::of(shape.id.as_deref(), shape.health_status.as_deref(), is_private));
    }
    Ok((spans, Facets::new(facets)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entry() -> Value {
        json!({
            "id": "a", "name": "A", "source_gateway": "x", "provider_slug": "x", "context_length": 8,
            "pricing": {"prompt": "1", "completion": "2"}, "description": null, "modality": "text", "is_active": true,
            "health_status": "Down", "provider_site_url": null, "model_logo_url": null,
            "metadata": {"is_private": true}, "average_response_time_ms": 5,
            "supported_parameters": ["stop"],
            "capabilities": {"tools": true, "vision": false, "prompt_caching": false, "streaming": true},
            "is_free": false, "pricing_source": "database",
        })
    }

    fn is_read(entry: &Value) -> bool {
        records(&json!([entry]).to_string()).is_ok()
    }

    #[test]
    fn an_entry_is_found_with_what_it_is_filtered_by() {
        let text = format!("[ {} , {}]", entry(), json!({"id": null}));
        assert!(records(&text).is_err(), "one that is not whole");
        let text = format!("[ {} ]", entry());
        let (spans, facets) = records(&text).unwrap();
        let [Range { start, end }] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!((*start, usize::try_from(*end)), (2, Ok(text.len() - 2)));
        assert!(facets.is_down(0) && facets.is_private(0) && !facets.is_blank(0));
        assert_eq!(records("[]").unwrap(), (Vec::new(), Facets::default()));
    }

    #[test]
    fn a_value_of_another_shape_is_refused() {
        let whole = json!([entry()]).to_string();
        for cut in 0..whole.len() {
            assert!(records(whole.get(..cut).unwrap()).is_err(), "cut at {cut}");
        }
        for name in [
            "id",
            "name",
            "source_gateway",
            "provider_slug",
            "context_length",
            "pricing",
            "description",
            "modality",
            "is_active",
            "health_status",
            "provider_site_url",
            "model_logo_url",
        ] {
            let mut entry = entry();
            entry.as_object_mut().unwrap().shift_remove(name);
            assert!(!is_read(&entry), "without {name}");
        }
        for (name, value) in [
            ("id", json!(1)),
            ("provider_slug", json!(null)),
            ("pricing", json!({"prompt": 1})),
            ("pricing", json!(["1", "2", "0", "0"])),
            ("is_active", json!("true")),
            ("supported_parameters", json!("stop")),
            ("capabilities", json!({"tools": true})),
        ] {
            let mut entry = entry();
            entry[name] = value;
            assert!(!is_read(&entry), "{entry}");
        }
        // What the backend's own fetchers leave under the same key.
        let fetched = json!({
            "id": "a", "slug": "a", "canonical_slug": "a", "name": "A", "description": "", "context_length": 8,
            "architecture": {}, "pricing": {"prompt": "1"}, "per_request_limits": null, "supported_parameters": [],
            "provider_slug": "x", "provider_site_url": null, "model_logo_url": null, "source_gateway": "x",
        });
        assert!(!is_read(&fetched));
        for text in ["", "null", "{}", "[1]", "[[]]", "\"text\"", "[NaN]", "[]x"] {
            assert!(records(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_an_entry_may_lack_it_may_lack() {
        for name in [
            "metadata",
            "average_response_time_ms",
            "supported_parameters",
            "capabilities",
            "is_free",
            "pricing_source",
        ] {
            let mut entry = entry();
            entry.as_object_mut().unwrap().shift_remove(name);
            assert!(is_read(&entry), "without {name}");
        }
        for (name, value) in [
            ("id", json!(null)),
            ("name", json!(null)),
            ("pricing", json!(null)),
            ("context_length", json!(null)),
            ("metadata", json!("text")),
        ] {
            let mut entry = entry();
            entry[name] = value;
            assert!(is_read(&entry), "{entry}");
        }
    }
}
