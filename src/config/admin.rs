//! Who may clear, warm and look.

use std::fmt;

use super::reader::Reader;

/// The operators' routes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AdminConfig {
    /// `ADMIN_TOKEN` and `ADMIN_TOKEN_NEXT`: who bears one of them is an operator. Two, so that a token can be replaced while
    /// the old one is still in use. Without any the operators' routes do not exist.
    pub tokens: Vec<String>,
}

impl fmt::Debug for AdminConfig {
    /// Tokens are never printed, only how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminConfig").field("tokens", &self.tokens.len()).finish()
    }
}

impl AdminConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let tokens = ["ADMIN_TOKEN", "ADMIN_TOKEN_NEXT"].map(|name| reader.secret(name));
        Self { tokens: tokens.into_iter().flatten().collect() }
    }
}
