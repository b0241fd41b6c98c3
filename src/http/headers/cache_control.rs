//! `Cache-Control` (RFC 9111, RFC 5861): what caches downstream may do with a response. Every response says it
//! (docs/platform.md, "Without a directive a response is cached").

/// A listing: past a minute of age a cache serves it while it asks again, up to a listing's own TTL, and for a day when
/// nothing answers. `s-maxage` and `must-revalidate` would switch that off (docs/platform.md, "Some directives switch stale
/// serving off").
pub(crate) const LISTING: &str =
    "public, max-age=60, stale-while-revalidate=1740, stale-if-error=86400";

/// What changes with a deployment only.
pub(crate) const MINUTES: &str = "public, max-age=300";

/// Everything else: errors, and what operators see.
pub(crate) const NO_STORE: &str = "no-store";
