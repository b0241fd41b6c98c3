//! The end of a load: publish it or note the failure, and give the lease back, so that whoever waits for the lease finds
//! the keys first.

use super::{lead::while_leased, outcome::LoadSettlement};
use crate::{
    cache::{
        entry::Entry,
        isolate::Isolate,
        publish::{PublishOutcome, Wanted, give_back, publish},
        redis::Release,
    },
    catalog::Source,
    config::Mode,
};

/// Does what a load left to do. None when there was nothing to publish.
pub(in crate::cache) async fn settle(
    isolate: &Isolate,
    settlement: LoadSettlement,
) -> Option<PublishOutcome> {
    let LoadSettlement { source, loaded, there, token, health } = settlement;
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
        release: release.as_ref(),
        to_kv: true,
    };
    Some(while_leased(isolate, source, token.as_deref(), publish(isolate, wanted)).await)
}

/// Publishes what memory holds and Redis has lost, or what was found in KV alone.
pub(in crate::cache) async fn publish_again(isolate: &Isolate, source: Source, entry: &Entry) {
    let wanted = Wanted { source, entry, there: None, release: None, to_kv: false };
    publish(isolate, wanted).await;
}
