//! HTTP as the adapters see it: one request, one response, one deadline.

use std::{fmt, time::Duration};

use async_trait::async_trait;

/// A request that an adapter sends.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The whole URL, query included.
    pub url: String,
    /// Header names and values, secrets among them.
    pub headers: Vec<(&'static str, String)>,
    /// The body in pieces, since it can be as large as a catalog. With one the request is a POST, without a GET.
    pub body: Option<Vec<Vec<u8>>>,
}

impl fmt::Debug for HttpRequest {
    /// Headers carry secrets and bodies whole catalogs: neither is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A response, with the only headers that an adapter reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The value of `Content-Range`, if there is one.
    pub content_range: Option<String>,
    /// The value of `Retry-After`, if there is one.
    pub retry_after: Option<String>,
    /// The value of `upstash-sync-token`, if there is one.
    pub sync_token: Option<String>,
    /// The whole body, as text.
    pub body: String,
}

/// Why there is no response at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Nothing, or not the whole body, came before the deadline.
    #[error("timeout")]
    Timeout,
    /// There was no connection, or it broke.
    #[error("unreachable")]
    Unreachable,
    /// The body is larger than is taken, or is not UTF-8.
    #[error("malformed")]
    Malformed,
}

/// A client of HTTP.
#[async_trait(?Send)]
pub trait Http {
    /// Sends one request and reads the whole response. What takes longer than `timeout`, the body included, is aborted: the
    /// connection is given back, so that a slow server cannot use up the few that an isolate may have.
    async fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, HttpError>;
}
