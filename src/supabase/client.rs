//! One request for one page: what is sent, and what a failure says.

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

/// A part of a query's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) offset: usize,
    pub(super) limit: usize,
    /// Whether the server is to count all rows of the query.
    pub(super) is_counted: bool,
}

/// Why a request gave no page.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: OriginError,
    /// How long the server wants to be left alone, if it says so in seconds.
    pub(super) retry_after: Option<Duration>,
}

impl From<OriginError> for Failure {
    fn from(error: OriginError) -> Self {
        Self { error, retry_after: None }
    }
}

impl Client {
    pub(super) fn new(http: Rc<dyn Http>, url: &str, key: &str) -> Self {
        Self { http, url: url.trim_end_matches('/').to_owned(), key: key.to_owned() }
    }

    /// Asks for a page once; the request is aborted after `timeout`.
    pub(super) async fn ask(
        &self,
        query: &str,
        page: Page,
        timeout: Duration,
    ) -> Result<HttpResponse, Failure> {
        let Page { offset, limit, is_counted } = page;
        let url = format!("{}/rest/v1/{query}&limit={limit}&offset={offset}", self.url);
        let request = HttpRequest { url, headers: self.headers(is_counted), body: None };
        let response = self.http.send(request, timeout).await.map_err(|error| match error {
            HttpError::Timeout => OriginError::Timeout,
            HttpError::Unreachable => OriginError::Unreachable,
            HttpError::Malformed => OriginError::Malformed,
        })?;
        match response.status {
            200 | 206 if is_array(&response.body) => Ok(response),
            200 | 206 => Err(OriginError::Malformed.into()),
            status => {
                let error = OriginError::Refused { status, code: error_code(&response.body) };
                Err(Failure {
                    error,
                    retry_after: response.retry_after.and_then(|text| seconds(&text)),
                })
            }
        }
    }

    /// A JWT goes into both headers, a newer key into one (docs/platform.md, "Supabase keys").
    fn headers(&self, is_counted: bool) -> Vec<(&'static str, String)> {
        let mut headers = vec![("apikey", self.key.clone())];
        if !self.key.starts_with("sb_") {
            headers.push(("authorization", format!("Bearer {}", self.key)));
        }
        if is_counted {
            headers.push(("prefer", "count=exact".to_owned()));
        }
        headers
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

/// Whether a page is there from its beginning to its end: a gateway's own page is not, nor one that was cut.
fn is_array(body: &str) -> bool {
    let body = body.trim_ascii();
    body.starts_with('[') && body.ends_with(']')
}

/// `Retry-After` in seconds. The other form, a date, is not sent by anything that stands before PostgREST.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_counts() {
        for (text, expected) in [
            ("0-999/4500", Some((1000, 4500))),
            ("0-0/1", Some((1, 1))),
            ("*/0", Some((0, 0))),
            ("0-9/*", None),
            ("9-0/10", None),
            ("0-9", None),
            ("", None),
        ] {
            assert_eq!(parse_content_range(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_page_has_both_ends() {
        for (body, expected) in [
            ("[]", true),
            (" [{\"id\":1}]\n", true),
            ("", false),
            ("[", false),
            ("]", false),
            ("[{\"id\":1", false),
            ("<html>", false),
            ("{\"id\":[1]}", false),
        ] {
            assert_eq!(is_array(body), expected, "{body:?}");
        }
    }

    #[test]
    fn a_wish_is_in_whole_seconds() {
        for (text, expected) in
            [("1", Some(1)), (" 30 ", Some(30)), ("0", Some(0)), ("1.5", None), ("-1", None)]
        {
            assert_eq!(seconds(text), expected.map(Duration::from_secs), "{text:?}");
        }
        assert_eq!(seconds("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }
}
