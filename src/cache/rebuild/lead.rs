//! The isolate's one load of a source: with the lease in Redis if Redis answers, without it if not. It all works without
//! Redis too, at the price of a load per isolate.

use std::{rc::Rc, time::Duration};

use super::{
    origin::load_from_origin,
    outcome::{LoadOutcome, LoadRequest, LoadSettlement},
};
use crate::{
    cache::{
        isolate::Isolate,
        redis::{self, Claim, KeyTtl},
        state::{Hold, Work},
        telemetry::Reason,
        tiers::{self, Found, made_at, read_upstash},
    },
    catalog::{Resource, Source},
    config::Mode,
    ports::{Tier, TierError},
};

/// A lease, in the isolate and in Redis, outlasts the load it is for by this.
const LEASE_MARGIN: Duration = Duration::from_secs(2);
/// How often another isolate's lease is asked for again.
const PAUSE: Duration = Duration::from_millis(150);

/// How long a lease lasts: longer than a load may take.
pub(super) fn lease_length(isolate: &Isolate) -> Duration {
    isolate.policy.origin_timeout.saturating_add(LEASE_MARGIN)
}

/// What was found out before the origin is asked.
enum Turn {
    /// Ours, under this epoch, with the lease's token if Redis gave it.
    Ours { token: Option<String>, epoch: Option<u64> },
    /// The origin need not, or must not, be asked by us.
    Settled(LoadOutcome),
}

/// Takes the lease in Redis, loads, and gives the isolate's own lease back. The lease in Redis is given back when the
/// load is settled, so that whoever waits for it finds the keys first.
pub(super) async fn lead(
    isolate: &Rc<Isolate>,
    source: Source,
    request: LoadRequest,
    hold: Hold,
) -> LoadOutcome {
    let work = Work::Load(source);
    let (token, epoch) = match take_turn(isolate, source, request).await {
        Turn::Ours { token, epoch } => (token, epoch),
        Turn::Settled(outcome) => {
            isolate.state.borrow_mut().leases.release(work, hold);
            return outcome;
        }
    };
    // What came before took its time; the lease must outlast the load.
    let (now, length) = (isolate.now(), lease_length(isolate));
    let renewed = isolate.state.borrow_mut().leases.renew(work, hold, now, length);
    let Some(hold) = renewed else {
        // Another request of this isolate took over meanwhile; what we hold in Redis must not stop it.
        let settlement = token.map(|token| LoadSettlement::unasked(source, token));
        let busy = LoadOutcome::unavailable(Duration::from_secs(1), Reason::Busy);
        return LoadOutcome { settlement, ..busy };
    };
    let outcome = load_from_origin(isolate, source, token, epoch, request.force).await;
    isolate.state.borrow_mut().leases.release(work, hold);
    outcome
}

/// Asks for the lease in Redis until it is ours, the work is done by somebody else, or patience ends.
async fn take_turn(isolate: &Rc<Isolate>, source: Source, request: LoadRequest) -> Turn {
    let give_up = isolate.now() + lease_length(isolate);
    let random = || isolate.ports.clock.random();
    let token = format!("{:016x}{:016x}", random(), random());
    loop {
        let unleased = Turn::Ours { token: None, epoch: known_epoch(isolate) };
        // Read-only deployments take no lease, and without Redis there is none to take.
        if isolate.policy.mode != Mode::Active || !request.leased {
            return unleased;
        }
        let begun = isolate.now();
        let Ok(claim) = claim(isolate, source, &token).await else { return unleased };
        isolate.state.borrow_mut().observed.learn(claim.epochs, begun, isolate.now());
        let ours = claim.acquired.then(|| token.clone());
        if let Some(outcome) = found_elsewhere(isolate, source, request, &claim).await {
            let settlement = ours.map(|token| LoadSettlement::unasked(source, token));
            return Turn::Settled(LoadOutcome { settlement, ..outcome });
        }
        if claim.acquired {
            return Turn::Ours { token: ours, epoch: claim.epochs.current };
        }
        if isolate.now() >= give_up {
            return Turn::Settled(LoadOutcome::unavailable(Duration::from_secs(1), Reason::Busy));
        }
        isolate.ports.clock.sleep(PAUSE).await;
    }
}

async fn claim(isolate: &Isolate, source: Source, token: &str) -> Result<Claim, TierError> {
    let (now, length) = (isolate.now().0, lease_length(isolate));
    tiers::redis(isolate, async |session| redis::claim(session, source, token, length, now).await)
        .await
}

/// What the claim shows to be there already: a back-off, or a snapshot that is new enough.
async fn found_elsewhere(
    isolate: &Rc<Isolate>,
    source: Source,
    request: LoadRequest,
    claim: &Claim,
) -> Option<LoadOutcome> {
    let now = isolate.now();
    if let Some((failures, left)) = claim.backoff.filter(|_| !request.force) {
        isolate.state.borrow_mut().backoff(source).adopt(failures, left, now);
        return Some(LoadOutcome::unavailable(left, Reason::BackingOff));
    }
    let KeyTtl::Expires(_) = claim.snapshot else { return None };
    let (at, _) = made_at(claim.snapshot, now, &isolate.policy);
    if request.not_before.is_some_and(|not_before| at < not_before) {
        return None;
    }
    match read_upstash(isolate, Resource::Snapshot(source)).await {
        Found::Entry(entry) => Some(LoadOutcome::of(Ok(entry), Tier::Upstash)),
        Found::Nothing | Found::Corrupt | Found::Failed(_) => None,
    }
}

fn known_epoch(isolate: &Isolate) -> Option<u64> {
    isolate.state.borrow().epochs().and_then(|epochs| epochs.current)
}
