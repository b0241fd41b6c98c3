//! What must come of every state once nothing goes wrong any more: a load becomes what every isolate finds fresh. A
//! round is a look of each isolate, and a load of who finds nothing fresh.

use std::time::Duration;

use model_catalog_edge::cache::protocol::{Dated, Freshness};

use crate::{
    environment::{Environment, Without},
    isolate::{Reader, keep_load},
    redis::{Caller, Word},
    state::{
        By, Clearing, Data, Date, Held, Isolate, Lease, Listing, Published, Redis, State, Told,
        Work,
    },
    steps::reader,
};

/// Rounds in which it must have come to that.
const ROUNDS: usize = 4;
/// Longer than clocks are apart.
const PAUSE: Duration = Duration::from_secs(10);

/// What an isolate finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// What the origin gives.
    Newest,
    /// What is fresh by all that its data center was told: nobody loads for that.
    Told,
    Nothing,
}

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
            let looks = [loader, 1 - loader].map(|index| {
                let look = look(environment, &mut state, index);
                if look != Look::Newest {
                    pause(environment, &mut state);
                }
                if look == Look::Nothing {
                    load(environment, &mut state, index);
                }
                look
            });
            looks == [Look::Newest; 2]
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
    reader.told_by_redis(isolate, claim.control, claim.version, reader.now);
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
        reader.note_unleft(isolate, version);
    }
    reader.learn_version(isolate, version);
    reader.note_published(isolate, version);
    redis.release(token);
    reader.leave(isolate, &mut state.colo);
}

/// A look at the data center, and at Redis where that has no answer.
fn look(environment: &Environment, state: &mut State, index: usize) -> Look {
    let content = state.content;
    let reader = reader(environment, index, state);
    let isolate = &mut state.isolates[index];
    let told = if reader.has_colo() { state.colo.told[0] } else { Told::default() };
    reader.hear(isolate, told);
    let is_answered = reader.is_answered(isolate);
    if !is_answered {
        let data = state.redis.data;
        reader.learn(isolate, data.control);
        reader.learn_version(isolate, data.version);
        reader.told_by_redis(isolate, data.control, data.version, reader.now);
        if reader.has_colo() && !environment.lacks(Without::PublishingAgain) {
            publish_again(environment, &mut state.redis, isolate, reader);
        }
    }
    let data = state.redis.data;
    let version = if is_answered { isolate.told.version } else { data.version };
    let near =
        if reader.has_colo() { reader.read_near(isolate, version, &state.colo) } else { None };
    let found = near.or_else(|| read_redis(reader, isolate, &data));
    reader.leave(isolate, &mut state.colo);
    let Some(found) = found else { return Look::Nothing };
    let is_fresh = [found, isolate.memory]
        .iter()
        .all(|held| reader.freshness(isolate, *held, true) == Freshness::Fresh);
    match (is_fresh, found.content == content) {
        (true, true) => Look::Newest,
        (true, false) if is_answered => Look::Told,
        _ => Look::Nothing,
    }
}

/// What memory has and Redis lacks: a data center tells of it, and nobody there looks into Redis for long.
fn publish_again(
    environment: &Environment,
    redis: &mut Redis,
    isolate: &mut Isolate,
    reader: Reader<'_>,
) {
    let Held { date, content, generation } = isolate.memory;
    let Date::Ours(at, epoch) = date else { return };
    let there = redis.data.version;
    let is_lacking = !there.is_there() || (there.epoch, there.at) < (epoch, at);
    if !is_lacking || reader.freshness(isolate, isolate.memory, true) != Freshness::Fresh {
        return;
    }
    let ttl = environment.ttls[reader.index];
    let version = Published { at, epoch, content, generation, ttl };
    let caller = Caller { environment, known: isolate.known };
    let (word, control) = redis.data.publish(caller, version, reader.now);
    reader.learn(isolate, control);
    if word == Word::Published {
        reader.learn_version(isolate, version);
        reader.note_published(isolate, version);
        reader.note_unleft(isolate, version);
    }
}

fn read_redis(reader: Reader<'_>, isolate: &mut Isolate, data: &Data) -> Option<Held> {
    reader.learn(isolate, data.control);
    reader.learn_version(isolate, data.version);
    let header = data.snapshot.header;
    if !header.is_there() {
        return None;
    }
    reader.told_by_redis(isolate, data.control, data.version, reader.now);
    reader.note_unleft(isolate, header);
    Some(reader.read_snapshot(isolate, header, data.version))
}
