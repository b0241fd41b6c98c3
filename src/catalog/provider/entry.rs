//! A row's entry: its JSON with the fields of the backend in its order (docs/backend.md, "Fields of a provider's model"), and
//! what of it is still to be filled in.

use std::ops::Range;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    Capabilities, Slug,
    facets::Facet,
    price::{Pricing, Said, Shown},
    rows::{Metadata, ModelRow, id_of, is_falsy},
};

/// Where an entry stands among those that were written with it, and what it lacks.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) span: Range<usize>,
    pub(super) facet: Facet,
    /// What another row's price is looked up by, and where it then stands; none where the row has a price of its own.
    pub(super) unpriced: Option<(Box<str>, Range<usize>)>,
}

/// Appends the entry of a provider's row.
pub(super) fn write(
    row: &ModelRow<'_>,
    slug: &Slug,
    text: &mut Vec<u8>,
) -> serde_json::Result<Written> {
    let id = id_of(row.provider_model_id.as_deref(), row.model_name.as_deref());
    let named = id.filter(|id| !id.is_empty());
    let metadata = Metadata::read(row.metadata);
    let said = Said {
        pricing_raw: metadata.pricing_raw,
        pricing: metadata.pricing,
        model_pricing: row.model_pricing,
    };
    let (pricing, source, is_priced) = match said.shown() {
        Shown::Own(pricing) => (Some(pricing), false, true),
        Shown::Table(pricing) => (Some(pricing), true, true),
        Shown::Unpriced(pricing) => (pricing, false, false),
    };
    let start = text.len();
    let mut object = Object::begin(text);
    object.member("id", &id)?;
    object.member("name", &row.model_name)?;
    object.member("source_gateway", &slug.as_str())?;
    object.member("provider_slug", &slug.as_str())?;
    object.member("context_length", &row.context_length)?;
    let price_at = object.member("pricing", &pricing)?;
    object.member("description", &row.description)?;
    object.member("modality", &row.modality)?;
    object.member("is_active", &true)?;
    object.member("health_status", &row.health_status)?;
    object.member("provider_site_url", &row.providers.site_url)?;
    object.member("model_logo_url", &row.providers.logo_url)?;
    if let Some(metadata) = row.metadata.filter(|value| !is_falsy(value)) {
        object.verbatim("metadata", metadata);
    }
    if let Some(time) = row.average_response_time_ms.filter(|value| !is_falsy(value)) {
        object.member("average_response_time_ms", &time)?;
    }
    if let Some(id) = named {
        let capabilities = Capabilities::of(id, slug.as_str());
        object.member("supported_parameters", &capabilities.supported_parameters())?;
        object.member("capabilities", &capabilities)?;
        if slug.as_str() != "openrouter" {
            object.member("is_free", &false)?;
        }
    }
    if source {
        object.member(SOURCE, &DATABASE)?;
    }
    object.end();
    let unpriced = named.filter(|_| !is_priced).map(|id| (id.into(), price_at));
    let facet = Facet::of(id, row.health_status.as_deref(), metadata.is_private());
    Ok(Written { span: start..text.len(), facet, unpriced })
}

const SOURCE: &str = "pricing_source";
const DATABASE: &str = "database";

impl Written {
    /// Appends the entry as it stands in `page`, with a price that was found for it.
    pub(super) fn append(
        &self,
        page: &[u8],
        found: Option<&Pricing>,
        text: &mut Vec<u8>,
    ) -> serde_json::Result<()> {
        let part = |range: Range<usize>| page.get(range).unwrap_or_default();
        let Range { start, end } = self.span;
        match (&self.unpriced, found) {
            (Some((_, price)), Some(found)) => {
                text.extend_from_slice(part(start..price.start));
                serde_json::to_writer(&mut *text, found)?;
                text.extend_from_slice(part(price.end..end));
                // It ends with the object's brace, which follows what is appended.
                text.pop();
                let mut object = Object { text, is_first: false };
                object.member(SOURCE, &DATABASE)?;
                object.end();
            }
            _ => text.extend_from_slice(part(start..end)),
        }
        Ok(())
    }
}

/// An object that is being written.
struct Object<'t> {
    text: &'t mut Vec<u8>,
    is_first: bool,
}

impl<'t> Object<'t> {
    fn begin(text: &'t mut Vec<u8>) -> Self {
        text.push(b'{');
        Self { text, is_first: true }
    }

    fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.is_first) {
            self.text.push(b',');
        }
        self.text.push(b'"');
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\":");
    }

    /// Writes a member; where its value stands.
    fn member(&mut self, name: &str, value: &impl Serialize) -> serde_json::Result<Range<usize>> {
        self.name(name);
        let start = self.text.len();
        serde_json::to_writer(&mut *self.text, value)?;
        Ok(start..self.text.len())
    }

    /// Writes a member whose numbers stay as they are, without the white space that `PostgreSQL` puts between `jsonb`'s items.
    fn verbatim(&mut self, name: &str, value: &RawValue) {
        self.name(name);
        let (mut in_text, mut is_escaped) = (false, false);
        for byte in value.get().bytes() {
            if in_text || !byte.is_ascii_whitespace() {
                self.text.push(byte);
            }
            in_text ^= byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
        }
    }

    fn end(self) {
        self.text.push(b'}');
    }
}
