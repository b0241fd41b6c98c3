//! Invalidating: raising the epoch, and unlinking what is cached.

use super::{
    scripts::RAISE,
    session::{Session, command},
};
use crate::ports::TierError;

/// An invalidation that dies leaves its fence for this long.
const FENCE_MS: &str = "30000";
/// Keys of one SCAN step.
const SCAN_COUNT: &str = "1000";

/// When in an invalidation the epoch is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidationStep {
    /// Before anything is unlinked: the fence goes up.
    Before,
    /// After everything is: the fence comes down.
    After,
}

/// Raises the epoch; returns the new one.
pub async fn raise(
    session: Session<'_>,
    step: InvalidationStep,
    hard: bool,
    now_ms: u64,
) -> Result<u64, TierError> {
    let now_ms = now_ms.to_string();
    let hard = if hard { "1" } else { "0" };
    let fence_ms = match step {
        InvalidationStep::Before => FENCE_MS,
        InvalidationStep::After => "0",
    };
    let (epoch, barrier, fence) =
        (session.keys.epoch(), session.keys.barrier(), session.keys.fence());
    let command = command(["EVAL", RAISE, "3", &epoch, &barrier, &fence, &now_ms, hard, fence_ms]);
    let epoch = session.run(vec![command]).await?.integer()?;
    u64::try_from(epoch).map_err(|_| TierError::Malformed)
}

/// Unlinks every listing and snapshot, in one pass over the keys; returns how many there were. Each step has the
/// deadline for itself: a Redis that the backend fills takes many.
pub async fn unlink(session: Session<'_>) -> Result<u64, TierError> {
    let (pattern, prefixes) =
        (format!("{}*", glob_escaped(&session.keys.prefix())), session.keys.invalidated_prefixes());
    let mut cursor = "0".to_owned();
    let mut deleted: u64 = 0;
    loop {
        let scan = command(["SCAN", &cursor, "MATCH", &pattern, "COUNT", SCAN_COUNT]);
        let (next, mut found) = session.run(vec![scan]).await?.scanned()?;
        found.retain(|key| prefixes.iter().any(|prefix| key.starts_with(prefix.as_str())));
        if !found.is_empty() {
            let mut unlink = command(["UNLINK"]);
            unlink.extend(found);
            let count = session.run(vec![unlink]).await?.integer()?;
            deleted = deleted.saturating_add(u64::try_from(count).unwrap_or(0));
        }
        if next == "0" {
            return Ok(deleted);
        }
        cursor = next;
    }
}

/// A namespace may hold characters that have a meaning in SCAN's patterns.
fn glob_escaped(prefix: &str) -> String {
    let special = |c| matches!(c, '*' | '?' | '[' | ']' | '\\' | '^');
    prefix.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}
