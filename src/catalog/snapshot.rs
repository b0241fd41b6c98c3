//! Every model of a scope in the origin's order: the one thing the origin is asked for, and what every listing is
//! derived from.

use std::cmp::Ordering;

use super::{
    listing::Listing,
    model::Model,
    record::{self, Malformed, Record},
    selection::{Order, Selection, SortBy},
};

/// A scope's models with what they sort by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    text: String,
    records: Vec<Record>,
    offers_max: u32,
}

impl Snapshot {
    /// Writes models as the text of a snapshot and reads that back, so that what is published is what was checked.
    pub fn encode(models: &[Model<'_>]) -> Result<Self, Malformed> {
        Self::decode(serde_json::to_string(models)?)
    }

    /// Reads the text of a snapshot; what is not whole and well-formed is refused.
    pub fn decode(text: String) -> Result<Self, Malformed> {
        let records = record::records(&text)?;
        let offers_max = records.iter().map(|record| record.key.provider_count).max().unwrap_or(0);
        Ok(Self { text, records, offers_max })
    }

    /// Filters and sorts (REFERENCE.md §2.3): ties keep this snapshot's order in both directions.
    pub fn derive(&self, selection: &Selection) -> Listing {
        let minimum = selection.min_providers.unwrap_or(0);
        let mut records: Vec<&Record> =
            self.records.iter().filter(|record| record.key.provider_count >= minimum).collect();
        records.sort_by(|a, b| match selection.order {
            Order::Asc => compare(selection.sort, a, b),
            Order::Desc => compare(selection.sort, b, a),
        });
        Listing::collect(&self.text, &records)
    }

    /// How many models a selection holds.
    pub fn count(&self, selection: &Selection) -> usize {
        let minimum = selection.min_providers.unwrap_or(0);
        self.records.iter().filter(|record| record.key.provider_count >= minimum).count()
    }

    /// The JSON array, in the origin's order.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of models.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no model: never published (DESIGN.md §6).
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The largest number of offers of any model: beyond it a listing is empty and has no key.
    pub fn offers_max(&self) -> u32 {
        self.offers_max
    }

    /// Each model's JSON object, in order.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.records.iter().filter_map(|record| self.text.get(record.start..record.end))
    }

    /// What this takes in memory, in bytes.
    pub fn bytes(&self) -> usize {
        let names: usize = self.records.iter().map(|record| record.key.name_lower.len()).sum();
        let records = self.records.capacity().saturating_mul(size_of::<Record>());
        self.text.capacity().saturating_add(names).saturating_add(records)
    }
}

fn compare(sort: SortBy, a: &Record, b: &Record) -> Ordering {
    match sort {
        SortBy::ProviderCount => a.key.provider_count.cmp(&b.key.provider_count),
        SortBy::Name => a.key.name_lower.cmp(&b.key.name_lower),
        // JSON has no NaN, and -0.0 must tie with 0.0 as in Python, so not `total_cmp`.
        SortBy::CheapestPrice => {
            a.key.cheapest_price.partial_cmp(&b.key.cheapest_price).unwrap_or(Ordering::Equal)
        }
    }
}
