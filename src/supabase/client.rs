//! One page of a query: what is sent, and what a refusal says.

use std::{fmt, rc::Rc, time::Duration};

use serde::Deserialize;

use crate::ports::{Http, HttpError, HttpRequest, HttpResponse, OriginError};

/// A client of one project's REST API.
pub(super) struct Client {
    http: Rc<dyn Http>,
    url: String,
    key: String,
}

impl fmt::Debug for Client {
    /// The key is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(http: Rc<dyn Http>, url: &str, key: &str) -> Self {
        Self { http, url: url.trim_end_matches('/').to_owned(), key: key.to_owned() }
    }

    pub(super) async fn page(
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

/// How many rows a page has, and how many there are: of `0-999/4500` it is (1000, 4500), of `*/0` (0, 0).
pub(super) fn parse_content_range(text: &str) -> Option<(usize, usize)> {
    let (range, total) = text.split_once('/')?;
    let total = total.parse().ok()?;
    if range == "*" {
        return Some((0, total));
    }
    let (first, last) = range.split_once('-')?;
    let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
    Some((last.checked_sub(first)?.checked_add(1)?, total))
}

/// The code in the body of an error; empty when there is none.
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
