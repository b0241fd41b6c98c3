//! What a client asked for.

use crate::http::request::RequestHeaders;

/// A request for a catalog.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// What stands in the path for its variables.
    pub(crate) values: &'a [&'a str],
    /// What stands behind `?`, as it was sent.
    pub(crate) query: &'a str,
    /// What its headers say.
    pub(crate) headers: &'a RequestHeaders,
    /// What the request is called in the log.
    pub(crate) request_id: &'a str,
}

impl<'a> Asked<'a> {
    /// What stands for a variable of the path, by its position.
    pub(super) fn value(&self, position: usize) -> &'a str {
        self.values.get(position).copied().unwrap_or_default()
    }
}
