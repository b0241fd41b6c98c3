//! An operator's word that what is cached is wrong. KV is not deleted from, since a delete there reaches readers as late
//! as any write (docs/platform.md, "KV is eventually consistent"): a marker there tells.

use std::time::Duration;

use serde::Serialize;

use super::history::text_of;
use crate::{
    cache::{
        background::{note_changed, read_mode_if_due},
        isolate::Isolate,
        protocol::Control,
        publish::note_refusal,
        redis,
        telemetry::{Cause, Counter, Event, KvOperation, Operation},
        tiers::{self, Deadline},
    },
    catalog::Source,
    config::Mode,
    ports::{TierError, Timestamp},
};

/// How much of what is cached may still be served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InvalidationMode {
    /// Only when the origin cannot answer.
    #[default]
    Hard,
    /// At once, with a refresh behind it, while it is young enough for that.
    Soft,
}

impl InvalidationMode {
    /// The name in requests, answers and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
        }
    }
}

/// What an invalidation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalidated {
    /// The new epoch.
    pub epoch: u64,
    /// Keys that were unlinked in Redis.
    pub keys_deleted: u64,
    /// Whether KV's marker tells of it by now. If not, isolates that cannot reach Redis learn of it from the next one that does.
    pub marked: bool,
    /// Whether all of Redis was looked through for listings of the backend's that cannot be named.
    pub swept: bool,
}

/// Clients can ask for any number of offers, and the backend writes a key for each: these are named, more are scanned for.
const OFFERS_NAMED: u32 = 64;
/// How many steps of a scan are made in a Redis that others fill.
const SWEEP_STEPS: usize = 20;
/// How long all of a sweep may take.
const SWEEP: Duration = Duration::from_secs(10);

/// Unlinks every listing and snapshot and raises control, as one step in Redis; then tells KV. Isolates, this one included,
/// judge what they hold by it: nothing is forgotten, so what failed midway can be repeated and has lost nothing.
pub(in crate::cache) async fn invalidate(
    isolate: &Isolate,
    mode: InvalidationMode,
) -> Result<Invalidated, TierError> {
    read_mode_if_due(isolate).await;
    if isolate.mode() != Mode::Active {
        return Err(TierError::ReadOnly);
    }
    let begun = isolate.now();
    let mut sources = isolate.state.borrow().sources();
    sources.push(Source::Full);
    let values = isolate.keys.values(&sources, offers_named(isolate));
    let hard = mode == InvalidationMode::Hard;
    let timeout = isolate.policy.upstash_timeout.saturating_mul(5);
    let deadline = Deadline { request: timeout, whole: timeout };
    let note = noted(begun, mode, 0, 0);
    let raised = tiers::redis_within(isolate, deadline, async |session| {
        redis::invalidate(session, hard, &values, &note).await
    })
    .await
    .inspect_err(|error| note_refusal(isolate, error))?;
    isolate.state.borrow_mut().knowledge.learn_control(Some(raised.control), begun);
    tiers::note_raised(isolate, raised.control);
    tiers::leave(isolate).await;
    if raised.healed {
        isolate.log(&Event::Healed { key: &isolate.keys.control() });
    }
    isolate.count(Counter::Invalidations);
    isolate.count(Counter::InvalidationCauses(match mode {
        InvalidationMode::Hard => Cause::OperatorHard,
        InvalidationMode::Soft => Cause::OperatorSoft,
    }));
    note_changed(isolate, sources);
    let marked = mark(isolate).await.is_ok();
    let noted = |found: u64| {
        noted(begun, mode, raised.control.epoch, raised.unlinked.saturating_add(found))
    };
    let (swept, found) = sweep(isolate, noted).await;
    let done = Invalidated {
        epoch: raised.control.epoch,
        keys_deleted: raised.unlinked.saturating_add(found),
        marked,
        swept,
    };
    isolate.log(&Event::Invalidated {
        epoch: done.epoch,
        keys_deleted: done.keys_deleted,
        mode: mode.as_str(),
        marked,
        swept,
    });
    Ok(done)
}

/// The invalidation as it is noted among the latest operations.
fn noted(at: Timestamp, mode: InvalidationMode, epoch: u64, keys_deleted: u64) -> String {
    text_of(&Operation::Invalidation {
        at_ms: at.0,
        cause: "operator",
        mode: mode.as_str(),
        provider: None,
        epoch: Some(epoch),
        keys_deleted,
    })
}

pub(super) fn offers_named(isolate: &Isolate) -> u32 {
    let state = isolate.state.borrow();
    let extents = state.sources().into_iter().filter_map(|source| state.extent(source));
    extents.map(|extent| extent.offers_max).fold(OFFERS_NAMED, u32::max)
}

/// Brings KV's marker up to what is known. A marker that says more is learned from first.
async fn mark(isolate: &Isolate) -> Result<(), TierError> {
    let marker = isolate.keys.marker();
    let read = tiers::kv(isolate, KvOperation::Read, isolate.ports.kv.get(&marker)).await?;
    if let Some(marker) = read.as_deref().and_then(Control::read) {
        let now = isolate.now();
        isolate.state.borrow_mut().knowledge.learn_control(Some(marker), now);
    }
    tiers::raise_marker(isolate).await
}

/// Looks for listings of the backend's under names that are not listed, within bounds; whether all was looked through, and how
/// many there were. What was noted of the invalidation is told of these as well.
async fn sweep(isolate: &Isolate, noted: impl Fn(u64) -> String) -> (bool, u64) {
    let deadline = Deadline { request: isolate.policy.upstash_timeout, whole: SWEEP };
    let mut sweep = redis::Sweep::new();
    let swept = tiers::redis_within(isolate, deadline, async |session| {
        for _ in 0..SWEEP_STEPS {
            sweep.step(session).await?;
            if sweep.is_through() {
                break;
            }
        }
        let through = sweep.is_through();
        // What the last step found.
        sweep.stop();
        if sweep.unlinking() > 0 {
            sweep.note(noted(sweep.unlinking()), noted(0));
        }
        sweep.step(session).await?;
        Ok(through)
    })
    .await;
    (swept == Ok(true), sweep.unlinked)
}
