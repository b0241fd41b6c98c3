//! Why a value in a cache tier is not what its key names.

/// Where a value stopped being a catalog's JSON. What stands there is not repeated, so it can be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a catalog's JSON at line {line}, column {column}")]
pub struct Malformed {
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Self {
        Self { line: error.line(), column: error.column() }
    }
}
