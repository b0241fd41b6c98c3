//! Who may clear, warm and look, who may scrape, and who may say that the tables changed.

use std::fmt;

use super::reader::Reader;

/// The routes that need credentials.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AdminConfig {
    /// `ADMIN_TOKEN` and `ADMIN_TOKEN_NEXT`: who bears one of them is an operator. Two, so that a token can be replaced while
    /// the old one is still in use. Without any the operators' routes do not exist.
    pub tokens: Vec<String>,
    /// `METRICS_TOKEN` and `METRICS_TOKEN_NEXT`: who bears one of them may read the metrics, and nothing else.
    pub metrics_tokens: Vec<String>,
    /// `WEBHOOK_SECRET` and `WEBHOOK_SECRET_NEXT`: who knows one of them may say that the tables changed. Without any that route
    /// does not exist.
    pub webhook_secrets: Vec<String>,
}

impl fmt::Debug for AdminConfig {
    /// Tokens are never printed, only how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminConfig")
            .field("tokens", &self.tokens.len())
            .field("metrics_tokens", &self.metrics_tokens.len())
            .field("webhook_secrets", &self.webhook_secrets.len())
            .finish()
    }
}

impl AdminConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mut secrets = |names: [&str; 2]| -> Vec<String> {
            names.into_iter().filter_map(|name| reader.secret(name)).collect()
        };
        Self {
            tokens: secrets(["ADMIN_TOKEN", "ADMIN_TOKEN_NEXT"]),
            metrics_tokens: secrets(["METRICS_TOKEN", "METRICS_TOKEN_NEXT"]),
            webhook_secrets: secrets(["WEBHOOK_SECRET", "WEBHOOK_SECRET_NEXT"]),
        }
    }
}
