//! A snapshot in the making: rows are joined with their providers page by page, and an offer is written as soon as its row is
//! read. So a load holds neither all rows nor all fields, but each offer's JSON, and then the text that is put together of it.

use std::{collections::BTreeMap, ops::Range};

use super::{
    model::{Model, Offered},
    offer::Offer,
    price::PriceFallback,
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
    price_fallback: PriceFallback,
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
        let (rows, models, pages) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { providers, rows, models, pages, price_fallback: PriceFallback::Off }
    }

    /// The same, with prices that offers do not have themselves from there.
    #[must_use]
    pub fn with_price_fallback(self, price_fallback: PriceFallback) -> Self {
        Self { price_fallback, ..self }
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
            let offer = Offer::new(slug, provider.name.as_deref(), &models, self.price_fallback);
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::catalog::{Scope, Snapshot};

    fn provider(id: i64, slug: Option<&str>) -> ProviderRow {
        let slug = slug.map(str::to_owned);
        ProviderRow { id, name: slug.as_ref().map(|slug| slug.to_uppercase()), slug }
    }

    /// A row of an offer: which one, of whom, of which model; its price and its response time.
    fn row(ids: [i64; 3], name: &str, price: &Value, ms: &Value) -> Value {
        let [id, provider, model] = ids;
        json!({
            "id": id,
            "provider_id": provider,
            "unique_models": { "id": model, "model_name": name, "sample_model_id": format!("org/{name}-id") },
            "models": {
                "context_length": 8, "health_status": null, "average_response_time_ms": ms,
                "modality": "text", "supports_streaming": true, "supports_function_calling": false,
                "supports_vision": null, "description": "d", "model_name": name,
                "pricing": { "prompt": price, "completion": 2 },
            },
        })
    }

    fn assembled(pages: &[Vec<Value>]) -> Vec<Value> {
        let providers = [
            provider(1, Some("a")),
            provider(2, Some("b")),
            provider(3, Some("c")),
            provider(4, Some("")),
            provider(5, None),
        ];
        let mut assembly = Assembly::new(&providers);
        for page in pages {
            assembly.add(&json!(page).to_string()).unwrap();
        }
        let rows: Vec<i64> =
            pages.iter().flatten().map(|row| row["id"].as_i64().unwrap()).collect();
        assert_eq!(assembly.rows(), rows);
        let snapshot = Snapshot::assembled(assembly).unwrap();
        let text = snapshot.text().to_string();
        let decoded = Snapshot::decode(Scope::Active.into(), text.clone()).unwrap();
        assert_eq!(snapshot, decoded, "what is assembled is what its text is read as");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn models_are_put_together_of_all_pages() {
        let null = Value::Null;
        let models = assembled(&[
            vec![row([5, 1, 9], "later", &json!("0.5"), &json!(20.5))],
            vec![
                row([3, 2, 9], "first", &json!("0.25"), &json!(30)),
                row([6, 3, 9], "last", &json!("0.25"), &json!(10)),
                row([7, 1, 7], "other", &null, &null),
                row([8, 4, 7], "no slug", &json!(1), &json!(1)),
                row([9, 5, 7], "no slug", &json!(1), &json!(1)),
                row([10, 99, 8], "no provider", &json!(1), &json!(1)),
            ],
        ]);
        let names: Vec<&Value> = models.iter().map(|model| &model["name"]).collect();
        assert_eq!(names, ["other", "first"], "by the model's key, named by its first row");
        let slugs = |model: &Value| -> Vec<Value> {
            let offers = model["providers"].as_array().unwrap();
            offers.iter().map(|offer| offer["slug"].clone()).collect()
        };
        assert_eq!(slugs(&models[0]), ["a"]);
        assert_eq!(slugs(&models[1]), ["b", "c", "a"], "by price, then by row");
        let told = |model: &Value| {
            let fields = [
                "id",
                "provider_count",
                "cheapest_provider",
                "cheapest_prompt_price",
                "fastest_provider",
                "fastest_response_time",
            ];
            fields.map(|field| model[field].clone())
        };
        let unpriced = [json!("other-id"), json!(1), json!("a"), json!(0.0), null.clone(), null];
        assert_eq!(told(&models[0]), unpriced);
        let priced = [json!("first-id"), json!(3), json!("b"), json!(0.25), json!("c"), json!(10)];
        assert_eq!(told(&models[1]), priced);
        assert_eq!(
            models[1]["providers"][2].to_string(),
            r#"{"slug":"a","name":"A","pricing":{"prompt":"0.5","completion":"2","image":"0","request":"0"},"context_length":8,"health_status":null,"average_response_time_ms":20.5,"modality":"text","supports_streaming":true,"supports_function_calling":false,"supports_vision":null,"description":"d","model_name":"later"}"#
        );
    }

    #[test]
    fn a_model_without_a_sample_is_called_by_its_name() {
        let mut rows = [row([1, 1, 1], "x/y", &Value::Null, &Value::Null)];
        for sample in [Value::Null, json!("")] {
            rows[0]["unique_models"]["sample_model_id"] = sample;
            assert_eq!(assembled(&[rows.to_vec()])[0]["id"], "y");
        }
        assert_eq!(assembled(&[]), Vec::<Value>::new());
    }
}
