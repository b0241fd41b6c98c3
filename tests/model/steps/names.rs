//! What steps are called, for a run to be read.

use std::fmt;

/// One step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Isolate(usize, Act),
    Invalidator(usize, Move),
    World(Event),
}

/// What an isolate does. What it reads is what Redis has, or what a copy shows that is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    ReadsSnapshot,
    ReadsOldSnapshot,
    ReadsListing,
    ReadsOldListing,
    Checks,
    ChecksBehind,
    ReadsKv,
    ReadsWhatWasTold,
    ReadsNearSnapshot,
    LeavesWhatWasTold,
    LeavesSnapshot,
    ReadsKvAndMendsMarker,
    Claims(Lost),
    IsRefusedTheLease,
    GoesOnWithoutTheLease,
    LoadsWithoutTheLease,
    FindsEndlessLease,
    TakesItOver,
    AsksTheOrigin,
    Renews(Lost),
    RenewsInVain,
    Publishes(Lost),
    PublishesInVain,
    PublishesAgain,
    Adds(Lost),
    AddsInVain,
    Derives,
    WritesKv,
    WritesMarker,
    ReadsControlAgain,
    GivesUp,
    Dies,
}

/// What an invalidator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    Clears(Lost),
    Softens(Lost),
    /// It is an isolate with a data center's cache.
    ClearsAs(usize),
    SoftensAs(usize),
    DoesTheFirstHalf,
    DoesTheSecondHalf,
    ReadsMarker,
    WritesMarker,
    ReadsControlAgain,
}

/// What happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    OriginChanges,
    TimePasses,
    MemorysLifetimePasses,
    DataCenterForgetsWhatWasTold,
    DataCenterForgetsSnapshots,
    BackendWrites,
    BackendWritesWhatIsOld,
    VersionIsEvicted,
    SnapshotIsEvicted,
    ListingIsEvicted,
    ControlIsEvicted,
    RedisIsFlushed,
    RedisFailsOver,
    RedisIsDumped,
    DumpIsRestored,
    LeaseExpires,
    EndlessLeaseIsLeft,
}

/// What becomes of a call's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    No,
    BeforeEffect,
    AfterEffect,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (who, what) = match self {
            Self::Isolate(0, act) => ("isolate A ", format!("{act:?}")),
            Self::Isolate(_, act) => ("isolate B ", format!("{act:?}")),
            Self::Invalidator(0, step) => ("invalidator X ", format!("{step:?}")),
            Self::Invalidator(_, step) => ("invalidator Y ", format!("{step:?}")),
            Self::World(event) => ("", format!("{event:?}")),
        };
        write!(f, "{who}{}", words(&what))
    }
}

/// A name as words, and in brackets what became of the reply.
fn words(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !words.is_empty() && !words.ends_with('(') {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    let words = words.replace("(0)", " isolate A").replace("(1)", " isolate B");
    words.replace("(no)", "").replace('(', " (reply lost ")
}
