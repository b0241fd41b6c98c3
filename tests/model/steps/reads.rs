//! Reading: a snapshot with what judges it, a check of memory, a listing, and KV.

use super::{Act, End, Next, Step};
use crate::{
    environment::{Copies, Without},
    state::{By, Isolate, Listing, Published, Record, Snapshot, Work},
};

pub fn steps(next: &mut Next<'_>, index: usize) {
    let data = next.before.redis.data;
    for_each_judging(next, |next, control, version| {
        let is_current = control == data.control && version == data.version;
        check(next, index, is_current, control, version);
    });
    let is_torn = next.environment.faults.copies == Copies::Torn;
    if is_torn {
        for_each_judging(next, |next, control, version| {
            for snapshot in next.shown(|data| data.snapshot).iter() {
                read_snapshot(next, index, control, version, *snapshot);
            }
        });
    } else {
        for shown in next.shown(|data| *data).iter() {
            read_snapshot(next, index, shown.control, shown.version, shown.snapshot);
        }
    }
    if next.environment.parts.listings && is_torn {
        for listing in next.shown(|data| data.listing).iter() {
            for version in next.shown(|data| data.version).iter() {
                read_listing(next, index, *listing, *version);
            }
        }
    } else if next.environment.parts.listings {
        for (listing, version) in next.shown(|data| (data.listing, data.version)).iter() {
            read_listing(next, index, *listing, *version);
        }
    }
    if next.environment.parts.kv {
        read_kv(next, index);
    }
}

/// What a read may be shown of control and the version.
fn for_each_judging(next: &mut Next<'_>, mut found: impl FnMut(&mut Next<'_>, Record, Published)) {
    if next.environment.faults.copies != Copies::Torn {
        for (control, version) in next.shown(|data| (data.control, data.version)).iter() {
            found(next, *control, *version);
        }
        return;
    }
    for record in next.shown(|data| data.control).iter() {
        for version in next.shown(|data| data.version).iter() {
            found(next, *record, *version);
            if next.environment.lacks(Without::OneControl) {
                for barrier in next.shown(|data| data.control).iter() {
                    let Record { epoch, generation, .. } = *record;
                    found(next, Record { epoch, generation, ..*barrier }, *version);
                }
            }
        }
    }
}

fn read_snapshot(
    next: &mut Next<'_>,
    index: usize,
    control: Record,
    version: Published,
    snapshot: Snapshot,
) {
    if !snapshot.header.is_there() {
        return;
    }
    let (mut state, reader) = (next.before, next.reader(index));
    let isolate = &mut state.isolates[index];
    reader.learn(isolate, control);
    reader.learn_version(isolate, version);
    reader.told_by_redis(isolate, control, version, reader.now);
    reader.note_unleft(isolate, snapshot.header);
    let held = reader.read_snapshot(isolate, snapshot.header, version);
    let kept = reader.check(isolate, held, true);
    let data = next.before.redis.data;
    let is_current = (data.control, data.version, data.snapshot) == (control, version, snapshot);
    let act = if is_current { Act::ReadsSnapshot } else { Act::ReadsOldSnapshot };
    next.push_with(Step::Isolate(index, act), state, kept, None);
}

fn check(next: &mut Next<'_>, index: usize, is_current: bool, control: Record, version: Published) {
    let (mut state, reader) = (next.before, next.reader(index));
    let isolate = &mut state.isolates[index];
    let held = isolate.memory.date;
    reader.learn(isolate, control);
    reader.learn_version(isolate, version);
    reader.told_by_redis(isolate, control, version, reader.now);
    let end = (isolate.memory.date != held).then_some(End::Revalidated);
    let act = if is_current { Act::Checks } else { Act::ChecksBehind };
    next.push_with(Step::Isolate(index, act), state, Ok(()), end);
}

fn read_listing(next: &mut Next<'_>, index: usize, listing: Listing, version: Published) {
    if !listing.expires.is_some() {
        return;
    }
    let (mut state, reader) = (next.before, next.reader(index));
    let isolate = &mut state.isolates[index];
    let kept = reader.read_listing(isolate, listing, version).and_then(|held| match held {
        Some(held) => reader.check(isolate, held, false),
        None => Ok(()),
    });
    let data = next.before.redis.data;
    let is_current = (data.listing, data.version) == (listing, version);
    let act = if is_current { Act::ReadsListing } else { Act::ReadsOldListing };
    let end = (listing.by == By::Other).then_some(End::BackendsListing);
    next.push_with(Step::Isolate(index, act), state, kept, end);
}

fn read_kv(next: &mut Next<'_>, index: usize) {
    let kv = next.before.kv;
    let lag = if next.environment.faults.kv_lags { 2 } else { 1 };
    for marker in &kv.marker[..lag] {
        for value in &kv.value[..lag] {
            let (mut state, reader) = (next.before, next.reader(index));
            let isolate = &mut state.isolates[index];
            if marker.is_there() {
                reader.learn(isolate, *marker);
            }
            let mut kept = Ok(());
            if value.is_there() {
                reader.note_unleft(isolate, *value);
                let held = reader.read_snapshot(isolate, *value, Published::default());
                kept = reader.check(isolate, held, true);
            }
            let mends = kept.is_ok() && is_behind(isolate, *marker);
            next.push_with(Step::Isolate(index, Act::ReadsKv), state, kept, None);
            if mends {
                let isolate = &mut state.isolates[index];
                isolate.work = Work::Mending(isolate.known);
                next.push(Step::Isolate(index, Act::ReadsKvAndMendsMarker), state);
            }
        }
    }
}

/// Whether an isolate with nothing else to do finds the marker behind what it knows.
fn is_behind(isolate: &Isolate, marker: Record) -> bool {
    let is_idle = isolate.work == Work::Idle;
    is_idle && marker.is_there() && isolate.known.control() != marker.control()
}
