//! The isolate's one load of a source: with the lease in Redis if Redis answers, without it if not. It all works without
//! Redis too, at the price of a load per isolate.

use std::{cell::Cell, convert::Infallible, rc::Rc, time::Duration};

use futures_util::future::{Either, select};

use super::{
    origin::{Turn, load_from_origin},
    outcome::{LoadOutcome, LoadRequest, LoadSettlement},
    patience::{BEAT, LEASE, Patience, Verdict},
};
use crate::{
    cache::{
        entry::Entry,
        isolate::Isolate,
        protocol::{Dated, Freshness, Observed, Place, Version},
        publish::{note_refusal, note_write_passed},
        redis::{self, Claim},
        state::{Hold, Work},
        telemetry::{Event, Reason},
        tiers::{self, Found, is_ours, observe, read_kv},
    },
    catalog::Source,
    config::Mode,
    ports::{Tier, Timestamp},
};

/// No isolate of ours leaves the origin alone for longer.
const BACKOFF_MAX: Duration = Duration::from_secs(75);

/// What was found out before the origin is asked.
enum Way {
    /// The origin is ours to ask.
    Ours(Turn),
    /// The origin need not, or must not, be asked by us.
    Settled(Box<LoadOutcome>),
}

/// Takes the lease in Redis, loads, and gives the isolate's own lease back. The lease in Redis is given back when the
/// load is settled, so that whoever waits for it finds the keys first.
pub(super) async fn lead(
    isolate: &Rc<Isolate>,
    source: Source,
    request: LoadRequest,
    hold: Hold,
) -> LoadOutcome {
    let random = || isolate.ports.clock.random();
    let token = format!("{:016x}{:016x}", random(), random());
    let leased = Cell::new(false);
    let work = Box::pin(take_turn_and_load(isolate, source, request, hold, &token, &leased));
    let beat = Box::pin(beat(isolate, source, hold, &token, &leased));
    let outcome = match select(work, beat).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right((never, _)) => match never {},
    };
    isolate.state.borrow_mut().leases.release(Work::Load(source), hold);
    outcome
}

async fn take_turn_and_load(
    isolate: &Rc<Isolate>,
    source: Source,
    request: LoadRequest,
    hold: Hold,
    token: &str,
    leased: &Cell<bool>,
) -> LoadOutcome {
    let turn = match take_turn(isolate, source, request, token, leased).await {
        Way::Ours(turn) => turn,
        Way::Settled(outcome) => return *outcome,
    };
    let yardstick = isolate.state.borrow().extent(source);
    if turn.token.is_none() && yardstick.is_none() && !request.kv_was_asked {
        // The gate measures a new snapshot against the last good one; KV has it when Redis cannot tell.
        read_kv(isolate, source).await;
    }
    let now = isolate.now();
    let work = Work::Load(source);
    if !isolate.state.borrow_mut().leases.extend(work, hold, now, LEASE) {
        // Another request of this isolate took over meanwhile; what we hold in Redis must not stop it.
        let settlement = turn.token.map(|token| LoadSettlement::unasked(source, token));
        let busy = LoadOutcome::unavailable(Duration::from_secs(1), Reason::Busy);
        return LoadOutcome { settlement, ..busy };
    }
    load_from_origin(isolate, source, turn, request.force).await
}

/// Lets the leases of one that works last on. They are short, since a request that dies gives nothing back (docs/platform.md,
/// "A request can end without destructors").
async fn beat(
    isolate: &Isolate,
    source: Source,
    hold: Hold,
    token: &str,
    leased: &Cell<bool>,
) -> Infallible {
    loop {
        isolate.ports.clock.sleep(BEAT).await;
        let now = isolate.now();
        isolate.state.borrow_mut().leases.extend(Work::Load(source), hold, now, LEASE);
        if leased.get() {
            extend(isolate, source, token).await;
        }
    }
}

/// Extends the lease in Redis. One that cannot be extended expires, and then another may load as well.
async fn extend(isolate: &Isolate, source: Source, token: &str) {
    let _ =
        tiers::redis(isolate, async |session| redis::extend(session, source, token, LEASE).await)
            .await;
}

/// Goes on with what follows a load while its lease in Redis lasts on.
pub(super) async fn while_leased<T>(
    isolate: &Isolate,
    source: Source,
    token: Option<&str>,
    work: impl Future<Output = T>,
) -> T {
    let Some(token) = token else { return work.await };
    let beat = async {
        loop {
            isolate.ports.clock.sleep(BEAT).await;
            extend(isolate, source, token).await;
        }
    };
    match select(Box::pin(work), Box::pin(beat)).await {
        Either::Left((output, _)) => output,
        Either::Right((never, _)) => {
            let never: Infallible = never;
            match never {}
        }
    }
}

/// Asks for the lease in Redis until it is ours, the work is done by somebody else, or patience ends.
async fn take_turn(
    isolate: &Rc<Isolate>,
    source: Source,
    request: LoadRequest,
    token: &str,
    leased: &Cell<bool>,
) -> Way {
    let mut patience = Patience::new(isolate.now(), isolate.policy.origin_timeout);
    let mut missed = None;
    loop {
        let paused = isolate.state.borrow().publishing.pause.reason(isolate.now()).is_some();
        // Read-only deployments take no lease, nor do those whose writes are refused; without Redis there is none to take.
        // Cron and operators find out each time whether they are still refused.
        let paused = paused && !request.insist;
        if isolate.mode() != Mode::Active || !request.leased || paused {
            return Way::Ours(unleased(isolate));
        }
        let begun = isolate.now();
        let claimed = tiers::redis(isolate, async |session| {
            redis::claim(session, source, token, LEASE).await
        })
        .await;
        let mut claim = match claimed {
            Ok(claim) => claim,
            Err(error) => {
                note_refusal(isolate, &error);
                let is_refused = error.is_write_refusal();
                if is_refused && let Some(outcome) = shared_in_kv(isolate, source, request).await {
                    return Way::Settled(Box::new(outcome));
                }
                return Way::Ours(unleased(isolate));
            }
        };
        learn(isolate, source, &claim, begun);
        leased.set(claim.acquired);
        if claim.acquired {
            note_write_passed(isolate);
        }
        let ours = claim.acquired.then(|| token.to_owned());
        if let Some(outcome) =
            found_elsewhere(isolate, source, request, &mut claim, &mut missed).await
        {
            let settlement = ours.map(|token| LoadSettlement::unasked(source, token));
            return Way::Settled(Box::new(LoadOutcome { settlement, ..outcome }));
        }
        if claim.acquired {
            take_over_configuration(isolate, source, &claim).await;
            return Way::Ours(of_claim(isolate, ours, &claim, begun));
        }
        if request.unless_busy {
            let busy = LoadOutcome::unavailable(LEASE, Reason::Busy);
            return Way::Settled(Box::new(busy));
        }
        match patience.look(isolate.now(), claim.held_for) {
            Verdict::Wait(pause) => isolate.ports.clock.sleep(pause).await,
            Verdict::GoOn => return Way::Ours(of_claim(isolate, None, &claim, begun)),
            Verdict::GiveUp => {
                let busy = LoadOutcome::unavailable(Duration::from_secs(1), Reason::Busy);
                return Way::Settled(Box::new(busy));
            }
        }
    }
}

/// Where Redis takes no writes, isolates share what KV has.
async fn shared_in_kv(
    isolate: &Rc<Isolate>,
    source: Source,
    request: LoadRequest,
) -> Option<LoadOutcome> {
    if request.insist || request.kv_was_asked {
        return None;
    }
    let Found::Entry(entry) = read_kv(isolate, source).await else { return None };
    let now = isolate.now();
    let freshness = {
        let state = isolate.state.borrow();
        state.freshness(source, &entry, now, &isolate.policy)
    };
    let is_new = request.not_before.is_none_or(|not_before| entry.at() >= not_before);
    (freshness == Freshness::Fresh && is_new).then(|| LoadOutcome::of(Ok(entry), Tier::Kv))
}

/// A load without the lease: it belongs to what is known, and where nothing is, to its time.
fn unleased(isolate: &Isolate) -> Turn {
    let (at, state) = (isolate.now(), isolate.state.borrow());
    let knowledge = &state.knowledge;
    let dated = if knowledge.is_informed() {
        let (epoch, backend_epoch) = (knowledge.control().epoch, knowledge.backend_epoch().get());
        Dated::Ours { at, epoch, backend_epoch }
    } else {
        Dated::ByTime(at)
    };
    Turn { token: None, dated, there: None }
}

/// A load belongs to the epochs of its claim's reply, and is dated before the origin is asked.
fn of_claim(isolate: &Isolate, token: Option<String>, claim: &Claim, begun: Timestamp) -> Turn {
    let there = claim.version.filter(|version| is_ours(isolate, version));
    let dated = if claim.syncing.is_some() {
        Dated::Provisional(begun)
    } else {
        let epoch = claim.control.map_or(0, |control| control.epoch);
        // Without the lease another load may follow the same version at this moment.
        let followed = there.filter(|_| token.is_some());
        let at = followed.map_or(begun, |there| there.followed_at(begun));
        Dated::Ours { at, epoch, backend_epoch: claim.backend_epoch }
    };
    Turn { token, dated, there }
}

fn learn(isolate: &Isolate, source: Source, claim: &Claim, begun: Timestamp) {
    let observed = Observed {
        control: claim.control,
        backend_epoch: claim.backend_epoch,
        versions: vec![(source, claim.version)],
    };
    observe(isolate, &observed, begun);
    isolate.state.borrow_mut().publishing.note_has_derived(source, claim.has_derived);
    if claim.healed {
        isolate.log(&Event::Healed { key: &isolate.keys.control() });
    }
    if claim.endless_lease {
        isolate.log(&Event::Overdue { key: &isolate.keys.lease(source) });
    }
    if claim.endless_sync {
        isolate.log(&Event::Overdue { key: &isolate.keys.sync_marker() });
    }
}

/// What another configuration published must not pass for ours, its listings included: they are unlinked, and with them the
/// version that tells of them, before anything is published over it.
async fn take_over_configuration(isolate: &Isolate, source: Source, claim: &Claim) {
    let Some(other) = claim.version.filter(|version| !is_ours(isolate, version)) else { return };
    let mut values = isolate.keys.values(&[source], other.offers_max);
    values.push(isolate.keys.version(source));
    // What stays there is a guard against us, and refuses our publication.
    let _ = tiers::redis(isolate, async |session| redis::unlink(session, values).await).await;
}

/// What the claim shows to be there already: a back-off, or a snapshot that is new enough. One that is corrupt is not there:
/// it must not live on when the load finds the same content. `missed` is the version whose snapshot was looked for in vain: who
/// waits looks again when another is there.
async fn found_elsewhere(
    isolate: &Rc<Isolate>,
    source: Source,
    request: LoadRequest,
    claim: &mut Claim,
    missed: &mut Option<Version>,
) -> Option<LoadOutcome> {
    let now = isolate.now();
    match claim.backoff {
        // Loads are kept apart while the backend writes; what it has written is wanted at once.
        Some((0, left)) if request.can_wait && claim.syncing.is_some() => {
            return Some(LoadOutcome::unavailable(left, Reason::BackendSyncing));
        }
        Some((failures, left)) if failures > 0 && !request.insist => {
            // Who found the origin failing tries it first, and what comes of that is there when the others ask.
            let left =
                left.saturating_add(left.checked_div(16).unwrap_or_default()).min(BACKOFF_MAX);
            isolate.state.borrow_mut().backoff(source).adopt(failures, left, now);
            return Some(LoadOutcome::unavailable(left, Reason::BackingOff));
        }
        _ => {}
    }
    if let Some(left) = claim.syncing.filter(|_| request.only_to_publish) {
        return Some(LoadOutcome::unavailable(left, Reason::BackendSyncing));
    }
    let version = claim.version.filter(|version| is_ours(isolate, version))?;
    if version.place == Place::Nowhere {
        return None;
    }
    let is_wanted = |dated: Dated, hash| {
        let known = isolate.state.borrow().knowledge.known(source);
        let fresh = dated.freshness(Some(hash), &known, isolate.now(), &isolate.policy);
        fresh == Freshness::Fresh
            && request.not_before.is_none_or(|not_before| dated.at() >= not_before)
    };
    if !is_wanted(version.dated(), version.hash) {
        return None;
    }
    // Memory may hold the same content, which the claim's reply has moved on.
    let held = isolate.state.borrow().memory.snapshot(source).cloned();
    let is_same = |entry: &Entry| entry.content.hash() == Some(version.hash);
    if let Some(entry) = held.filter(|entry| is_same(entry) && is_wanted(entry.dated, version.hash))
    {
        return Some(LoadOutcome::of(Ok(entry), Tier::Upstash));
    }
    if *missed == Some(version) {
        return None;
    }
    let (tier, found) = tiers::read_published(isolate, source, &version).await;
    let mut entry = match found {
        Found::Entry(entry) => entry,
        Found::Corrupt => {
            claim.version = None;
            return None;
        }
        Found::Nothing => {
            *missed = Some(version);
            return None;
        }
        Found::Failed(_) => return None,
    };
    let hash = entry.content.hash()?;
    if hash == version.hash {
        entry.dated = entry.dated.moved_on(&version);
    }
    is_wanted(entry.dated, hash).then(|| LoadOutcome::of(Ok(entry), tier))
}
