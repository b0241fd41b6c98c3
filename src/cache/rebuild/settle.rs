//! The end of a load: publish it or note the failure, and give the lease back, so that whoever waits for the lease finds
//! the keys first.

use std::rc::Rc;

use super::{lead::while_leased, outcome::LoadSettlement};
use crate::{
    cache::{
        entry::{Content, Entry},
        isolate::Isolate,
        publish::{PublishOutcome, Wanted, give_back, publish},
        redis::Release,
        tiers::{self, Found},
    },
    catalog::Source,
    config::Mode,
};

/// Does what a load left to do. None when there was nothing to publish.
pub(in crate::cache) async fn settle(
    isolate: &Rc<Isolate>,
    mut settlement: LoadSettlement,
) -> Option<PublishOutcome> {
    compare_with_published(isolate, &mut settlement).await;
    settle_compared(isolate, settlement).await
}

/// The same, once it was compared.
pub(in crate::cache) async fn settle_compared(
    isolate: &Isolate,
    settlement: LoadSettlement,
) -> Option<PublishOutcome> {
    let LoadSettlement { source, loaded, there, changes, token, health } = settlement;
    let release = (isolate.mode() == Mode::Active).then(|| Release {
        source,
        token: token.clone().unwrap_or_default(),
        health,
    });
    let Some(entry) = loaded else {
        give_back(isolate, release.as_ref()).await;
        return None;
    };
    let wanted = Wanted {
        source,
        entry: &entry,
        there: there.as_ref(),
        changes: changes.as_deref(),
        release: release.as_ref(),
        to_kv: true,
    };
    Some(while_leased(isolate, source, token.as_deref(), publish(isolate, wanted)).await)
}

/// Publishes what memory holds and Redis has lost, or what was found in KV alone.
pub(in crate::cache) async fn publish_again(isolate: &Isolate, source: Source, entry: &Entry) {
    let (there, changes, release) = (None, None, None);
    let wanted = Wanted { source, entry, there, changes, release, to_kv: false };
    publish(isolate, wanted).await;
}

/// Compares a load with the version that was there, where memory held something else: that is fetched, since what changed is to be
/// told without a gap.
pub(in crate::cache) async fn compare_with_published(
    isolate: &Rc<Isolate>,
    settlement: &mut LoadSettlement,
) {
    let LoadSettlement { source, loaded: Some(entry), there: Some(there), changes, .. } =
        settlement
    else {
        return;
    };
    let is_known = |hash| hash == there.hash;
    let Content::Snapshot(loaded) = &entry.content else { return };
    let is_compared =
        is_known(loaded.hash()) || changes.as_ref().is_some_and(|set| is_known(set.from));
    // What an invalidation unlinked is there no more, and what must not be published is told to nobody.
    let is_there = entry.dated.epoch() == Some(there.epoch) && isolate.mode() == Mode::Active;
    if is_compared || !is_there || !source.has_journal() {
        return;
    }
    let (_, found) = tiers::read_published(isolate, *source, there).await;
    if let Found::Entry(Entry { content: Content::Snapshot(before), .. }) = found
        && is_known(before.hash())
    {
        *changes = Some(Box::new(loaded.change_set_since(&before)));
    }
}
