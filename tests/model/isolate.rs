//! What an isolate makes of what it reads: the production's decisions over the model's state. A rule that is taken out
//! is a broken copy of a line here.

use model_catalog_edge::{
    cache::protocol::{BackendEpoch, Dated, Expiry, Freshness, Known},
    ports::Timestamp,
};

use crate::{
    environment::{Environment, Without},
    state::{Date, Held, Isolate, Listing, Published, Record},
    time::Stamp,
};

/// A promise that is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Content from before a hard clear is served at once by an isolate that was told of the clear.
    ServedCleared,
    /// Redis holds, for a reader that knows nothing, something of ours from before a completed hard clear as fresh.
    RedisHoldsCleared,
    /// The same in KV.
    KvHoldsCleared,
    /// The backend finds a listing of ours from before a completed hard clear.
    BackendFindsCleared,
    /// Something is dated by a version of other content.
    PairedWrongly,
    /// What is renewed is not the version's.
    RenewedOther,
    /// Two leased loads at a time.
    TwoLoads,
    /// KV's marker is behind an invalidation that has written it, with nobody at it.
    MarkerWentBack,
    /// A data center answers an isolate without what was cleared longer ago than memory's lifetime.
    AnsweredLate,
    /// Once nothing goes wrong, a load does not become what every isolate finds fresh.
    NeverFresh,
}

/// Whose decisions these are.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub environment: &'a Environment,
    pub index: usize,
    /// By this isolate's clock.
    pub now: Stamp,
    /// Hard clears that are done.
    pub cleared: u8,
}

impl Reader<'_> {
    /// A record was read, or was found to be missing.
    pub fn learn(&self, isolate: &mut Isolate, record: Record) {
        isolate.seen = isolate.seen.max(record.generation);
        isolate.is_informed = true;
        isolate.known = match self.environment.without {
            Without::Growth if record.is_there() => record,
            Without::MissingTellsNothing if !record.is_there() => Record::default(),
            _ => isolate.known.merged(record),
        };
    }

    /// A version was read: memory of the same content moves on to it.
    pub fn learn_version(&self, isolate: &mut Isolate, version: Published) {
        if !version.is_there() {
            return;
        }
        let known = isolate.version;
        if !known.is_there() || version.version().order() >= known.version().order() {
            isolate.version = version;
        }
        if !self.environment.lacks(Without::VersionsEpoch) {
            learn_epoch(isolate, version.epoch);
        }
        if isolate.memory.content == version.content {
            isolate.memory = moved_on(isolate.memory, version);
        }
    }

    /// A snapshot was read, and the version that stood beside it.
    pub fn read_snapshot(
        &self,
        isolate: &mut Isolate,
        header: Published,
        beside: Published,
    ) -> Held {
        let date = Date::Ours(header.at, header.epoch);
        let held = Held { date, content: header.content, generation: header.generation };
        let is_same = beside.is_there() && beside.content == header.content;
        let held = if is_same { moved_on(held, beside) } else { held };
        self.learn_version(isolate, header);
        learn_date(isolate, held.date);
        keep(&mut isolate.memory, held);
        held
    }

    /// A listing was read, and the version that stood beside it.
    pub fn read_listing(
        &self,
        isolate: &mut Isolate,
        listing: Listing,
        beside: Published,
    ) -> Result<Option<Held>, Broken> {
        let Some(dated) = self.listing_dated(isolate, listing, beside) else { return Ok(None) };
        let is_versions = beside.is_there() && dated == beside.version().dated();
        if is_versions && listing.content != beside.content {
            return Err(Broken::PairedWrongly);
        }
        let date = Date::of(dated);
        let held = Held { date, content: listing.content, generation: listing.generation };
        learn_date(isolate, held.date);
        keep(&mut isolate.listing, held);
        Ok(Some(held))
    }

    fn listing_dated(
        &self,
        isolate: &Isolate,
        listing: Listing,
        beside: Published,
    ) -> Option<Dated> {
        let expires = listing.expires.time();
        let version = beside.is_there().then(|| beside.version());
        let expiry = match (self.environment.without, &version) {
            (Without::ExactExpiry, Some(version)) if is_about(version.expires_at(), expires) => {
                version.expires_at()
            }
            _ => expires,
        };
        let ttl = self.environment.policy(self.index).ttl;
        let dated = Dated::of_listing(Expiry::At(expiry), version.as_ref(), 1, ttl)?;
        match dated {
            Dated::ByTime(at) if self.environment.lacks(Without::DatedByItself) => {
                let epoch = isolate.known.epoch.time().0;
                Some(Dated::Ours { at, epoch, backend_epoch: None })
            }
            dated => Some(dated),
        }
    }

    /// How something may be served; of a listing no hash is known.
    pub fn freshness(&self, isolate: &Isolate, held: Held, is_snapshot: bool) -> Freshness {
        let Some(dated) = held.date.dated() else { return Freshness::Gone };
        let hash = is_snapshot.then_some(u64::from(held.content));
        let policy = self.environment.policy(self.index);
        dated.freshness(hash, &known(isolate), self.now.time(), policy)
    }

    /// What was found, or is held, is from before a clear that this isolate was told of, and yet is served at once.
    pub fn check(&self, isolate: &Isolate, held: Held, is_snapshot: bool) -> Result<(), Broken> {
        let is_old = held.generation < isolate.seen.min(self.cleared);
        let served = is_old && self.freshness(isolate, held, is_snapshot) <= Freshness::Revalidate;
        if served { Err(Broken::ServedCleared) } else { Ok(()) }
    }
}

fn moved_on(held: Held, version: Published) -> Held {
    let Some(dated) = held.date.dated() else { return held };
    let moved = dated.moved_on(&version.version());
    let generation = if moved == version.version().dated() {
        // It was found again by that load.
        held.generation.max(version.generation)
    } else {
        held.generation
    };
    Held { date: Date::of(moved), generation, ..held }
}

/// The origin gave this to a load.
pub fn keep_load(isolate: &mut Isolate, loaded: Held) {
    learn_date(isolate, loaded.date);
    keep(&mut isolate.memory, loaded);
}

fn learn_date(isolate: &mut Isolate, date: Date) {
    if let Date::Ours(_, epoch) = date {
        learn_epoch(isolate, epoch);
    }
}

/// A value of an epoch shows that control stood there at least.
fn learn_epoch(isolate: &mut Isolate, epoch: Stamp) {
    if isolate.is_informed {
        isolate.known.epoch = isolate.known.epoch.max(epoch);
    }
}

pub fn known(isolate: &Isolate) -> Known {
    let version = isolate.version;
    Known {
        control: isolate.is_informed.then(|| isolate.known.control()),
        // It has none here.
        backend_epoch: BackendEpoch::Unknown,
        version: version
            .is_there()
            .then(|| (version.version().order(), u64::from(version.content))),
        // No source is withdrawn alone.
        barrier_at: None,
    }
}

/// What memory holds gives way to nothing older.
fn keep(slot: &mut Held, found: Held) {
    let (held, new) = (slot.date.dated(), found.date.dated());
    let gives_way = match (held, new) {
        (Some(held), Some(new)) => held.gives_way_to(&new),
        _ => true,
    };
    if gives_way {
        *slot = found;
    }
}

/// Two expiries that are about the same.
fn is_about(a: Timestamp, b: Timestamp) -> bool {
    a.0.abs_diff(b.0) <= 1_000
}

/// What a reader that knows nothing serves of a snapshot beside this record and version.
pub fn served_cold(
    reader: Reader<'_>,
    control: Record,
    version: Published,
    header: Published,
) -> Option<Held> {
    let mut isolate = Isolate::default();
    if control.is_there() {
        reader.learn(&mut isolate, control);
    }
    reader.learn_version(&mut isolate, version);
    let held = reader.read_snapshot(&mut isolate, header, version);
    let is_served = reader.freshness(&isolate, held, true) <= Freshness::Revalidate;
    is_served.then_some(held)
}
