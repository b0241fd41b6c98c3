//! What PostgREST answers to the queries of the origin's adapter, from tables of the vectors' form: inner joins,
//! filters, pages, counts, a row cap, and no order unless one is asked for.

mod query;
mod rows;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

use async_trait::async_trait;
use model_catalog_edge::ports::{Http, HttpError, HttpRequest, HttpResponse};
use serde_json::{Value, json};

use query::Query;
use rows::Tables;

/// Makes another answer of an answer to a URL, or none.
type Tamper = Box<dyn Fn(&str, HttpResponse) -> Result<HttpResponse, HttpError>>;

/// The tables, and how the server behaves.
pub struct FakePostgrest {
    tables: Rc<Value>,
    /// The same as text, for numbers that no `Value` holds.
    texts: Tables,
    pub rows_max: usize,
    pub requests: RefCell<Vec<HttpRequest>>,
    /// The deadline of each request.
    pub timeouts: RefCell<Vec<Duration>>,
    /// Changes answers before they are sent.
    pub tamper: Tamper,
}

impl FakePostgrest {
    pub fn new(tables: Value) -> Self {
        let tables = Rc::new(tables);
        let texts = Tables::of(&tables);
        Self::over(tables, texts)
    }

    /// Over tables as text. Where a number in it is absurd there is no unique catalog.
    pub fn of_text(tables: &str) -> Self {
        let values = serde_json::from_str(tables).unwrap_or_default();
        Self::over(Rc::new(values), Tables::read(tables))
    }

    fn over(tables: Rc<Value>, texts: Tables) -> Self {
        Self {
            tables,
            texts,
            rows_max: 1000,
            requests: RefCell::default(),
            timeouts: RefCell::default(),
            tamper: Box::new(|_, answer| Ok(answer)),
        }
    }

    fn rows(&self, table: &str) -> &Vec<Value> {
        self.tables[table].as_array().expect("a table")
    }

    fn by_id(&self, table: &str) -> BTreeMap<i64, &Value> {
        self.rows(table).iter().map(|row| (row["id"].as_i64().unwrap(), row)).collect()
    }

    fn mappings(&self, url: &str) -> Vec<Value> {
        let (_, query) = url.split_once('?').unwrap();
        let query: BTreeMap<&str, &str> =
            query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        let (uniques, models) = (self.by_id("unique_models"), self.by_id("models"));
        let wanted = query["provider_id"].trim_start_matches("in.(").trim_end_matches(')');
        let wanted: Vec<i64> = wanted.split(',').map(|id| id.parse().unwrap()).collect();
        let active = query.get("models.is_active") == Some(&"is.true");
        let joined = self.rows("unique_models_provider").iter().filter_map(|row| {
            let unique = uniques.get(&row["unique_model_id"].as_i64()?)?;
            let model = models.get(&row["model_id"].as_i64()?)?;
            if !wanted.contains(&row["provider_id"].as_i64()?)
                || (active && model["is_active"] != json!(true))
            {
                return None;
            }
            let mut embedded = json!({});
            for field in [
                "model_name",
                "context_length",
                "health_status",
                "average_response_time_ms",
                "modality",
                "supports_streaming",
                "supports_function_calling",
                "supports_vision",
                "description",
            ] {
                embedded[field] = model[field].clone();
            }
            // `->` of what is no object is NULL.
            embedded["pricing"] =
                model["metadata"].get("pricing_raw").cloned().unwrap_or(Value::Null);
            if query["select"].contains("model_pricing(") {
                let mut rows = self.rows("model_pricing").iter();
                let row = rows.find(|priced| priced["model_id"] == model["id"]);
                embedded["model_pricing"] = row.map_or(Value::Null, |row| {
                    let [input, output] = ["price_per_input_token", "price_per_output_token"];
                    json!({ input: row[input], output: row[output] })
                });
            }
            let unique = json!({
                "id": unique["id"], "model_name": unique["model_name"],
                "sample_model_id": unique["sample_model_id"],
            });
            let (id, provider) = (row["id"].clone(), row["provider_id"].clone());
            Some(json!({
                "id": id, "unique_model_id": row["unique_model_id"], "provider_id": provider,
                "unique_models": unique, "models": embedded,
            }))
        });
        let mut joined: Vec<Value> = joined.collect();
        if query.get("order") == Some(&"id") {
            joined.sort_by_key(|row| row["id"].as_i64());
        } else {
            joined.reverse();
        }
        joined
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let query = Query::read(&request.url);
        let (total, page) = if query.table == "unique_models_provider" {
            let rows = self.mappings(&request.url);
            let page = rows.iter().skip(query.offset).take(query.limit.min(self.rows_max));
            (rows.len(), page.map(Value::to_string).collect())
        } else {
            self.texts.select(&query, self.rows_max)
        };
        let counted = request.headers.contains(&("prefer", "count=exact".to_owned()));
        let total = if counted { total.to_string() } else { "*".to_owned() };
        let range = match page.len() {
            0 => "*".to_owned(),
            rows => format!("{}-{}", query.offset, query.offset + rows - 1),
        };
        HttpResponse {
            status: 200,
            content_range: Some(format!("{range}/{total}")),
            body: format!("[{}]", page.join(",")),
            ..HttpResponse::default()
        }
    }
}

#[async_trait(?Send)]
impl Http for FakePostgrest {
    async fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, HttpError> {
        let answer = self.answer(&request);
        let answer = (self.tamper)(&request.url, answer);
        self.requests.borrow_mut().push(request);
        self.timeouts.borrow_mut().push(timeout);
        answer
    }
}
