//! Who may clear, warm and look, and who may scrape.

use std::fmt;

use super::reader::Reader;

/// The operators' routes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AdminConfig {
    /// `ADMIN_TOKEN`: who bears it is an operator. Without it the operators' routes do not exist.
    pub token: Option<String>,
    /// `METRICS_TOKEN`: who bears it may read the metrics, and nothing else.
    pub metrics_token: Option<String>,
}

impl fmt::Debug for AdminConfig {
    /// Tokens are never printed, only whether there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminConfig")
            .field("has_token", &self.token.is_some())
            .field("has_metrics_token", &self.metrics_token.is_some())
            .finish_non_exhaustive()
    }
}

impl AdminConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let (token, metrics_token) = (reader.token("ADMIN_TOKEN"), reader.token("METRICS_TOKEN"));
        Self { token, metrics_token }
    }
}
