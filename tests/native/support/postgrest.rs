//! What PostgREST answers to the two queries of the origin's adapter, from tables of the vectors' form: inner joins,
//! filters, pages, counts, a row cap, and no order unless one is asked for.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use model_catalog_edge::ports::{Http, HttpError, HttpRequest, HttpResponse};
use serde_json::{Value, json};

/// Makes another answer of an answer to a URL, or none.
type Tamper = Box<dyn Fn(&str, HttpResponse) -> Result<HttpResponse, HttpError>>;

/// The tables, and how the server behaves.
pub struct FakePostgrest {
    tables: Value,
    pub rows_max: usize,
    pub requests: RefCell<Vec<HttpRequest>>,
    /// The deadline of each request.
    pub timeouts: RefCell<Vec<Duration>>,
    /// Changes answers before they are sent.
    pub tamper: Tamper,
}

impl FakePostgrest {
    pub fn new(tables: Value) -> Self {
        Self {
            tables,
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

    fn providers(&self) -> Vec<Value> {
        let active = self.rows("providers").iter().filter(|row| row["is_active"] == json!(true));
        active
            .map(|row| json!({"id": row["id"], "slug": row["slug"], "name": row["name"]}))
            .collect()
    }

    fn mappings(&self, query: &BTreeMap<String, String>) -> Vec<Value> {
        let (uniques, models) = (self.by_id("unique_models"), self.by_id("models"));
        let wanted = query["provider_id"].trim_start_matches("in.(").trim_end_matches(')');
        let wanted: Vec<i64> = wanted.split(',').map(|id| id.parse().unwrap()).collect();
        let active = query.get("models.is_active").map(String::as_str) == Some("is.true");
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
        joined.collect()
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let (_, target) = request.url.split_once("/rest/v1/").expect("the REST path");
        let (table, query) = target.split_once('?').unwrap();
        let query: BTreeMap<String, String> = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut rows = match table {
            "providers" => self.providers(),
            _ => self.mappings(&query),
        };
        if query.get("order").map(String::as_str) == Some("id") {
            rows.sort_by_key(|row| row["id"].as_i64());
        } else {
            rows.reverse();
        }
        let total = rows.len();
        let (limit, offset): (usize, usize) =
            (query["limit"].parse().unwrap(), query["offset"].parse().unwrap());
        let end = offset.saturating_add(limit.min(self.rows_max)).min(total);
        let page = rows.get(offset..end).unwrap_or_default();
        let counted = request.headers.contains(&("prefer", "count=exact".to_owned()));
        let total = if counted { total.to_string() } else { "*".to_owned() };
        let range = if page.is_empty() { "*".to_owned() } else { format!("{offset}-{}", end - 1) };
        HttpResponse {
            status: 200,
            content_range: Some(format!("{range}/{total}")),
            body: serde_json::to_string(page).unwrap(),
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
