//! One entry of the catalog, made from its offers as docs/backend.md has it: sorted by price, the cheapest and the fastest
//! found.

use std::{cmp::Ordering, ops::Range};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{rows::UniqueModelRow, shape::SortKey};

/// A model of which rows are still read.
#[derive(Debug)]
pub(super) struct Model<'a> {
    /// The row its names were read from: the first of them all.
    row: i64,
    id: String,
    name: String,
    offers: Vec<Offered<'a>>,
}

/// What the model needs of an offer that is written already.
#[derive(Debug)]
pub(super) struct Offered<'a> {
    /// The row it was made of.
    pub(super) row: i64,
    pub(super) slug: &'a str,
    pub(super) stored_price: f64,
    pub(super) shown_price: Option<f64>,
    pub(super) response_time: Option<(f64, Box<str>)>,
    /// On which page its JSON stands, and where.
    pub(super) page: usize,
    pub(super) span: Range<usize>,
}

impl<'a> Model<'a> {
    /// A model without offers, as a row names it.
    pub(super) fn new(row: i64, unique: &UniqueModelRow<'_>) -> Self {
        let name = text(Some(unique.model_name)).unwrap_or_default();
        let id = text(unique.sample_model_id).filter(|id| !id.is_empty());
        let id = id.as_deref().unwrap_or(&name).rsplit('/').next().unwrap_or_default().to_owned();
        Self { row, id, name, offers: Vec::new() }
    }

    /// Adds an offer; the first of the rows is the one that names the model.
    pub(super) fn add(&mut self, unique: &UniqueModelRow<'_>, offer: Offered<'a>) {
        if offer.row < self.row {
            let named = Self::new(offer.row, unique);
            (self.row, self.id, self.name) = (named.row, named.id, named.name);
        }
        self.offers.push(offer);
    }

    /// Appends the JSON of the model, its offers from the pages where they stand; what it sorts by.
    pub(super) fn write(
        mut self,
        pages: &[Box<[u8]>],
        text: &mut Vec<u8>,
    ) -> serde_json::Result<SortKey> {
        self.offers.sort_by(|a, b| {
            let prices = a.stored_price.partial_cmp(&b.stored_price).unwrap_or(Ordering::Equal);
            prices.then(a.row.cmp(&b.row))
        });
        let cheapest = first_least(&self.offers, |offer| offer.shown_price);
        let fastest = first_least(&self.offers, |offer| Some(offer.response_time.as_ref()?.0));
        let price = cheapest.and_then(|offer| offer.shown_price);
        let fastest_time = fastest.and_then(|offer| offer.response_time.as_ref());
        let fastest_time = fastest_time.map_or("null", |(_, written)| written);
        text.push(b'{');
        field(text, "id", &self.id)?;
        text.push(b',');
        field(text, "name", &self.name)?;
        text.extend_from_slice(b",\"providers\":[");
        for (number, offer) in self.offers.iter().enumerate() {
            if number > 0 {
                text.push(b',');
            }
            let page = pages.get(offer.page).and_then(|page| page.get(offer.span.clone()));
            text.extend_from_slice(page.unwrap_or_default());
        }
        text.extend_from_slice(b"],");
        field(text, "provider_count", &self.offers.len())?;
        text.push(b',');
        field(text, "cheapest_provider", &cheapest.map(|offer| offer.slug))?;
        text.push(b',');
        field(text, "fastest_provider", &fastest.map(|offer| offer.slug))?;
        text.push(b',');
        field(text, "cheapest_prompt_price", &price)?;
        text.extend_from_slice(b",\"fastest_response_time\":");
        text.extend_from_slice(fastest_time.as_bytes());
        text.push(b'}');
        Ok(SortKey {
            provider_count: u32::try_from(self.offers.len()).unwrap_or(u32::MAX),
            name_lower: self.name.to_lowercase().into_boxed_str(),
            cheapest_price: price.unwrap_or(f64::INFINITY),
        })
    }
}

fn field(text: &mut Vec<u8>, name: &str, value: &impl Serialize) -> serde_json::Result<()> {
    text.push(b'"');
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"\":");
    serde_json::to_writer(text, value)
}

/// The first of the offers with the least value; those without a value do not take part.
fn first_least<'o, 'a>(
    offers: &'o [Offered<'a>],
    value: impl Fn(&Offered<'a>) -> Option<f64>,
) -> Option<&'o Offered<'a>> {
    let mut least: Option<(f64, &Offered<'_>)> = None;
    for offer in offers {
        let Some(candidate) = value(offer) else { continue };
        if least.is_none_or(|(least, _)| candidate < least) {
            least = Some((candidate, offer));
        }
    }
    least.map(|(_, offer)| offer)
}

fn text(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}
