//! The origin port over Supabase's REST API, PostgREST (DESIGN.md §6, ANCHORS.md §G): active providers, then every
//! mapping with its unique model and its model embedded, ordered, counted, and paged four at a time.

use std::{collections::BTreeSet, fmt, rc::Rc, time::Duration};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use crate::{
    catalog::{Mapping, ProviderRow, Scope, Snapshot, models},
    ports::{Http, HttpError, HttpRequest, HttpResponse, Load, Origin, OriginError},
};

/// Supabase's own `db-max-rows`: asking for more gets no more.
const PAGE_ROWS_MAX: usize = 1000;
/// A Worker may have six connections open (PLATFORM.md §5); two are left to Redis and KV.
const PAGES_AT_ONCE: usize = 4;

/// Ten times what the largest catalog on record has (REFERENCE.md §8): more is none.
const ROWS_MAX: usize = 200_000;

const PROVIDERS: &str = "providers?select=id,slug,name&is_active=is.true&order=id";
const MAPPINGS: &str = "unique_models_provider?select=id,unique_model_id,provider_id,\
    unique_models!inner(id,model_name,sample_model_id),\
    models!inner(model_name,context_length,health_status,average_response_time_ms,modality,\
    supports_streaming,supports_function_calling,supports_vision,description,\
    pricing:metadata-%3Epricing_raw)&order=id";

/// A client of one project.
pub struct Supabase {
    http: Rc<dyn Http>,
    url: String,
    key: String,
    enabled_providers: Vec<String>,
}

impl fmt::Debug for Supabase {
    /// The key is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supabase").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Supabase {
    /// `url` is `SUPABASE_URL`, the project's root; `key` the service role key, a JWT or `sb_…`;
    /// `enabled_providers` are slugs, none of them meaning all.
    pub fn new(http: Rc<dyn Http>, url: &str, key: &str, enabled_providers: &[String]) -> Self {
        Self {
            http,
            url: url.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
            enabled_providers: enabled_providers.iter().map(|slug| normalized(slug)).collect(),
        }
    }

    fn is_enabled(&self, provider: &ProviderRow) -> bool {
        let Some(slug) = provider.slug.as_deref().filter(|slug| !slug.is_empty()) else {
            return false;
        };
        self.enabled_providers.is_empty() || self.enabled_providers.contains(&normalized(slug))
    }

    /// Every row of a query that orders by a unique column.
    async fn rows(&self, query: &str, timeout: Duration) -> Result<Rows, OriginError> {
        let first = self.page(query, 0, PAGE_ROWS_MAX, true, timeout).await?;
        let range = first.content_range.as_deref().and_then(parse_content_range);
        let (received, total) = range.ok_or(OriginError::Malformed)?;
        if total > ROWS_MAX {
            return Err(OriginError::Malformed);
        }
        if received == 0 && total > 0 {
            return Err(OriginError::CountMismatch { expected: total, distinct: 0 });
        }
        // A first page shorter than asked, with more to come, shows the server's own cap.
        let offsets = (received..total).step_by(received.max(1));
        let pages =
            stream::iter(offsets.map(|offset| self.page(query, offset, received, false, timeout)));
        let rest: Vec<HttpResponse> = pages.buffered(PAGES_AT_ONCE).try_collect().await?;
        let bodies: Vec<String> =
            std::iter::once(first).chain(rest).map(|response| response.body).collect();
        Ok(Rows { bodies, total })
    }

    async fn page(
        &self,
        query: &str,
        offset: usize,
        limit: usize,
        count: bool,
        timeout: Duration,
    ) -> Result<HttpResponse, OriginError> {
        let mut headers = vec![("apikey", self.key.clone())];
        if !self.key.starts_with("sb_") {
            headers.push(("authorization", format!("Bearer {}", self.key)));
        }
        if count {
            headers.push(("prefer", "count=exact".to_owned()));
        }
        let url = format!("{}/rest/v1/{query}&limit={limit}&offset={offset}", self.url);
        let request = HttpRequest { url, headers, body: None };
        let response = self.http.send(request, timeout).await.map_err(|error| match error {
            HttpError::Timeout => OriginError::Timeout,
            HttpError::Unreachable => OriginError::Unreachable,
            HttpError::Malformed => OriginError::Malformed,
        })?;
        match response.status {
            200 | 206 => Ok(response),
            status => Err(OriginError::Refused { status, code: error_code(&response.body) }),
        }
    }
}

#[async_trait(?Send)]
impl Origin for Supabase {
    async fn load(&self, scope: Scope, timeout: Duration) -> Result<Load, OriginError> {
        let rows = self.rows(PROVIDERS, timeout).await?;
        let mut requests = rows.bodies.len();
        let mut providers: Vec<ProviderRow> = rows.parse()?;
        check_ids(providers.iter().map(|provider| provider.id), rows.total)?;
        providers.retain(|provider| self.is_enabled(provider));
        if providers.is_empty() {
            return Ok(Load { snapshot: Snapshot::default(), rows: 0, requests });
        }

        let ids: Vec<String> = providers.iter().map(|provider| provider.id.to_string()).collect();
        let active = match scope {
            Scope::Active => "&models.is_active=is.true",
            Scope::All => "",
        };
        let query = format!("{MAPPINGS}{active}&provider_id=in.({})", ids.join(","));
        let rows = self.rows(&query, timeout).await?;
        requests = requests.saturating_add(rows.bodies.len());
        let mappings: Vec<Mapping<'_>> = rows.parse()?;
        check_ids(mappings.iter().map(|mapping| mapping.id), rows.total)?;
        let count = mappings.len();
        let snapshot = Snapshot::encode(&models(&providers, mappings))?;
        Ok(Load { snapshot, rows: count, requests })
    }
}

struct Rows {
    bodies: Vec<String>,
    total: usize,
}

impl Rows {
    fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<Vec<T>, OriginError> {
        let mut rows = Vec::new();
        for body in &self.bodies {
            let page: Vec<T> = serde_json::from_str(body).map_err(|_| OriginError::Malformed)?;
            rows.extend(page);
        }
        Ok(rows)
    }
}

/// The first half of the integrity gate (DESIGN.md §6): every row that was counted was read, once.
fn check_ids(ids: impl ExactSizeIterator<Item = i64>, expected: usize) -> Result<(), OriginError> {
    let rows = ids.len();
    let distinct = ids.collect::<BTreeSet<i64>>().len();
    if distinct < rows {
        return Err(OriginError::DuplicateIds { rows, distinct });
    }
    if distinct != expected {
        return Err(OriginError::CountMismatch { expected, distinct });
    }
    Ok(())
}

/// `ENABLED_PROVIDERS` is compared as the backend compares it (REFERENCE.md §2.1).
fn normalized(slug: &str) -> String {
    slug.trim().to_lowercase().replace('_', "-")
}

/// `0-999/4500` → (1000, 4500); `*/0` → (0, 0).
fn parse_content_range(text: &str) -> Option<(usize, usize)> {
    let (range, total) = text.split_once('/')?;
    let total = total.parse().ok()?;
    if range == "*" {
        return Some((0, total));
    }
    let (first, last) = range.split_once('-')?;
    let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
    Some((last.checked_sub(first)?.checked_add(1)?, total))
}

fn error_code(body: &str) -> String {
    #[derive(Deserialize)]
    struct Body {
        code: String,
    }
    let code = serde_json::from_str::<Body>(body).map(|body| body.code).unwrap_or_default();
    // PostgREST's and PostgreSQL's codes are short and alphanumeric; anything else is not repeated.
    if code.len() <= 10 && code.chars().all(|c| c.is_ascii_alphanumeric()) {
        code
    } else {
        String::new()
    }
}
