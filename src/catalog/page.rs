//! Which part of a listing a client asked for.

/// `limit` models from `offset` on. Bounds are the query parser's (docs/backend.md, "Query parameters"); an offset past the end is an
/// empty page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most this many models, 1 to 1000.
    pub limit: usize,
    /// How many models to skip. Saturates.
    pub offset: usize,
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 100, offset: 0 }
    }
}
