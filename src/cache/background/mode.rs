//! `EDGE_MODE=kv`: the mode stands under a key in KV, so that it can be changed without a deployment. It is noticed within a minute: KV gives
//! what is 30 s old at the most (docs/platform.md, "KV is eventually consistent"), the data center what is 15, and an isolate asks every 10 at the latest.

use std::time::Duration;

use crate::{
    cache::{
        isolate::{Isolate, ModeInKv},
        telemetry::{Event, KvOperation},
        tiers::{self, NEAR},
    },
    config::Mode,
    ports::{TierError, Timestamp, millis},
};

/// How often an isolate asks its data center,
const EVERY: Duration = Duration::from_secs(10);
/// and KV itself where there is no such cache.
const EVERY_ALONE: Duration = Duration::from_secs(30);
/// By so much an isolate may ask sooner.
const APART: Duration = Duration::from_secs(5);
/// How long the data center keeps what KV said.
const LIFE: Duration = Duration::from_secs(15);
/// How long it keeps what an operator set here: until KV gives nothing older any more.
const SETTLED: Duration = Duration::from_secs(35);
const NAME: &str = "mode";
/// What stands in the data center where KV has no such key.
const NONE: &str = "none";

/// Whether the mode is to be read.
pub(in crate::cache) fn mode_is_due(isolate: &Isolate) -> bool {
    let every = if tiers::is_near(isolate) { EVERY } else { EVERY_ALONE };
    isolate.policy.mode_in_kv && isolate.now().since(isolate.mode_in_kv.get().at) >= every
}

/// Whether nothing has been heard of the mode yet, though KV may have one.
pub(in crate::cache) fn mode_is_unknown(isolate: &Isolate) -> bool {
    isolate.policy.mode_in_kv && isolate.mode_in_kv.get().at == Timestamp::default()
}

/// Why no mode was set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModeError {
    /// `EDGE_MODE` names the mode itself.
    #[error("the mode does not stand in KV")]
    Fixed,
    /// KV did not take it.
    #[error("{0}")]
    Kv(TierError),
}

/// Writes the mode to KV, and tells the data center; gives the one before. Elsewhere it is noticed as any other change.
pub(in crate::cache) async fn set_mode(isolate: &Isolate, mode: Mode) -> Result<Mode, ModeError> {
    if !isolate.policy.mode_in_kv {
        return Err(ModeError::Fixed);
    }
    read_mode_if_due(isolate).await;
    let before = isolate.mode();
    let name = mode.as_str();
    let key = isolate.keys.mode();
    let pieces = [name];
    let put = isolate.ports.kv.put(&key, &pieces, "{}", None);
    tiers::kv_write(isolate, put).await.map_err(ModeError::Kv)?;
    if tiers::life(isolate).is_some() {
        // Who is not told there asks KV.
        let _ = tiers::put_near(isolate, NAME, name, SETTLED, NEAR).await;
    }
    let at = isolate.now();
    isolate.mode_in_kv.set(ModeInKv { mode: Some(mode), is_nonsense: false, at });
    if mode != before {
        isolate.log(&Event::Mode { mode: name });
    }
    Ok(before)
}

/// Reads the mode where it is due.
pub(in crate::cache) async fn read_mode_if_due(isolate: &Isolate) {
    if mode_is_due(isolate) {
        read_mode(isolate).await;
    }
}

/// Reads the mode from the data center, or from KV for all of it. While neither can tell it stays what it was.
pub(in crate::cache) async fn read_mode(isolate: &Isolate) {
    let before = isolate.mode_in_kv.get();
    // Those that were born together must not ask together for ever.
    let early = isolate.ports.clock.random().checked_rem(millis(APART)).unwrap_or_default();
    let at = isolate.now().minus(Duration::from_millis(early));
    isolate.mode_in_kv.set(ModeInKv { at, ..before });
    let Some(text) = said(isolate).await else { return };
    let name = text.trim();
    let mode = Mode::of(name);
    let is_nonsense = mode.is_none() && !name.is_empty() && name != NONE;
    if is_nonsense && !before.is_nonsense {
        isolate.log(&Event::UnknownMode { key: &isolate.keys.mode() });
    }
    // A word that means nothing must not end a rollback.
    let mode = if is_nonsense { before.mode } else { mode };
    isolate.mode_in_kv.set(ModeInKv { mode, is_nonsense, at });
    if mode != before.mode {
        isolate.log(&Event::Mode { mode: isolate.mode().as_str() });
    }
}

async fn said(isolate: &Isolate) -> Option<String> {
    let shares = tiers::life(isolate).is_some();
    if shares && let Ok(Some(text)) = tiers::get_near(isolate, NAME, NEAR).await {
        return Some(text);
    }
    let key = isolate.keys.mode();
    let read = tiers::kv(isolate, KvOperation::Read, isolate.ports.kv.get(&key)).await.ok()?;
    let text = read.unwrap_or_else(|| NONE.to_owned());
    if shares {
        // Who is not told there asks KV.
        let _ = tiers::put_near(isolate, NAME, &text, LIFE, NEAR).await;
    }
    Some(text)
}
