//! The walk's last resort but for what is stale: one load of the source, ours or another request's.

use std::{rc::Rc, time::Duration};

use futures_util::{
    FutureExt,
    future::{Either, select},
};

use super::{
    outcome::{Answer, Served},
    serve::serve,
    walk::Walk,
};
use crate::{
    cache::{
        background::FollowUp,
        protocol::Freshness,
        rebuild::{LoadOutcome, LoadRequest, Unavailable, load, settle},
        telemetry::Reason,
    },
    catalog::Resource,
    ports::Tier,
};

/// With something stale at hand, a client does not wait longer than this for the origin; the load goes on behind.
const SOFT_TIMEOUT: Duration = Duration::from_millis(1000);

/// One snapshot load, ours or another's. With something stale at hand it is not waited for longer than a moment.
pub(super) async fn ask_origin(walk: &mut Walk) -> Result<Answer, Unavailable> {
    let isolate = Rc::clone(&walk.isolate);
    let source = walk.view.source();
    let budget = walk.budget_left();
    let at_hand = walk.stale_freshness();
    let servable = at_hand.is_some_and(|freshness| freshness <= Freshness::IfError);
    let limit = if servable { SOFT_TIMEOUT.min(budget) } else { budget };
    let request = LoadRequest {
        not_before: walk.directives.not_before(isolate.now(), isolate.policy.ttl),
        leased: !walk.failed.contains(&Tier::Upstash),
        can_wait: walk.stale.is_some(),
        kv_was_asked: walk.asked_kv,
        ..LoadRequest::default()
    };
    walk.ask(Tier::Origin);
    let load = load(Rc::clone(&isolate), source, request);
    let load = load.boxed_local();
    let waited = select(load, isolate.ports.clock.sleep(limit)).await;
    walk.heard(Tier::Origin);
    let outcome = match waited {
        Either::Left((outcome, _)) => outcome,
        Either::Right(((), load)) => {
            let isolate = Rc::clone(&isolate);
            let rest = async move {
                if let Some(settlement) = load.await.settlement {
                    settle(&isolate, settlement).await;
                }
            };
            walk.follow_ups.push(FollowUp::SeeThrough(rest.boxed_local()));
            return Err(Unavailable { retry_after: Duration::from_secs(1), reason: Reason::Slow });
        }
    };
    let LoadOutcome { result, from, settlement, .. } = outcome;
    if from == Tier::Memory {
        walk.trace.mark_collapsed();
    }
    if let Some(settlement) = settlement {
        walk.follow_ups.push(FollowUp::SettleLoad(settlement));
    }
    let served = match from {
        Tier::Colo | Tier::Upstash | Tier::Kv => Served::Hit,
        Tier::Memory | Tier::Origin => Served::Miss,
    };
    result.map(|entry| serve(walk, from, Resource::Snapshot(source), &entry, served))
}
