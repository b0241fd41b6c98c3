//! What the planet's isolates asked of others, counted where they ask.

use std::cell::{Cell, RefCell};

/// Who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// An isolate of a colo, for a request.
    Colo,
    /// Cron's isolate.
    Cron,
    /// An operator's.
    Operator,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Redis: control and versions.
    Check,
    /// Redis: a snapshot with what judges it.
    Snapshot,
    /// Redis: a view's own key.
    Listing,
    /// Redis: adding counters.
    Flush,
    /// Redis: a lease that was ours.
    Claim,
    /// Redis: a lease that was another's, or that is not to be used while the origin is left alone.
    Wait,
    /// Redis: letting a lease last on, or giving it back.
    Lease,
    /// Redis: snapshot, listings, version.
    Publish,
    /// Redis: letting what is there live on.
    Renew,
    /// Redis: whether a derived listing is there.
    Look,
    /// Redis: a derived listing.
    Derived,
    /// Redis: all of an invalidation, and control on its own.
    Control,
    /// Redis: cron's report.
    Report,
    KvRead,
    KvWrite,
    KvList,
    /// The origin gave a snapshot.
    Load,
    /// The origin failed.
    FailedLoad,
    LogLine,
}

impl Kind {
    pub const ALL: [Self; 19] = [
        Self::Check,
        Self::Snapshot,
        Self::Listing,
        Self::Flush,
        Self::Claim,
        Self::Wait,
        Self::Lease,
        Self::Publish,
        Self::Renew,
        Self::Look,
        Self::Derived,
        Self::Control,
        Self::Report,
        Self::KvRead,
        Self::KvWrite,
        Self::KvList,
        Self::Load,
        Self::FailedLoad,
        Self::LogLine,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Snapshot => "snapshot",
            Self::Listing => "listing",
            Self::Flush => "flush",
            Self::Claim => "claim",
            Self::Wait => "wait",
            Self::Lease => "lease",
            Self::Publish => "publish",
            Self::Renew => "renew",
            Self::Look => "look",
            Self::Derived => "derived",
            Self::Control => "control",
            Self::Report => "report",
            Self::KvRead => "kv read",
            Self::KvWrite => "kv write",
            Self::KvList => "kv list",
            Self::Load => "load",
            Self::FailedLoad => "failed load",
            Self::LogLine => "log line",
        }
    }

    /// Whether it is a Redis command.
    pub fn is_redis(self) -> bool {
        self.index() <= Self::Report.index()
    }

    /// Whether one isolate does it for all, as long as Redis says who.
    fn is_done_once(self) -> bool {
        matches!(
            self,
            Self::Claim
                | Self::Lease
                | Self::Publish
                | Self::Renew
                | Self::Derived
                | Self::KvWrite
                | Self::KvList
                | Self::Load
                | Self::FailedLoad
        )
    }

    fn index(self) -> usize {
        Self::ALL.iter().position(|kind| *kind == self).unwrap()
    }
}

/// How much of something there was.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub count: f64,
    /// Requests to Redis that began with it.
    pub requests: f64,
    pub bytes_up: f64,
    pub bytes_down: f64,
}

impl Tally {
    pub(super) fn times(self, factor: f64) -> Self {
        Self::default().plus(self, factor)
    }

    pub(super) fn plus(self, other: Self, factor: f64) -> Self {
        Self {
            count: other.count.mul_add(factor, self.count),
            requests: other.requests.mul_add(factor, self.requests),
            bytes_up: other.bytes_up.mul_add(factor, self.bytes_up),
            bytes_down: other.bytes_down.mul_add(factor, self.bytes_down),
        }
    }
}

type Tallies = [Tally; Kind::ALL.len()];

/// The meter that all of a planet's ports share.
#[derive(Default)]
pub struct Meter {
    /// What each sampled colo does for as many as it stands for.
    spread: RefCell<Tallies>,
    /// What is done once, however many colos there are.
    once: RefCell<Tallies>,
    /// Whether isolates cannot learn from each other just now: then each does for itself what is else done once.
    pub is_apart: Cell<bool>,
    /// Whether the origin is out just now: then each asks for leases that it gives back unused.
    pub is_origin_out: Cell<bool>,
}

impl Meter {
    /// Notes something that was asked.
    pub fn note(&self, who: Who, kind: Kind, bytes_up: usize, bytes_down: usize) {
        let tally = Tally {
            count: 1.0,
            requests: 0.0,
            bytes_up: number(bytes_up),
            bytes_down: number(bytes_down),
        };
        self.add(who, kind, tally);
    }

    /// Notes a request to Redis by what it begins with.
    pub fn note_request(&self, who: Who, kind: Kind) {
        self.add(who, kind, Tally { requests: 1.0, ..Tally::default() });
    }

    /// Notes so many log lines of hits that were not run.
    pub fn note_lines(&self, lines: f64) {
        self.add(Who::Colo, Kind::LogLine, Tally { count: lines, ..Tally::default() });
    }

    fn add(&self, who: Who, kind: Kind, tally: Tally) {
        let is_apart = self.is_apart.get() || kind == Kind::Lease && self.is_origin_out.get();
        let is_once = who != Who::Colo || kind.is_done_once() && !is_apart;
        let mut tallies = if is_once { &self.once } else { &self.spread }.borrow_mut();
        let known = &mut tallies[kind.index()];
        *known = known.plus(tally, 1.0);
    }

    /// How much there was of something on the whole planet.
    pub fn total(&self, kind: Kind, factor: f64) -> Tally {
        let index = kind.index();
        self.once.borrow()[index].plus(self.spread.borrow()[index], factor)
    }

    /// How much was simulated of all Redis commands.
    pub fn redis(&self) -> Tally {
        let kinds = Kind::ALL.into_iter().filter(|kind| kind.is_redis());
        kinds.fold(Tally::default(), |sum, kind| sum.plus(self.total(kind, 1.0), 1.0))
    }
}

/// A count as a number with a fraction.
pub fn number(value: usize) -> f64 {
    f64::from(u32::try_from(value).unwrap())
}
