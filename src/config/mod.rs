//! Settings (docs/operations.md, "Settings"): read once, all mistakes reported together, by name and never by value. Each
//! group of settings has a file with its struct and its reader.

mod admin;
mod policy;
mod reader;
mod supabase;
mod upstash;

use std::fmt;

pub use admin::AdminConfig;
pub use policy::{Mode, Policy};
pub use supabase::SupabaseConfig;
pub use upstash::UpstashConfig;

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
            keys: KeySpace::new(reader.text("CACHE_NAMESPACE").unwrap_or_default()),
            policy: Policy::read(&mut reader),
            upstash: UpstashConfig::read(&mut reader),
            supabase: SupabaseConfig::read(&mut reader),
            admin: AdminConfig::read(&reader),
        };
        let faults = reader.into_faults();
        if faults.is_empty() { Ok(config) } else { Err(ConfigError(faults)) }
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    struct Map(HashMap<&'static str, &'static str>);

    impl Vars for Map {
        fn get(&self, name: &str) -> Option<String> {
            self.0.get(name).map(|value| (*value).to_owned())
        }
    }

    fn minimal() -> Map {
        Map(HashMap::from([
            ("UPSTASH_REDIS_REST_URL", "https://redis.example"),
            ("UPSTASH_REDIS_REST_TOKEN", "secret-token"),
            ("SUPABASE_URL", "https://project.example"),
            ("SUPABASE_SERVICE_ROLE_KEY", "secret-key"),
        ]))
    }

    #[test]
    fn what_is_not_set_has_its_default() {
        let config = Config::from_vars(&minimal()).ok().unwrap();
        assert_eq!(config.policy, Policy::default());
        assert_eq!(config.keys, KeySpace::default());
        assert_eq!(config.admin.token, None);
        assert!(config.supabase.enabled_providers.is_empty());
    }

    #[test]
    fn every_mistake_is_reported_and_no_value() {
        let vars = Map(HashMap::from([
            ("UPSTASH_REDIS_REST_URL", "redis://value-a"),
            ("SUPABASE_SERVICE_ROLE_KEY", "  "),
            ("CACHE_TTL_SECONDS", "0"),
            ("HEDGE_MS", "value-b"),
            ("EDGE_MODE", "value-c"),
        ]));
        let ConfigError(faults) = Config::from_vars(&vars).err().unwrap();
        assert_eq!(faults.len(), 7, "{faults:?}");
        for name in ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN", "SUPABASE_URL"] {
            assert!(faults.iter().any(|fault| fault.starts_with(name)), "{name}");
        }
        assert!(!faults.join(" ").contains("value-"), "{faults:?}");
    }

    #[test]
    fn a_missing_binding_is_reported_with_the_settings() {
        let faults = |vars: &Map, binding: Option<()>| {
            Config::with_binding(vars, "KV", binding).err().map(|ConfigError(faults)| faults)
        };
        assert_eq!(faults(&minimal(), Some(())), None);
        assert_eq!(faults(&minimal(), None).unwrap(), ["KV is not bound"]);
        let mut vars = minimal();
        vars.0.remove("SUPABASE_URL");
        assert_eq!(faults(&vars, Some(())).unwrap(), ["SUPABASE_URL is not set"]);
        assert_eq!(faults(&vars, None).unwrap(), ["SUPABASE_URL is not set", "KV is not bound"]);
    }

    #[test]
    fn lists_and_modes_are_read() {
        let mut vars = minimal();
        vars.0.extend([("ENABLED_PROVIDERS", " openai, x_ai ,,"), ("EDGE_MODE", "read_only")]);
        let config = Config::from_vars(&vars).ok().unwrap();
        assert_eq!(config.supabase.enabled_providers, ["openai", "x_ai"]);
        assert_eq!(config.policy.mode, Mode::ReadOnly);
    }
}
