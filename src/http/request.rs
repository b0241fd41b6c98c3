//! A client's request, taken apart by whoever received it.

use std::fmt;

use futures_util::future::LocalBoxFuture;

/// Reads a request's body when somebody asks for it. The argument is the most bytes that are taken; the answer is `None`
/// when the body has more, or broke off.
pub type ReadBody = Box<dyn FnOnce(usize) -> LocalBoxFuture<'static, Option<Vec<u8>>>>;

/// A client's request.
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// What stands behind `?`, as it was sent.
    pub query: String,
    /// The value of `Authorization`.
    pub authorization: Option<String>,
    /// The body, not read yet.
    pub body: ReadBody,
}

impl fmt::Debug for Request {
    /// Credentials and bodies are never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
