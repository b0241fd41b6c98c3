//! HTTP as the adapters see it: one request, one answer, one deadline.

use std::{fmt, time::Duration};

use async_trait::async_trait;

/// A request of an adapter.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The whole URL.
    pub url: String,
    /// Header names and values, secrets among them.
    pub headers: Vec<(&'static str, String)>,
    /// A body makes it a POST, none a GET.
    pub body: Option<String>,
}

impl fmt::Debug for HttpRequest {
    /// Headers carry secrets and bodies whole catalogs: neither is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

/// An answer, with the only headers that an adapter reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// `Content-Range`.
    pub content_range: Option<String>,
    /// The whole body.
    pub body: String,
}

/// Why there is no answer at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Nothing, or not the whole body, before the deadline.
    #[error("timeout")]
    Timeout,
    /// No connection, or it broke.
    #[error("unreachable")]
    Unreachable,
    /// The body is larger than we take, or no UTF-8.
    #[error("malformed")]
    Malformed,
}

/// Sends requests. The deadline covers the body as well, and what outlives it is aborted.
#[async_trait(?Send)]
pub trait Http {
    /// Sends one request.
    async fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, HttpError>;
}
