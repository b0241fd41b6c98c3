//! The end of a load: publish it or note the failure, then give the lease back, so that whoever waits for the lease finds
//! the keys first.

use super::{
    outcome::LoadSettlement,
    publication::{Publication, PublishOutcome},
    publish::publish,
};
use crate::{
    cache::{isolate::Isolate, redis, tiers},
    catalog::View,
    config::Mode,
};

/// Does what a load left to do; `asked` is the view that it was loaded for. None when there was nothing to publish.
pub(in crate::cache) async fn settle(
    isolate: &Isolate,
    settlement: LoadSettlement,
    asked: Option<View>,
) -> Option<PublishOutcome> {
    let LoadSettlement { source, loaded, token, health } = settlement;
    let mut outcome = None;
    if let Some(entry) = loaded {
        let publication = Publication::of_snapshot(source, &entry, asked);
        outcome = Some(publish(isolate, publication).await);
    }
    if isolate.policy.mode == Mode::Active {
        let token = token.unwrap_or_default();
        // The lease expires by itself, and a failure is logged where it is found.
        let _ = tiers::redis(isolate, async |session| {
            redis::release(session, source, &token, health).await
        })
        .await;
    }
    outcome
}
