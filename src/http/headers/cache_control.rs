//! `Cache-Control` (RFC 9111, RFC 5861): what caches downstream may do with a response. Every response says it, since
//! a cache that is told nothing guesses: Workers Cache would keep a 200 for two hours.

/// A listing: past a minute of age a cache serves it while it asks again, up to a listing's own TTL, and for a day when
/// nothing answers. `s-maxage` and `must-revalidate` would switch both off in Workers Cache.
pub(crate) const LISTING: &str =
    "public, max-age=60, stale-while-revalidate=1740, stale-if-error=86400";

/// Everything else: errors, and what operators see.
pub(crate) const NO_STORE: &str = "no-store";
