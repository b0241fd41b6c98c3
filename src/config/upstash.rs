//! Where Redis is, and who may use it.

use std::fmt;

use super::reader::Reader;

/// The Upstash database.
#[derive(Clone, PartialEq, Eq)]
pub struct UpstashConfig {
    /// `UPSTASH_REDIS_REST_URL`: where the database's REST API is, without a slash at the end.
    pub url: String,
    /// `UPSTASH_REDIS_REST_TOKEN`: the secret that opens it.
    pub token: String,
}

impl fmt::Debug for UpstashConfig {
    /// The token is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstashConfig").field("url", &self.url).finish_non_exhaustive()
    }
}

impl UpstashConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            url: reader.url("UPSTASH_REDIS_REST_URL"),
            token: reader.required("UPSTASH_REDIS_REST_TOKEN"),
        }
    }
}
