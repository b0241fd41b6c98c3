//! Whether each tier that is asked over the network answers.

use std::{future::Future, time::Duration};

use futures_util::join;

use crate::{
    cache::{
        isolate::{Isolate, poll, within},
        redis,
        state::Work,
        telemetry::{KvOperation, Probed, Readiness, Reason},
        tiers,
    },
    ports::{OriginError, Tier},
};

/// What was probed a moment ago is not probed again: anyone may ask.
const LATELY: Duration = Duration::from_secs(5);
/// A probe of the origin takes no longer.
const ORIGIN: Duration = Duration::from_secs(2);
/// When a request looks for the second time at what another one is probing.
const PAUSE: Duration = Duration::from_millis(5);

/// Asks Redis, KV and the origin for something small, side by side, each within its deadline; or gives what another request was
/// just told.
pub(in crate::cache) async fn readiness(isolate: &Isolate) -> Readiness {
    let longest = [isolate.policy.upstash_timeout, isolate.policy.kv_timeout, ORIGIN];
    let length = longest.into_iter().max().unwrap_or(ORIGIN);
    let look = || {
        let now = isolate.now();
        let mut state = isolate.state.borrow_mut();
        let known = state.readiness.clone();
        if let Some(known) = known.filter(|known| now.since(known.at) < LATELY) {
            return Some(Err(known));
        }
        state.leases.acquire(Work::Probe, now, length).map(Ok)
    };
    let hold = match poll(&*isolate.ports.clock, PAUSE, look).await {
        Ok(hold) => hold,
        Err(known) => return known,
    };
    let (upstash, kv, origin) =
        join!(probe_redis(isolate), probe_kv(isolate), probe_origin(isolate));
    let readiness = Readiness { at: isolate.now(), tiers: [upstash, kv, origin] };
    let mut state = isolate.state.borrow_mut();
    state.readiness = Some(readiness.clone());
    state.leases.release(Work::Probe, hold);
    readiness
}

async fn probe_redis(isolate: &Isolate) -> Probed {
    let asked = tiers::redis(isolate, async |session| redis::control(session).await);
    let answer = async { asked.await.map(drop).map_err(|error| Reason::from(&error)) };
    timed(isolate, Tier::Upstash, answer).await
}

async fn probe_kv(isolate: &Isolate) -> Probed {
    let key = isolate.keys.marker();
    let asked = tiers::kv(isolate, KvOperation::Read, isolate.ports.kv.get(&key));
    let answer = async { asked.await.map(drop).map_err(|error| Reason::from(&error)) };
    timed(isolate, Tier::Kv, answer).await
}

async fn probe_origin(isolate: &Isolate) -> Probed {
    let asked = isolate.ports.origin.probe(ORIGIN);
    let answer = async {
        let answer = within(&*isolate.ports.clock, ORIGIN, asked).await;
        answer.unwrap_or(Err(OriginError::Timeout)).map_err(|error| Reason::from(&error))
    };
    timed(isolate, Tier::Origin, answer).await
}

async fn timed(
    isolate: &Isolate,
    tier: Tier,
    answer: impl Future<Output = Result<(), Reason>>,
) -> Probed {
    let begun = isolate.now();
    let failure = answer.await.err();
    Probed { tier, took: isolate.now().since(begun), failure }
}
