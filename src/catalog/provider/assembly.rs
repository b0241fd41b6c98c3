//! A provider's snapshot in the making, or that of all: an entry is written as soon as its row is read, so that a load holds no rows. What a row
//! lacks of a price is filled in when the entries are put together.

use std::{collections::BTreeMap, ops::Range};

use serde::de::Error;

use super::{
    Facets, Slug,
    entry::{self, Written},
    price::{Pricing, Said},
    rows::{ModelRow, PriceRow, id_of},
};
use crate::catalog::{
    Malformed,
    text::{Text, TextWriter},
};

/// The entries of the rows that were read so far.
#[derive(Debug)]
pub struct Assembly {
    owner: Owner,
    rows: Vec<i64>,
    pages: Vec<Page>,
    /// The price of each id that has none of its own, and the row it is of: the largest primary key wins.
    prices: BTreeMap<Box<str>, Option<(i64, Pricing)>>,
}

/// Whose entries they are.
#[derive(Debug)]
enum Owner {
    /// All of them one provider's.
    One(Slug),
    /// Each that of the provider which its row names, by primary keys.
    Each(BTreeMap<i64, Slug>),
}

impl Owner {
    fn of(&self, row: &ModelRow<'_>) -> Result<&Slug, Malformed> {
        let slug = match self {
            Self::One(slug) => Some(slug),
            Self::Each(slugs) => row.provider_id.and_then(|id| slugs.get(&id)),
        };
        let unasked = || serde_json::Error::custom("a row of nobody who was asked for");
        slug.ok_or_else(|| unasked().into())
    }
}

/// The entries of a page of rows.
#[derive(Debug)]
struct Page {
    json: Box<[u8]>,
    entries: Box<[Written]>,
}

/// What a snapshot is made of.
#[derive(Debug)]
pub struct Assembled {
    /// A JSON array.
    pub text: Text,
    /// Where its entries stand, in bytes.
    pub spans: Vec<Range<u32>>,
    /// What they are filtered by.
    pub facets: Facets,
}

impl Assembly {
    /// No entries yet, of this provider.
    pub fn new(slug: Slug) -> Self {
        Self::of(Owner::One(slug))
    }

    /// No entries yet, of these providers by their primary keys.
    pub fn of_all(slugs: BTreeMap<i64, Slug>) -> Self {
        Self::of(Owner::Each(slugs))
    }

    fn of(owner: Owner) -> Self {
        Self { owner, rows: Vec::new(), pages: Vec::new(), prices: BTreeMap::new() }
    }

    /// Adds a page of rows: a JSON array of `models` with the provider and its prices embedded. Entries keep their order.
    pub fn add(&mut self, page: &str) -> Result<(), Malformed> {
        let rows: Vec<ModelRow<'_>> = serde_json::from_str(page)?;
        let (mut json, mut entries) = (Vec::with_capacity(page.len()), Vec::new());
        for row in rows {
            self.rows.push(row.id);
            let written = entry::write(&row, self.owner.of(&row)?, &mut json)?;
            if let Some((id, _)) = &written.unpriced {
                self.prices.entry(id.clone()).or_default();
            }
            entries.push(written);
        }
        self.pages
            .push(Page { json: json.into_boxed_slice(), entries: entries.into_boxed_slice() });
        Ok(())
    }

    /// The primary keys of all rows that were added.
    pub fn rows(&self) -> &[i64] {
        &self.rows
    }

    /// The ids whose rows say nothing of a price, in ascending order: other rows may.
    pub fn unpriced_ids(&self) -> Vec<String> {
        self.prices.keys().map(ToString::to_string).collect()
    }

    /// Adds what a page of rows of `models`, whosever they are, says of the prices of unpriced ids: a JSON array. Among rows of one
    /// id that say a price the one with the largest primary key wins, in whatever order they come. The primary keys of the page.
    pub fn add_prices(&mut self, page: &str) -> Result<Vec<i64>, Malformed> {
        let rows: Vec<PriceRow<'_>> = serde_json::from_str(page)?;
        for row in &rows {
            let id = id_of(row.provider_model_id.as_deref(), row.model_name.as_deref());
            let Some(known) = id.and_then(|id| self.prices.get_mut(id)) else { continue };
            let PriceRow { pricing_raw, pricing, model_pricing, .. } = *row;
            let said = Said { pricing_raw, pricing, model_pricing }.table();
            if known.as_ref().is_none_or(|(of, _)| *of < row.id)
                && let Some(pricing) = said
            {
                *known = Some((row.id, pricing));
            }
        }
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// The entries in the order in which their rows came.
    pub fn finish(self) -> Result<Assembled, Malformed> {
        let (mut text, mut spans, mut facets) = (TextWriter::default(), Vec::new(), Vec::new());
        text.end().push(b'[');
        for Page { json, entries } in self.pages {
            for entry in entries {
                if !spans.is_empty() {
                    text.end().push(b',');
                }
                let found = entry.unpriced.as_ref().and_then(|(id, _)| self.prices.get(id));
                let found = found.and_then(|known| known.as_ref().map(|(_, pricing)| pricing));
                let start = text.position();
                entry.append(&json, found, text.end())?;
                spans.push(start..text.position());
                text.end_entry();
                facets.push(entry.facet);
            }
        }
        text.end().push(b']');
        Ok(Assembled { text: text.finish(), spans, facets: Facets::new(facets) })
    }
}
