//! Times, bounds and the mode: everything that shapes what the cache does.

use std::time::Duration;

use super::reader::Reader;

/// What the Worker does with its tiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Reads and writes every tier.
    #[default]
    Active,
    /// Reads every tier, writes none of the shared ones.
    ReadOnly,
    /// Asks the origin alone, as if there were no cache.
    Passthrough,
}

/// Times and bounds of the cache (docs/operations.md, "Settings").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `EDGE_MODE`: what is done as long as KV's key says nothing else.
    pub mode: Mode,
    /// `EDGE_MODE=kv`: whether KV's key says what is done.
    pub mode_in_kv: bool,
    /// `CACHE_TTL_SECONDS`: how long after the origin was read a listing is fresh.
    pub ttl: Duration,
    /// `REVALIDATE_SECONDS`: how long past the TTL a listing is served at once, with a refresh behind the response.
    pub revalidate: Duration,
    /// `STALE_SECONDS`: how long past the TTL a listing may be served while the origin cannot answer.
    pub stale: Duration,
    /// `MEMORY_TTL_SECONDS`: how long memory is trusted before it is checked against Redis.
    pub memory_ttl: Duration,
    /// `MEMORY_MAX_BYTES`: how much the memory tier may hold.
    pub memory_max_bytes: usize,
    /// `UPSTASH_TIMEOUT_MS`: how long a call of Redis may take.
    pub upstash_timeout: Duration,
    /// `KV_TIMEOUT_MS`: how long a call of KV may take.
    pub kv_timeout: Duration,
    /// `ORIGIN_TIMEOUT_MS`: how long the load of a whole snapshot may take.
    pub origin_timeout: Duration,
    /// `HEDGE_MS`: how long Redis may be silent before KV is asked too.
    pub hedge: Duration,
    /// `COLO_CACHE`: what this deployment's entries in the data center's cache begin with; none when it is switched off.
    pub colo: Option<u64>,
    /// Whether webhooks tell of changes: there is a `WEBHOOK_SECRET`.
    pub hears_changes: bool,
    /// `WORKERS_CACHE`: whether the platform's cache stands in front of this Worker.
    pub front: bool,
    /// `WARM_SUBREQUESTS`: how many subrequests a cron run may make for providers' catalogs.
    pub warm_subrequests: u64,
    /// `LOG_HITS_ONE_IN`: of so many answers from memory one is logged; 0 logs none.
    pub log_hits_one_in: u64,
    /// A fingerprint of the settings that shape the content: what another one's deployment cached is not used.
    pub fingerprint: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: Mode::Active,
            mode_in_kv: false,
            ttl: Duration::from_secs(1800),
            revalidate: Duration::from_secs(300),
            stale: Duration::from_secs(86_400),
            memory_ttl: Duration::from_secs(30),
            memory_max_bytes: 33_554_432,
            upstash_timeout: Duration::from_millis(1000),
            kv_timeout: Duration::from_millis(1000),
            origin_timeout: Duration::from_millis(8000),
            hedge: Duration::from_millis(150),
            colo: Some(0),
            hears_changes: false,
            front: false,
            warm_subrequests: 24,
            log_hits_one_in: 100,
            fingerprint: 0,
        }
    }
}

impl Policy {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let default = Self::default();
        let (mode, mode_in_kv) = Mode::read(reader);
        Self {
            mode,
            mode_in_kv,
            ttl: reader.seconds("CACHE_TTL_SECONDS", default.ttl, 1),
            revalidate: reader.seconds("REVALIDATE_SECONDS", default.revalidate, 0),
            stale: reader.seconds("STALE_SECONDS", default.stale, 0),
            memory_ttl: reader.seconds("MEMORY_TTL_SECONDS", default.memory_ttl, 1),
            memory_max_bytes: reader.bytes("MEMORY_MAX_BYTES", default.memory_max_bytes),
            upstash_timeout: reader.millis("UPSTASH_TIMEOUT_MS", default.upstash_timeout),
            kv_timeout: reader.millis("KV_TIMEOUT_MS", default.kv_timeout),
            origin_timeout: reader.millis("ORIGIN_TIMEOUT_MS", default.origin_timeout),
            hedge: reader.millis("HEDGE_MS", default.hedge),
            // Under which name is not for this setting to say.
            colo: reader.switch("COLO_CACHE", true).then_some(0),
            front: reader.switch("WORKERS_CACHE", default.front),
            hears_changes: default.hears_changes,
            warm_subrequests: reader.count("WARM_SUBREQUESTS", default.warm_subrequests),
            log_hits_one_in: reader.count("LOG_HITS_ONE_IN", default.log_hits_one_in),
            fingerprint: default.fingerprint,
        }
    }
}

impl Mode {
    /// A mode by its name; none where there is no such mode.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "active" => Some(Self::Active),
            "read_only" => Some(Self::ReadOnly),
            "passthrough" => Some(Self::Passthrough),
            _ => None,
        }
    }

    /// The name in settings, statistics and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::ReadOnly => "read_only",
            Self::Passthrough => "passthrough",
        }
    }

    /// The mode that is set, and whether KV's key decides instead.
    fn read(reader: &mut Reader<'_>) -> (Self, bool) {
        let text = reader.text("EDGE_MODE");
        match text.as_deref() {
            None => (Self::Active, false),
            Some("kv") => (Self::Active, true),
            Some(name) => {
                let mode = Self::of(name).unwrap_or_else(|| {
                    reader.fault("EDGE_MODE", "must be active, read_only, passthrough or kv");
                    Self::Active
                });
                (mode, false)
            }
        }
    }
}
