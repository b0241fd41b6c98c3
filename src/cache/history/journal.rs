//! Reading a source's journal: what this isolate knows, what followed in Redis, or where that does not answer, KV's copy, which readers
//! keep up to date.

use std::{rc::Rc, time::Duration};

use futures_util::FutureExt;

use crate::{
    cache::{
        background::{FollowUp, read_mode_if_due},
        isolate::Isolate,
        protocol::Journal,
        redis,
        state::History,
        telemetry::KvOperation,
        tiers::{self, is_ours},
    },
    catalog::Source,
    config::Mode,
    ports::{TierError, Timestamp},
};

/// Entries in Redis live no longer.
const LIFE: Duration = Duration::from_secs(2_592_000);

/// The journal of a source, and what is left to do behind the answer; none while neither Redis nor KV can tell.
pub(in crate::cache) async fn journal(
    isolate: &Rc<Isolate>,
    source: Source,
) -> (Option<Rc<Journal>>, Option<FollowUp>) {
    read_mode_if_due(isolate).await;
    if isolate.mode() == Mode::Passthrough {
        return (None, None);
    }
    let now = isolate.now();
    let (is_due, known) = {
        let history = &mut isolate.state.borrow_mut().history;
        (history.is_due(source, now), history.journal(source).cloned())
    };
    if !is_due {
        return (known, None);
    }
    let journal = match read(isolate, source, known.as_deref()).await {
        Ok(journal) => Some(journal),
        // What is known is younger than KV's copy.
        Err(_) if known.is_some() => return (known, None),
        Err(_) => copied(isolate, source).await,
    };
    let Some(journal) = journal.map(Rc::new) else { return (None, None) };
    let mut state = isolate.state.borrow_mut();
    state.history.keep(source, Rc::clone(&journal));
    let is_copied = isolate.mode() == Mode::Active && state.history.is_copy_due(source, now);
    let copying = (Rc::clone(isolate), Rc::clone(&journal));
    let copy = is_copied.then(|| {
        FollowUp::SeeThrough(
            async move {
                let (isolate, journal) = copying;
                // A failure is logged where it is found, and the next quarter of an hour tries again.
                let _ = copy(&isolate, source, &journal).await;
            }
            .boxed_local(),
        )
    });
    (Some(journal), copy)
}

/// What is known, and what followed in Redis.
async fn read(
    isolate: &Isolate,
    source: Source,
    known: Option<&Journal>,
) -> Result<Journal, TierError> {
    let last = known.and_then(Journal::last);
    let read =
        tiers::redis(isolate, async |session| redis::read_journal(session, source, last).await)
            .await?;
    let version = read.version.filter(|version| is_ours(isolate, version));
    let current = version.map(|version| version.hash);
    let config = isolate.policy.fingerprint;
    let known = known.cloned().unwrap_or_default();
    Ok(known.followed_by(current, read.follows, read.entries, config))
}

/// KV's copy; none where there is none.
async fn copied(isolate: &Isolate, source: Source) -> Option<Journal> {
    let key = isolate.keys.journal(source);
    let read = tiers::kv(isolate, KvOperation::Read, isolate.ports.kv.get(&key)).await;
    let text = read.ok().flatten()?;
    Some(Journal::of_text(&text, isolate.policy.fingerprint))
}

/// Copies a journal to KV, unless another isolate did so lately.
async fn copy(isolate: &Isolate, source: Source, journal: &Journal) -> Result<(), TierError> {
    let key = isolate.keys.journal(source);
    let listed = tiers::kv(isolate, KvOperation::List, isolate.ports.kv.list(&key)).await?;
    let there = listed.iter().find(|(name, _)| *name == key);
    let copied_at = there.and_then(|(_, metadata)| metadata.as_deref()?.parse().ok());
    let now = isolate.now();
    if copied_at.is_some_and(|at| !History::is_old(Timestamp(at), now)) {
        return Ok(());
    }
    let (text, metadata) = (journal.to_text(), now.0.to_string());
    let pieces = [text.as_str()];
    let put = isolate.ports.kv.put(&key, &pieces, &metadata, Some(LIFE));
    tiers::kv_write(isolate, put).await
}
