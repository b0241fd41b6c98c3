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
    tools: bool,
    vision: bool,
    prompt_caching: bool,
    streaming: bool,
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
