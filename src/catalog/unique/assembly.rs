//! A snapshot in the making: rows are joined with their providers page by page, and an offer is written as soon as its row is
//! read. So a load holds neither all rows nor all fields, but each offer's JSON, and then the text that is put together of it.

use std::{collections::BTreeMap, ops::Range};

use super::{
    model::{Model, Offered},
    offer::Offer,
    rows::{MappingRow, ProviderRow},
    shape::SortKey,
};
use crate::catalog::{
    Malformed,
    text::{Text, TextWriter},
};

/// The models of the rows that were read so far.
#[derive(Debug)]
pub struct Assembly<'a> {
    providers: BTreeMap<i64, &'a ProviderRow>,
    rows: Vec<i64>,
    models: BTreeMap<i64, Model<'a>>,
    /// The JSON of the offers, of each page of rows.
    pages: Vec<Box<[u8]>>,
}

/// What a snapshot is made of.
pub(in crate::catalog) struct Assembled {
    pub(in crate::catalog) text: Text,
    pub(in crate::catalog) spans: Vec<Range<u32>>,
    pub(in crate::catalog) keys: Vec<SortKey>,
}

impl<'a> Assembly<'a> {
    /// No models yet, of these providers. A mapping of any other is no offer.
    pub fn new(providers: &'a [ProviderRow]) -> Self {
        let providers = providers.iter().map(|provider| (provider.id, provider)).collect();
        Self { providers, rows: Vec::new(), models: BTreeMap::new(), pages: Vec::new() }
    }

    /// Adds a page of rows: a JSON array of `unique_models_provider` with its unique model and its model embedded.
    pub fn add(&mut self, page: &str) -> Result<(), Malformed> {
        let rows: Vec<MappingRow<'_>> = serde_json::from_str(page)?;
        let mut written = Vec::with_capacity(page.len());
        for MappingRow { id: row, provider_id, unique_models: unique, models } in rows {
            self.rows.push(row);
            let Some(provider) = self.providers.get(&provider_id) else { continue };
            let slug = provider.slug.as_deref().filter(|slug| !slug.is_empty());
            let Some(slug) = slug else { continue };
            let offer = Offer::new(slug, provider.name.as_deref(), &models);
            let start = written.len();
            serde_json::to_writer(&mut written, &offer)?;
            let offered = Offered {
                row,
                slug,
                stored_price: offer.stored_price(),
                shown_price: offer.shown_price(),
                response_time: offer.response_time().map(|(value, raw)| (value, raw.into())),
                page: self.pages.len(),
                span: start..written.len(),
            };
            let model = self.models.entry(unique.id).or_insert_with(|| Model::new(row, &unique));
            model.add(&unique, offered);
        }
        self.pages.push(written.into_boxed_slice());
        Ok(())
    }

    /// The primary keys of all rows that were added.
    pub fn rows(&self) -> &[i64] {
        &self.rows
    }

    /// The models in ascending order of `unique_models.id`; one without offers is none.
    pub(in crate::catalog) fn finish(self) -> Result<Assembled, Malformed> {
        let Self { models, pages, .. } = self;
        let (mut text, mut spans, mut keys) = (TextWriter::default(), Vec::new(), Vec::new());
        text.end().push(b'[');
        for model in models.into_values() {
            if !keys.is_empty() {
                text.end().push(b',');
            }
            let start = text.position();
            keys.push(model.write(&pages, text.end())?);
            spans.push(start..text.position());
            text.end_entry();
        }
        text.end().push(b']');
        Ok(Assembled { text: text.finish(), spans, keys })
    }
}
