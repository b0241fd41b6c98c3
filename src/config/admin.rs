//! Who may clear, warm and look.

use std::fmt;

use super::reader::Reader;

/// The operators' routes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AdminConfig {
    /// `ADMIN_TOKEN`: who bears it is an operator. Without it the operators' routes do not exist.
    pub token: Option<String>,
}

impl fmt::Debug for AdminConfig {
    /// The token is never printed, only whether there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminConfig")
            .field("has_token", &self.token.is_some())
            .finish_non_exhaustive()
    }
}

impl AdminConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { token: reader.token("ADMIN_TOKEN") }
    }
}
