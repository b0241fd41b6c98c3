//! Settings (docs/operations.md, "Settings"): read once, all mistakes reported together, by name and never by value. Each
//! group of settings has a file with its struct and its reader.

mod admin;
mod cors;
mod namespace;
mod policy;
mod reader;
mod supabase;
#[cfg(test)]
mod tests;
mod text;
mod upstash;
mod url;

use std::fmt;

pub use admin::AdminConfig;
pub use cors::CorsConfig;
pub use policy::{Mode, Policy};
pub use supabase::SupabaseConfig;
pub use upstash::UpstashConfig;

use xxhash_rust::xxh3::xxh3_64;

use crate::{catalog::KeySpace, ports::Vars};
use reader::Reader;

/// Everything an operator sets.
#[derive(Clone)]
pub struct Config {
    /// The keys under `CACHE_NAMESPACE`.
    pub keys: KeySpace,
    /// Times and bounds of the cache.
    pub policy: Policy,
    /// The Redis tier.
    pub upstash: UpstashConfig,
    /// The origin.
    pub supabase: SupabaseConfig,
    /// The operators' routes.
    pub admin: AdminConfig,
    /// Whose pages may read the catalog.
    pub cors: CorsConfig,
    /// What works but is hardly meant: one sentence each, which names the setting and does not show its value.
    pub warnings: Vec<String>,
}

impl fmt::Debug for Config {
    /// Secrets are never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// What is wrong with the settings: one sentence for each mistake, which names the setting and does not show its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads every setting, and reports every mistake at once.
    pub fn from_vars(vars: &dyn Vars) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(vars);
        let config = Self {
            keys: namespace::read(&mut reader),
            policy: Policy::read(&mut reader),
            upstash: UpstashConfig::read(&mut reader),
            supabase: SupabaseConfig::read(&mut reader),
            admin: AdminConfig::read(&mut reader),
            cors: CorsConfig::read(&mut reader),
            warnings: Vec::new(),
        };
        let fingerprint = config.supabase.fingerprint();
        let deployment = [&config.upstash.url, &config.keys.control(), &fingerprint.to_string()];
        let name = xxh3_64(deployment.map(String::as_str).join("\n").as_bytes());
        let colo = config.policy.colo.map(|_| name);
        let hears_changes = !config.admin.webhook_secrets.is_empty();
        let policy = Policy { colo, hears_changes, fingerprint, ..config.policy };
        let config = Self { policy, ..config };
        let (faults, warnings) = reader.finish();
        if faults.is_empty() { Ok(Self { warnings, ..config }) } else { Err(ConfigError(faults)) }
    }

    /// Reads every setting, together with a binding of the platform that is required by name: a missing one is a mistake
    /// like any other, and is reported with them.
    pub fn with_binding<T>(
        vars: &dyn Vars,
        name: &str,
        binding: Option<T>,
    ) -> Result<(Self, T), ConfigError> {
        match (Self::from_vars(vars), binding) {
            (Ok(config), Some(binding)) => Ok((config, binding)),
            (config, binding) => {
                let faults = config.err().map(|ConfigError(faults)| faults);
                let unbound = binding.is_none().then(|| format!("{name} is not bound"));
                Err(ConfigError(faults.into_iter().flatten().chain(unbound).collect()))
            }
        }
    }
}
