//! Settings (DESIGN.md §7): read once, all mistakes reported together, by name and never by value.

use std::{fmt, time::Duration};

use crate::{catalog::KeySpace, ports::Vars};

/// Work behind a response ends after thirty seconds (PLATFORM.md §5): no call may take longer.
const MILLIS_MAX: u64 = 25_000;
/// A year.
const SECONDS_MAX: u64 = 31_536_000;
/// An isolate has 128 MB for everything (PLATFORM.md §5).
const BYTES_MAX: u64 = 100_000_000;

/// What the Worker may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Reads and writes every tier.
    #[default]
    Active,
    /// Reads every tier, writes none of the shared ones.
    ReadOnly,
    /// Asks the origin alone: the rollback.
    Passthrough,
}

/// Times and bounds of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `EDGE_MODE`.
    pub mode: Mode,
    /// `CACHE_TTL_SECONDS`: how long a listing is fresh.
    pub ttl: Duration,
    /// `REVALIDATE_SECONDS`: how long past that it is served at once, with a refresh behind it.
    pub revalidate: Duration,
    /// `STALE_SECONDS`: how long past the TTL it is kept for bad days.
    pub stale: Duration,
    /// `MEMORY_TTL_SECONDS`: how often memory is checked against Redis.
    pub memory_ttl: Duration,
    /// `MEMORY_MAX_BYTES`.
    pub memory_max_bytes: usize,
    /// `UPSTASH_TIMEOUT_MS`.
    pub upstash_timeout: Duration,
    /// `KV_TIMEOUT_MS`.
    pub kv_timeout: Duration,
    /// `ORIGIN_TIMEOUT_MS`, of a whole snapshot load.
    pub origin_timeout: Duration,
    /// `HEDGE_MS`: how long Upstash may be silent before KV is asked too.
    pub hedge: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: Mode::Active,
            ttl: Duration::from_secs(1800),
            revalidate: Duration::from_secs(300),
            stale: Duration::from_secs(86_400),
            memory_ttl: Duration::from_secs(30),
            memory_max_bytes: 33_554_432,
            upstash_timeout: Duration::from_millis(1000),
            kv_timeout: Duration::from_millis(1000),
            origin_timeout: Duration::from_millis(8000),
            hedge: Duration::from_millis(150),
        }
    }
}

/// Everything an operator sets.
#[derive(Clone)]
pub struct Config {
    /// `CACHE_NAMESPACE` as keys.
    pub keys: KeySpace,
    /// Times and bounds.
    pub policy: Policy,
    /// `UPSTASH_REDIS_REST_URL`.
    pub upstash_url: String,
    /// `UPSTASH_REDIS_REST_TOKEN`.
    pub upstash_token: String,
    /// `SUPABASE_URL`.
    pub supabase_url: String,
    /// `SUPABASE_SERVICE_ROLE_KEY`.
    pub supabase_key: String,
    /// `ENABLED_PROVIDERS`: slugs; none means all.
    pub enabled_providers: Vec<String>,
    /// `ADMIN_TOKEN`; without it the admin routes do not exist.
    pub admin_token: Option<String>,
}

impl fmt::Debug for Config {
    /// Secrets are never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// What is wrong with the settings, one sentence for each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads every setting and reports every mistake.
    pub fn from_vars(vars: &dyn Vars) -> Result<Self, ConfigError> {
        let mut reader = Reader { vars, faults: Vec::new() };
        let default = Policy::default();
        let config = Self {
            keys: KeySpace::new(reader.text("CACHE_NAMESPACE").unwrap_or_default()),
            policy: Policy {
                mode: reader.mode(),
                ttl: reader.seconds("CACHE_TTL_SECONDS", default.ttl, 1),
                revalidate: reader.seconds("REVALIDATE_SECONDS", default.revalidate, 0),
                stale: reader.seconds("STALE_SECONDS", default.stale, 0),
                memory_ttl: reader.seconds("MEMORY_TTL_SECONDS", default.memory_ttl, 1),
                memory_max_bytes: reader.bytes("MEMORY_MAX_BYTES", default.memory_max_bytes),
                upstash_timeout: reader.millis("UPSTASH_TIMEOUT_MS", default.upstash_timeout),
                kv_timeout: reader.millis("KV_TIMEOUT_MS", default.kv_timeout),
                origin_timeout: reader.millis("ORIGIN_TIMEOUT_MS", default.origin_timeout),
                hedge: reader.millis("HEDGE_MS", default.hedge),
            },
            upstash_url: reader.url("UPSTASH_REDIS_REST_URL"),
            upstash_token: reader.required("UPSTASH_REDIS_REST_TOKEN"),
            supabase_url: reader.url("SUPABASE_URL"),
            supabase_key: reader.required("SUPABASE_SERVICE_ROLE_KEY"),
            enabled_providers: reader.list("ENABLED_PROVIDERS"),
            admin_token: reader.text("ADMIN_TOKEN"),
        };
        if reader.faults.is_empty() { Ok(config) } else { Err(ConfigError(reader.faults)) }
    }
}

struct Reader<'a> {
    vars: &'a dyn Vars,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        let text = self.vars.get(name)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn required(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.faults.push(format!("{name} is not set"));
            String::new()
        })
    }

    fn url(&mut self, name: &str) -> String {
        let url = self.required(name);
        let schemes = ["http://", "https://"];
        if !url.is_empty() && !schemes.iter().any(|scheme| url.starts_with(scheme)) {
            self.faults.push(format!("{name} must begin with https:// or http://"));
        }
        url
    }

    fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(str::to_owned).collect()
    }

    fn mode(&mut self) -> Mode {
        match self.text("EDGE_MODE").as_deref() {
            None | Some("active") => Mode::Active,
            Some("read_only") => Mode::ReadOnly,
            Some("passthrough") => Mode::Passthrough,
            Some(_) => {
                self.faults.push("EDGE_MODE must be active, read_only or passthrough".to_owned());
                Mode::Active
            }
        }
    }

    fn seconds(&mut self, name: &str, default: Duration, least: u64) -> Duration {
        Duration::from_secs(self.number(name, default.as_secs(), least, SECONDS_MAX))
    }

    fn millis(&mut self, name: &str, default: Duration) -> Duration {
        Duration::from_millis(self.number(name, crate::ports::millis(default), 1, MILLIS_MAX))
    }

    fn bytes(&mut self, name: &str, default: usize) -> usize {
        let default = u64::try_from(default).unwrap_or(u64::MAX);
        usize::try_from(self.number(name, default, 0, BYTES_MAX)).unwrap_or(usize::MAX)
    }

    fn number(&mut self, name: &str, default: u64, least: u64, most: u64) -> u64 {
        let Some(text) = self.text(name) else { return default };
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                self.faults.push(format!("{name} must be a whole number from {least} to {most}"));
                default
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
    fn defaults_are_the_designs() {
        let config = Config::from_vars(&minimal()).ok().unwrap();
        assert_eq!(config.policy, Policy::default());
        assert_eq!(config.keys, KeySpace::default());
        assert_eq!(config.admin_token, None);
        assert!(config.enabled_providers.is_empty());
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
    fn lists_and_modes_are_read() {
        let mut vars = minimal();
        vars.0.extend([("ENABLED_PROVIDERS", " openai, x_ai ,,"), ("EDGE_MODE", "read_only")]);
        let config = Config::from_vars(&vars).ok().unwrap();
        assert_eq!(config.enabled_providers, ["openai", "x_ai"]);
        assert_eq!(config.policy.mode, Mode::ReadOnly);
    }
}
