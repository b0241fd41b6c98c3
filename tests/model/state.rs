//! The world at one moment, in less than 420 bytes. Fields named `generation` are what nobody in it knows: how many
//! hard clears had been done when the origin was asked for this.

use std::{
    hash::{Hash, Hasher},
    time::Duration,
};

use model_catalog_edge::{
    cache::protocol::{Control, Dated, Place, Version},
    ports::{Timestamp, millis},
};

use crate::time::{BEGIN, Stamp};

/// Lifetimes: as long as the backend's, longer, and shorter.
pub const TTLS: [Duration; 3] =
    [Duration::from_secs(1800), Duration::from_secs(3600), Duration::from_secs(900)];

/// Control; an epoch of 0 is a missing record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Record {
    pub epoch: Stamp,
    pub barrier: Stamp,
    pub barrier_at: Stamp,
    /// Of the last hard clear that the record was told of.
    pub generation: u8,
}

/// A version, or a header; `at` of 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Published {
    pub at: Stamp,
    pub epoch: Stamp,
    pub content: u8,
    pub generation: u8,
    /// Which of [`TTLS`].
    pub ttl: u8,
}

/// A snapshot under its key: a header, and when the key expires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Snapshot {
    pub header: Published,
    pub expires: Stamp,
}

/// Who wrote a listing, or holds a lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum By {
    #[default]
    Nobody,
    Ours(u8),
    /// The backend, or somebody who knows nothing of us.
    Other,
}

/// A listing under the backend's key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Listing {
    pub expires: Stamp,
    pub content: u8,
    pub generation: u8,
    pub by: By,
}

/// What Redis holds, but for the lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Data {
    pub control: Record,
    pub version: Published,
    pub snapshot: Snapshot,
    pub listing: Listing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lease {
    pub by: By,
    pub is_endless: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Redis {
    pub data: Data,
    pub lease: Lease,
    /// What it was before the last writes, the last one first. Where an old dump is restored, the second is that dump.
    pub before: [Data; 2],
}

/// What KV holds: the last write, and the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kv {
    pub value: [Published; 2],
    pub marker: [Record; 2],
}

/// What Redis told, and when it was asked; no time is that nobody asked it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub at: Stamp,
    pub control: Record,
    pub version: Published,
}

/// Most worlds have no data center: nothing takes one byte there.
impl Hash for Told {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        if *self == Self::default() {
            hasher.write_u8(0);
        } else {
            (1u8, self.at, self.control, self.version).hash(hasher);
        }
    }
}

/// What the cache of a data center holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Colo {
    /// The last write, and where it may show what was replaced, the one before it.
    pub told: [Told; 2],
    /// Headers by their content, as a snapshot's name is its hash.
    pub snapshots: [Published; 2],
}

/// What dates something that memory holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Date {
    #[default]
    Nothing,
    Ours(Stamp, Stamp),
    ByTime(Stamp),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Held {
    pub date: Date,
    pub content: u8,
    pub generation: u8,
}

/// A load from its claim to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Load {
    pub is_leased: bool,
    pub date: Date,
    pub content: u8,
    pub generation: u8,
    /// The version that the claim found.
    pub there: Published,
    /// Whether KV is written behind it.
    pub shares: bool,
}

/// What an isolate is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Work {
    #[default]
    Idle,
    /// May ask the origin.
    Claimed(Load),
    /// Is to renew or to publish what the origin gave.
    Loaded(Load),
    /// Is to publish: renewing was refused.
    Changed(Load),
    /// Is to add the listing.
    Published(Load),
    /// Is to write KV.
    Sharing(Load),
    /// Is to write this to KV's marker.
    Mending(Record),
    /// Wrote this to KV's marker, and is to read control once more.
    Mended(Record),
    /// Found a lease without end, and is to take it. Only where that takes two steps.
    TakingOver,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Isolate {
    pub known: Record,
    pub is_informed: bool,
    /// The generation of the newest clear that a record told this isolate of, whatever it made of that.
    pub seen: u8,
    /// The newest version that was seen.
    pub version: Published,
    pub memory: Held,
    pub listing: Held,
    /// What it heard, to be left to its data center.
    pub told: Told,
    /// The header of the snapshot that is to be left there.
    pub unleft: Published,
    pub work: Work,
}

/// How far an invalidation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Clearing {
    #[default]
    Idle,
    /// One of two commands is done. Only where it takes two.
    Half(bool),
    /// Redis has answered. KV's marker is next.
    Raised,
    /// The marker was read, and is to be written as this.
    Marking(Record),
    /// The marker was written as this, and control is to be read once more.
    Marked(Record),
    /// The marker is to be written for the last time. Only where nobody looks again then.
    MarkingLast(Record),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Invalidator {
    pub known: Record,
    pub at: Clearing,
}

/// How often each may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    pub hard: u8,
    pub soft: u8,
    pub changes: u8,
    pub loads: u8,
    pub derived: u8,
    pub listings: u8,
    pub ticks: u8,
    /// Times as long as memory's lifetime.
    pub spells: u8,
    pub deaths: u8,
    /// Replies that are lost.
    pub lost: u8,
    /// Evictions, losses of data and the like.
    pub losses: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    pub now: Stamp,
    pub redis: Redis,
    pub kv: Kv,
    pub colo: Colo,
    pub isolates: [Isolate; 2],
    pub invalidators: [Invalidator; 2],
    pub left: Budget,
    /// What the origin gives.
    pub content: u8,
    /// Hard clears that Redis has done.
    pub cleared: u8,
    /// The newest hard clear that was reported to be done.
    pub completed: u8,
    /// The same for one that was so memory's lifetime ago.
    pub overdue: u8,
    /// The same for one whose marker is in KV, with its epoch.
    pub marked: Stamp,
    pub marked_generation: u8,
    /// Whether Redis lost data since the last hard clear.
    pub has_lost: bool,
    /// Whether a copy took over.
    pub has_failed_over: bool,
}

const _: () = assert!(size_of::<State>() <= 420);

impl Record {
    pub fn is_there(self) -> bool {
        self.epoch.is_some()
    }

    pub fn control(self) -> Control {
        let Self { epoch, barrier, barrier_at, .. } = self;
        let [epoch, barrier] = [epoch, barrier].map(|stamp| stamp.time().0);
        Control { epoch, barrier, barrier_at: barrier_at.time() }
    }

    pub fn of(control: Control, generation: u8) -> Self {
        let [epoch, barrier] = [control.epoch, control.barrier].map(|at| Stamp::of(Timestamp(at)));
        Self { epoch, barrier, barrier_at: Stamp::of(control.barrier_at), generation }
    }

    /// As the protocol merges what was read in two places.
    pub fn merged(self, other: Self) -> Self {
        let generation = self.generation.max(other.generation);
        Self::of(self.control().merged(other.control()), generation)
    }
}

impl Published {
    pub fn is_there(self) -> bool {
        self.at.is_some()
    }

    /// Whether both have the same text: all that isolates can compare.
    pub fn is(self, other: Self) -> bool {
        Self { generation: 0, ..self } == Self { generation: 0, ..other }
    }

    pub fn version(self) -> Version {
        Version {
            v: Version::FORMAT,
            config: 1,
            at: self.at.time(),
            ttl: millis(TTLS[usize::from(self.ttl)]),
            epoch: self.epoch.time().0,
            backend_epoch: None,
            hash: u64::from(self.content),
            n: 1,
            offers_max: 1,
            bytes: 2,
            place: Place::Redis,
            listings: 1,
            packed: None,
            barrier_at: None,
        }
    }

    /// The same content, found again by a load.
    pub fn renewed_as(self, load: Self) -> Self {
        let Version { at, epoch, hash, .. } = self.version().renewed_as(&load.version());
        let content = u8::try_from(hash).expect("a content of the model");
        Self { at: Stamp::of(at), epoch: Stamp::of(Timestamp(epoch)), content, ..load }
    }

    /// The date of a load under the lease that began at `at` when this was there, if anything was.
    pub fn followed_at(self, at: Stamp) -> Stamp {
        if self.is_there() { Stamp::of(self.version().followed_at(at.time())) } else { at }
    }

    pub fn expires(self) -> Stamp {
        Stamp::of(self.version().expires_at())
    }
}

impl Date {
    pub fn dated(self) -> Option<Dated> {
        match self {
            Self::Nothing => None,
            Self::Ours(at, epoch) => {
                Some(Dated::Ours { at: at.time(), epoch: epoch.time().0, backend_epoch: None })
            }
            Self::ByTime(at) => Some(Dated::ByTime(at.time())),
        }
    }

    pub fn of(dated: Dated) -> Self {
        match dated {
            Dated::Ours { at, epoch, .. } => Self::Ours(Stamp::of(at), Stamp::of(Timestamp(epoch))),
            Dated::ByTime(at) | Dated::Provisional(at) => Self::ByTime(Stamp::of(at)),
        }
    }
}

impl Work {
    /// The load that holds a lease, while it does.
    pub fn is_leased_load(&self) -> bool {
        match self {
            Self::Claimed(load)
            | Self::Loaded(load)
            | Self::Changed(load)
            | Self::Published(load) => load.is_leased,
            Self::Idle
            | Self::Sharing(_)
            | Self::Mending(_)
            | Self::Mended(_)
            | Self::TakingOver => false,
        }
    }
}

impl State {
    /// Nothing is anywhere.
    pub fn cold(left: Budget) -> Self {
        Self { now: BEGIN, left, ..Self::default() }
    }

    /// Something is published everywhere, and the isolates know nothing yet.
    pub fn warm(left: Budget) -> Self {
        let mut state = Self::cold(left);
        let (epoch, at) = (state.stamp(), state.stamp());
        let version = Published { at, epoch, ..Published::default() };
        let control = Record { epoch, ..Record::default() };
        let listing = Listing { expires: version.expires(), by: By::Ours(0), ..Listing::default() };
        let snapshot = Snapshot { header: version, expires: version.expires() };
        state.redis.data = Data { control, version, snapshot, listing };
        state.redis.before = [state.redis.data; 2];
        state.kv = Kv { value: [version; 2], marker: [control; 2] };
        state
    }

    /// A moment of its own.
    pub fn stamp(&mut self) -> Stamp {
        self.now = self.now.next();
        self.now
    }
}
