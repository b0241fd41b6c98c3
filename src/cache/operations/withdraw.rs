//! Declares what is cached of one source wrong, and of no other.

use super::{
    history::note,
    invalidate::{InvalidationMode, offers_named},
};
use crate::{
    cache::{
        background::{note_changed, read_mode_if_due},
        isolate::Isolate,
        protocol::{Place, Version},
        publish::note_refusal,
        redis,
        telemetry::{Cause, Counter, Event, Operation},
        tiers::{self, Deadline, is_ours},
    },
    catalog::{Slug, Source},
    config::Mode,
    ports::{TierError, millis},
};

/// What the withdrawal of a source did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Keys that were unlinked in Redis.
    pub keys_deleted: u64,
}

/// Unlinks what there is of a source, and the backend's list of all that a provider is part of, and leaves a version that says so, as one step in Redis. Isolates find it with
/// their next check, as they find any version; KV's copy is judged by it. Its back-off is forgotten as well.
pub(in crate::cache) async fn withdraw(
    isolate: &Isolate,
    source: Source,
    mode: InvalidationMode,
) -> Result<Withdrawal, TierError> {
    read_mode_if_due(isolate).await;
    if isolate.mode() != Mode::Active {
        return Err(TierError::ReadOnly);
    }
    let begun = isolate.now();
    // What is published says how large the source was: the gate's yardstick must outlive it.
    let there = tiers::check(isolate, &[source]).await?.version(source);
    let last = there.filter(|there| is_ours(isolate, there)).unwrap_or_else(|| unknown(isolate));
    let cascade = matches!(source, Source::Provider(_)).then_some(Source::Full);
    let sources: Vec<Source> = [source].into_iter().chain(cascade).collect();
    let mut values = isolate.keys.values(&sources, offers_named(isolate));
    values.push(isolate.keys.backoff(source));
    let hard = mode == InvalidationMode::Hard;
    let remembered = isolate.policy.ttl.saturating_add(isolate.policy.stale);
    let timeout = isolate.policy.upstash_timeout.saturating_mul(5);
    let deadline = Deadline { request: timeout, whole: timeout };
    let withdrawn = tiers::redis_within(isolate, deadline, async |session| {
        redis::withdraw(session, source, hard, &last, remembered, values).await
    })
    .await
    .inspect_err(|error| note_refusal(isolate, error))?;
    {
        let mut state = isolate.state.borrow_mut();
        state.knowledge.learn_control(withdrawn.control, begun);
        state.learn_version(source, withdrawn.version);
        state.backoff(source).succeeded();
    }
    tiers::note_published(isolate, source, withdrawn.version);
    tiers::leave(isolate).await;
    isolate.count(Counter::Invalidations);
    isolate.count(Counter::InvalidationCauses(Cause::Withdrawn));
    note_changed(isolate, [source]);
    let keys_deleted = withdrawn.unlinked;
    isolate.log(&Event::Withdrawn { source: source.as_str(), keys_deleted, mode: mode.as_str() });
    let provider = match source {
        Source::Provider(slug) => Some(slug),
        _ => None,
    };
    let noted = Operation::Invalidation {
        at_ms: isolate.now().0,
        cause: "operator",
        mode: mode.as_str(),
        provider: provider.as_ref().map(Slug::as_str),
        epoch: None,
        keys_deleted,
    };
    note(isolate, &noted).await;
    Ok(Withdrawal { keys_deleted })
}

/// Forgets that loads of a source failed: the next request asks the origin.
pub(in crate::cache) async fn forgive(isolate: &Isolate, source: Source) -> Result<(), TierError> {
    if isolate.mode() != Mode::Active {
        return Err(TierError::ReadOnly);
    }
    let key = isolate.keys.backoff(source);
    tiers::redis(isolate, async |session| redis::unlink(session, vec![key]).await).await?;
    isolate.state.borrow_mut().backoff(source).succeeded();
    Ok(())
}

/// What was published, where nobody knows.
fn unknown(isolate: &Isolate) -> Version {
    Version {
        v: Version::FORMAT,
        config: isolate.policy.fingerprint,
        at: isolate.now(),
        ttl: millis(isolate.policy.ttl),
        epoch: 0,
        backend_epoch: None,
        hash: 0,
        n: 0,
        offers_max: 0,
        bytes: 0,
        place: Place::Nowhere,
        listings: 0,
        packed: None,
        barrier_at: None,
    }
}
