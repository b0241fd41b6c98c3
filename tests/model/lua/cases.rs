//! What Redis may hold when a script is called, and with what: all combinations of a few of each.

use super::{leases, snapshot_of};
use crate::{
    state::{By, Data, Listing, Published, Record, Redis, Snapshot},
    time::{BEGIN, Stamp},
};

/// A call of a script.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    Claim,
    Publish(Published),
    Add(Published, Listing),
    Renew(Published, Published),
    Invalidate(bool),
}

/// A call, and what it finds.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub now: Stamp,
    pub redis: Redis,
    /// What the caller knows of control.
    pub known: Record,
    /// The record in Redis is nonsense, which counts as a missing one.
    pub is_nonsense: bool,
    pub call: Call,
}

fn at(point: u16) -> Stamp {
    Stamp(BEGIN.0 + point)
}

fn record(epoch: u16, barrier: u16) -> Record {
    let barrier = if barrier == 0 { Stamp::default() } else { at(barrier) };
    Record { epoch: at(epoch), barrier, barrier_at: barrier, generation: 0 }
}

fn published(loaded: u16, epoch: u16, content: u8) -> Published {
    Published { at: at(loaded), epoch: at(epoch), content, ..Published::default() }
}

/// Records that Redis may hold, or a caller know: none, one, a later one, and one with a barrier.
fn records() -> [Record; 4] {
    [Record::default(), record(1, 0), record(3, 0), record(3, 2)]
}

/// Versions that may be there: none, older and newer ones in time and epoch, and one that is dated after now.
fn versions() -> [Published; 6] {
    [
        Published::default(),
        published(4, 1, 0),
        published(8, 1, 0),
        published(4, 3, 1),
        published(8, 3, 1),
        published(10 * 64, 3, 1),
    ]
}

/// Keys that a version may find beside it: none, its own, and what another wrote.
fn beside(version: Published) -> [(Snapshot, Listing); 4] {
    let other = Listing { expires: at(200 * 64), content: 1, by: By::Other, generation: 0 };
    let ours = Listing { expires: version.expires(), by: By::Ours(0), ..other };
    let snapshot = snapshot_of(version);
    [
        (Snapshot::default(), Listing::default()),
        (snapshot, ours),
        (snapshot, other),
        (Snapshot { expires: at(150 * 64), ..snapshot }, ours),
    ]
}

/// All that Redis may hold.
fn data() -> Vec<Data> {
    let mut all = Vec::new();
    for control in records() {
        for version in versions() {
            let known = if version.is_there() { version } else { published(2, 1, 0) };
            for (snapshot, listing) in beside(known) {
                all.push(Data { control, version, snapshot, listing });
            }
        }
    }
    all
}

/// Each case.
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    let now = at(64);
    for data in data() {
        for known in records() {
            let redis = Redis { data, ..Redis::default() };
            let case = |call| Case { now, redis, known, is_nonsense: false, call };
            let loads = [published(6, 1, 0), published(6, 3, 1), published(4, 3, 1)];
            cases.extend(loads.map(|version| case(Call::Publish(version))));
            let listing = Listing { content: 0, by: By::Ours(1), ..Listing::default() };
            for version in
                loads.into_iter().chain(Some(data.version).filter(|there| there.is_there()))
            {
                cases.push(case(Call::Add(version, listing)));
                let renewed = Published { at: at(9), ..version };
                cases.push(case(Call::Renew(version, renewed)));
            }
            cases.extend([true, false].map(|hard| case(Call::Invalidate(hard))));
            for lease in leases() {
                let redis = Redis { lease, ..redis };
                cases.push(Case { redis, ..case(Call::Claim) });
            }
        }
    }
    let nonsense: Vec<Case> = cases
        .iter()
        .filter(|case| !case.redis.data.control.is_there())
        .map(|case| Case { is_nonsense: true, ..*case })
        .collect();
    cases.extend(nonsense);
    cases
}
