//! What must come of every state once nothing goes wrong any more: a load becomes what every isolate finds fresh. A
//! round is a look of each isolate, and a load of who finds nothing fresh.

use std::time::Duration;

use model_catalog_edge::cache::protocol::{Dated, Freshness};

use crate::{
    environment::Environment,
    isolate::keep_load,
    redis::{Caller, Word},
    state::{By, Clearing, Date, Held, Lease, Listing, Published, State, Work},
    steps::reader,
};

/// Rounds in which it must have come to that.
const ROUNDS: usize = 4;
/// Longer than clocks are apart.
const PAUSE: Duration = Duration::from_secs(10);

/// Whether it does, whichever isolate loads; who finds it not to be fresh loads as well.
pub fn recovers(environment: &Environment, state: &State) -> bool {
    let mut calm = *state;
    // Requests end, and what they were at with them.
    for isolate in &mut calm.isolates {
        isolate.work = Work::Idle;
    }
    for invalidator in &mut calm.invalidators {
        invalidator.at = Clearing::Idle;
    }
    if !calm.redis.lease.is_endless {
        calm.redis.lease = Lease::default();
    }
    (0..2).all(|loader| {
        let mut state = calm;
        pause(environment, &mut state);
        load(environment, &mut state, loader);
        (0..ROUNDS).any(|_| {
            let is_fresh = [loader, 1 - loader].map(|index| {
                let is_fresh = finds_it_fresh(environment, &mut state, index);
                if !is_fresh {
                    pause(environment, &mut state);
                    load(environment, &mut state, index);
                }
                is_fresh
            });
            is_fresh == [true; 2]
        })
    })
}

fn pause(environment: &Environment, state: &mut State) {
    state.now = state.now.later(PAUSE);
    let now = environment.redis_clock(state);
    state.redis.data.expire(now);
}

/// A load under the lease, from its claim to its end.
fn load(environment: &Environment, state: &mut State, index: usize) {
    state.stamp();
    let reader = reader(environment, index, state);
    let token = By::Ours(u8::try_from(index).unwrap_or_default());
    let (redis, isolate) = (&mut state.redis, &mut state.isolates[index]);
    let claim = redis.claim(Caller { environment, known: isolate.known }, token);
    reader.learn(isolate, claim.control);
    reader.learn_version(isolate, claim.version);
    if !claim.is_ours {
        return;
    }
    let (content, generation) = (state.content, state.cleared);
    let date = Date::Ours(reader.now, claim.control.epoch);
    keep_load(isolate, Held { date, content, generation });
    let Some(Dated::Ours { .. }) = date.dated() else { return };
    let ttl = environment.ttls[index];
    let epoch = claim.control.epoch;
    let version = Published { at: reader.now, epoch, content, generation, ttl };
    let caller = Caller { environment, known: isolate.known };
    let there = claim.version;
    let is_same = there.is_there() && there.content == content;
    let renewed =
        is_same && redis.data.renew(caller, there, there.renewed_as(version)).0 == Word::Published;
    let now = environment.redis_clock(state);
    let (redis, isolate) = (&mut state.redis, &mut state.isolates[index]);
    if !renewed {
        let (word, control) = redis.data.publish(caller, version, now);
        reader.learn(isolate, control);
        if word != Word::Published {
            redis.release(token);
            return;
        }
        let listing = Listing { content, generation, by: token, ..Listing::default() };
        redis.data.add(caller, version, listing);
    }
    reader.learn_version(isolate, version);
    redis.release(token);
}

fn finds_it_fresh(environment: &Environment, state: &mut State, index: usize) -> bool {
    let (data, content) = (state.redis.data, state.content);
    let reader = reader(environment, index, state);
    let isolate = &mut state.isolates[index];
    reader.learn(isolate, data.control);
    reader.learn_version(isolate, data.version);
    if !data.snapshot.header.is_there() {
        return false;
    }
    let found = reader.read_snapshot(isolate, data.snapshot.header, data.version);
    found.content == content
        && reader.freshness(isolate, found, true) == Freshness::Fresh
        && reader.freshness(isolate, isolate.memory, true) == Freshness::Fresh
}
