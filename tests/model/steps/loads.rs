//! A load from its claim to its end: renewing or publishing, adding, KV, and giving the lease back; and what is
//! derived.

use super::{Act, End, Lost, Next, Step};
use crate::{
    environment::Without,
    isolate::{Broken, keep_load, known},
    redis::Word,
    state::{By, Date, Held, Isolate, Lease, Listing, Load, Published, Record, State, Work},
};
use model_catalog_edge::cache::protocol::{Dated, Freshness};

pub fn steps(next: &mut Next<'_>, index: usize) {
    match next.before.isolates[index].work {
        Work::Idle => begin(next, index),
        Work::Claimed(load) => ask_origin(next, index, load),
        Work::Loaded(load) | Work::Changed(load) => settle(next, index, load),
        Work::Published(load) => add(next, index, load),
        Work::Sharing(load) => write_kv(next, index, load),
        Work::Mending(record) => write_marker(next, index, record),
        Work::Mended(record) => read_again(next, index, record),
        Work::TakingOver => take_over(next, index),
    }
    if next.before.left.derived > 0 {
        derive(next, index);
    }
    if next.before.left.deaths > 0 && next.environment.faults.deaths {
        let mut state = next.before;
        state.left.deaths -= 1;
        state.isolates[index] = Isolate::default();
        next.push(Step::Isolate(index, Act::Dies), state);
    }
}

fn token(index: usize) -> By {
    By::Ours(u8::try_from(index).unwrap_or_default())
}

fn begin(next: &mut Next<'_>, index: usize) {
    if next.before.left.loads == 0 {
        return;
    }
    let mut begun = next.before;
    begun.left.loads -= 1;
    begun.stamp();
    if next.environment.faults.unleased {
        let state = unleased(next, index, begun);
        next.push(Step::Isolate(index, Act::LoadsWithoutTheLease), state);
    }
    claim(next, index, begun);
    publish_again(next, index);
}

fn claim(next: &mut Next<'_>, index: usize, begun: State) {
    let (mut state, reader) = (begun, next.reader(index));
    let caller = next.caller(state.isolates[index].known);
    let claim = state
        .redis
        .write(next.environment.is_remembered(), |redis| redis.claim(caller, token(index)));
    let named = |act| Step::Isolate(index, act);
    if next.environment.faults.lost_replies && next.before.left.lost > 0 {
        for (mut state, lost) in [(begun, Lost::BeforeEffect), (state, Lost::AfterEffect)] {
            state.left.lost -= 1;
            let state = unleased(next, index, state);
            next.push(named(Act::Claims(lost)), state);
        }
    }
    let isolate = &mut state.isolates[index];
    reader.learn(isolate, claim.control);
    reader.learn_version(isolate, claim.version);
    let at = next.environment.clock(index, begun.now);
    reader.told_by_redis(isolate, claim.control, claim.version, at);
    let at = if claim.is_ours { claim.version.followed_at(at) } else { at };
    let date = Date::Ours(at, claim.control.epoch);
    let load = Load { is_leased: claim.is_ours, date, there: claim.version, ..Load::default() };
    isolate.work = Work::Claimed(Load { shares: next.environment.parts.kv, ..load });
    if claim.is_ours && claim.was_endless {
        if next.environment.lacks(Without::TakeoverInOneStep) {
            state.isolates[index].work = Work::TakingOver;
            next.push(named(Act::FindsEndlessLease), state);
            return;
        }
        let kept = one_load(next, index, &state);
        next.push_with(named(Act::Claims(Lost::No)), state, kept, Some(End::TakenOver));
    } else if claim.is_ours {
        let kept = one_load(next, index, &state);
        next.push_with(named(Act::Claims(Lost::No)), state, kept, None);
    } else {
        if next.environment.faults.unleased {
            next.push(named(Act::GoesOnWithoutTheLease), state);
        }
        state.isolates[index].work = Work::Idle;
        (state.left, state.now) = (next.before.left, next.before.now);
        next.push(named(Act::IsRefusedTheLease), state);
    }
}

fn one_load(next: &Next<'_>, index: usize, state: &State) -> Result<(), Broken> {
    let is_another_at_it = state.isolates[1 - index].work.is_leased_load();
    let is_wrong = is_another_at_it && !next.environment.may_lose_leases();
    if is_wrong { Err(Broken::TwoLoads) } else { Ok(()) }
}

fn take_over(next: &mut Next<'_>, index: usize) {
    let mut state = next.before;
    state.redis.lease = Lease { by: token(index), is_endless: false };
    let at = next.environment.clock(index, state.now);
    let date = Date::Ours(at, state.isolates[index].known.epoch);
    let load = Load { is_leased: true, date, ..Load::default() };
    state.isolates[index].work = Work::Claimed(load);
    let kept = one_load(next, index, &state);
    next.push_with(Step::Isolate(index, Act::TakesItOver), state, kept, Some(End::TakenOver));
}

/// A load without the lease: it belongs to what is known, and where nothing is, to its time.
fn unleased(next: &Next<'_>, index: usize, mut state: State) -> State {
    let at = next.environment.clock(index, state.now);
    let isolate = &mut state.isolates[index];
    let is_informed = isolate.is_informed;
    let date = if is_informed { Date::Ours(at, isolate.known.epoch) } else { Date::ByTime(at) };
    let shares = next.environment.parts.kv;
    isolate.work = Work::Claimed(Load { date, shares, ..Load::default() });
    state
}

fn ask_origin(next: &mut Next<'_>, index: usize, load: Load) {
    let mut state = next.before;
    let (content, generation) = (state.content, state.cleared);
    let isolate = &mut state.isolates[index];
    keep_load(isolate, Held { date: load.date, content, generation });
    isolate.work = Work::Loaded(Load { content, generation, ..load });
    next.push(Step::Isolate(index, Act::AsksTheOrigin), state);
}

/// What is to be published of a load; none of what belongs to no epoch.
fn version_of(next: &Next<'_>, index: usize, load: Load) -> Option<Published> {
    let (reader, isolate) = (next.reader(index), &next.before.isolates[index]);
    let adopted = load.date.dated()?.adopted(&known(isolate));
    let Dated::Ours { .. } = adopted else { return None };
    let Date::Ours(at, epoch) = Date::of(adopted) else { return None };
    if reader.now.time().since(at.time()) >= next.environment.policy(index).ttl {
        return None;
    }
    let epoch = match next.environment.without {
        Without::ClaimsEpoch => isolate.known.epoch,
        _ => epoch,
    };
    let Load { content, generation, .. } = load;
    Some(Published { at, epoch, content, generation, ttl: next.environment.ttls[index] })
}

fn settle(next: &mut Next<'_>, index: usize, load: Load) {
    let Some(version) = version_of(next, index, load) else {
        give_up(next, index, load);
        return;
    };
    let is_changed = matches!(next.before.isolates[index].work, Work::Changed(_));
    if !is_changed && load.there.is_there() && load.there.content == load.content {
        renew(next, index, load, version);
    } else {
        publish(next, index, load, version);
    }
}

fn give_up(next: &mut Next<'_>, index: usize, load: Load) {
    let mut state = next.before;
    finish(&mut state, index, load, false);
    next.push(Step::Isolate(index, Act::GivesUp), state);
}

/// The lease is given back behind what was said to Redis last; KV may follow.
fn finish(state: &mut State, index: usize, load: Load, shares: bool) {
    if load.is_leased {
        state.redis.release(token(index));
    }
    stop(state, index, load, shares);
}

/// The same where Redis was not reached: the lease is left to expire.
fn stop(state: &mut State, index: usize, load: Load, shares: bool) {
    let is_next = shares && load.shares;
    state.isolates[index].work =
        if is_next { Work::Sharing(Load { is_leased: false, ..load }) } else { Work::Idle };
}

fn renew(next: &mut Next<'_>, index: usize, load: Load, version: Published) {
    let version = load.there.renewed_as(version);
    let (mut state, reader) = (next.before, next.reader(index));
    let caller = next.caller(state.isolates[index].known);
    let old = state.redis.data;
    let remembered = next.environment.is_remembered();
    let (word, control) =
        state.redis.write(remembered, |redis| redis.data.renew(caller, load.there, version));
    let named = |act| Step::Isolate(index, act);
    let mut kept = Ok(());
    if word == Word::Published {
        let is_versions = old.snapshot.header.content == version.content
            && old.listing.content == version.content
            && old.listing.by != By::Other;
        kept = if is_versions { Ok(()) } else { Err(Broken::RenewedOther) };
        // It was found again by this load.
        state.redis.data.listing.generation = version.generation;
    }
    lose_reply(next, index, load, state, Act::Renews);
    reader.learn(&mut state.isolates[index], control);
    let (act, end) = match word {
        Word::Published => {
            reader.learn_version(&mut state.isolates[index], version);
            reader.note_published(&mut state.isolates[index], version);
            finish(&mut state, index, load, true);
            (Act::Renews(Lost::No), Some(End::Renewed))
        }
        Word::VersionMoved | Word::NotOurs => {
            state.isolates[index].work = Work::Changed(load);
            (Act::RenewsInVain, None)
        }
        Word::EpochMoved | Word::NewerThere => {
            finish(&mut state, index, load, false);
            (Act::RenewsInVain, None)
        }
    };
    next.push_with(named(act), state, kept, end);
}

fn publish(next: &mut Next<'_>, index: usize, load: Load, version: Published) {
    let (mut state, reader) = (next.before, next.reader(index));
    let caller = next.caller(state.isolates[index].known);
    let now = next.environment.redis_clock(&state);
    let remembered = next.environment.is_remembered();
    let (word, control) =
        state.redis.write(remembered, |redis| redis.data.publish(caller, version, now));
    lose_reply(next, index, load, state, Act::Publishes);
    reader.learn(&mut state.isolates[index], control);
    if word != Word::Published {
        finish(&mut state, index, load, false);
        next.push(Step::Isolate(index, Act::PublishesInVain), state);
        return;
    }
    reader.note_published(&mut state.isolates[index], version);
    reader.note_unleft(&mut state.isolates[index], version);
    if next.environment.parts.listings {
        state.isolates[index].work = Work::Published(load);
    } else {
        reader.learn_version(&mut state.isolates[index], version);
        finish(&mut state, index, load, true);
    }
    next.push_end(Step::Isolate(index, Act::Publishes(Lost::No)), state, End::Published);
}

/// A reply was lost: KV is written all the same.
fn lose_reply(
    next: &mut Next<'_>,
    index: usize,
    load: Load,
    after: State,
    act: impl Fn(Lost) -> Act,
) {
    if !next.environment.faults.lost_replies || next.before.left.lost == 0 {
        return;
    }
    let (mut before, mut after) = (next.before, after);
    stop(&mut before, index, load, true);
    finish(&mut after, index, load, true);
    for (mut state, lost) in [(before, Lost::BeforeEffect), (after, Lost::AfterEffect)] {
        state.left.lost -= 1;
        next.push(Step::Isolate(index, act(lost)), state);
    }
}

/// What Redis lacks and memory has is published again.
fn publish_again(next: &mut Next<'_>, index: usize) {
    let isolate = next.before.isolates[index];
    let reader = next.reader(index);
    let Date::Ours(at, epoch) = isolate.memory.date else { return };
    let there = next.before.redis.data.version;
    let is_lacking = !there.is_there() || (there.epoch, there.at) < (epoch, at);
    if !is_lacking || reader.freshness(&isolate, isolate.memory, true) != Freshness::Fresh {
        return;
    }
    let Held { date, content, generation } = isolate.memory;
    let mut state = next.before;
    state.left.loads -= 1;
    state.isolates[index].work =
        Work::Changed(Load { date, content, generation, ..Load::default() });
    next.push(Step::Isolate(index, Act::PublishesAgain), state);
}

fn listing_of(content: u8, generation: u8) -> Listing {
    Listing { content, generation, by: By::Ours(0), ..Listing::default() }
}

fn add(next: &mut Next<'_>, index: usize, load: Load) {
    let Some(version) = version_of(next, index, load) else {
        give_up(next, index, load);
        return;
    };
    let (mut state, reader) = (next.before, next.reader(index));
    let caller = next.caller(state.isolates[index].known);
    let listing = listing_of(load.content, load.generation);
    let remembered = next.environment.is_remembered();
    let (word, control) =
        state.redis.write(remembered, |redis| redis.data.add(caller, version, listing));
    lose_reply(next, index, load, state, Act::Adds);
    reader.learn(&mut state.isolates[index], control);
    if word == Word::Published {
        reader.learn_version(&mut state.isolates[index], version);
        finish(&mut state, index, load, true);
        next.push(Step::Isolate(index, Act::Adds(Lost::No)), state);
    } else {
        finish(&mut state, index, load, false);
        next.push(Step::Isolate(index, Act::AddsInVain), state);
    }
}

/// A listing of what memory holds, while that is what is published.
fn derive(next: &mut Next<'_>, index: usize) {
    let (isolate, reader) = (next.before.isolates[index], next.reader(index));
    let (held, version) = (isolate.memory, isolate.version);
    let is_its = version.is_there()
        && held.content == version.content
        && held.date == Date::Ours(version.at, version.epoch);
    if !is_its || reader.freshness(&isolate, held, true) != Freshness::Fresh {
        return;
    }
    let mut state = next.before;
    state.left.derived -= 1;
    let caller = next.caller(isolate.known);
    let listing = listing_of(held.content, held.generation);
    let remembered = next.environment.is_remembered();
    let (word, control) =
        state.redis.write(remembered, |redis| redis.data.add(caller, version, listing));
    reader.learn(&mut state.isolates[index], control);
    let end = (word == Word::Published).then_some(End::Derived);
    next.push_with(Step::Isolate(index, Act::Derives), state, Ok(()), end);
}

fn write_kv(next: &mut Next<'_>, index: usize, load: Load) {
    let mut state = next.before;
    state.isolates[index].work = Work::Idle;
    next.push(Step::Isolate(index, Act::GivesUp), state);
    if let Some(version) = version_of(next, index, load) {
        state.kv.value = [version, state.kv.value[0]];
        next.push(Step::Isolate(index, Act::WritesKv), state);
    }
}

fn write_marker(next: &mut Next<'_>, index: usize, record: Record) {
    let mut state = next.before;
    state.kv.marker = [record, state.kv.marker[0]];
    state.isolates[index].work = match next.environment.without {
        Without::MarkerMendedSo => Work::Idle,
        _ => Work::Mended(record),
    };
    next.push(Step::Isolate(index, Act::WritesMarker), state);
}

fn read_again(next: &mut Next<'_>, index: usize, written: Record) {
    for control in next.read_again().iter() {
        let (mut state, reader) = (next.before, next.reader(index));
        let isolate = &mut state.isolates[index];
        reader.learn(isolate, *control);
        let is_still = isolate.known.control() == written.control();
        isolate.work = if is_still { Work::Idle } else { Work::Mending(isolate.known) };
        next.push(Step::Isolate(index, Act::ReadsControlAgain), state);
    }
}
