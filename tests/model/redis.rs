//! What Redis's scripts decide, as plain functions over what Redis holds. That the scripts decide the same is what
//! `same_as_lua` shows. A rule that is taken out is a broken copy of a line here.

use model_catalog_edge::{cache::protocol::Control, ports::Timestamp};

use crate::{
    environment::{Environment, Without},
    state::{By, Data, Lease, Listing, Published, Record, Redis, Snapshot},
    time::Stamp,
};

/// The first word of a publishing script's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Published,
    EpochMoved,
    NewerThere,
    VersionMoved,
    NotOurs,
}

/// What a claim is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    pub is_ours: bool,
    pub was_endless: bool,
    pub control: Record,
    pub version: Published,
}

/// Who calls, and what it knows of control.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    pub environment: &'a Environment,
    pub known: Record,
}

impl Redis {
    /// A script of one step. What copies still show is what was there before it.
    pub fn write<T>(&mut self, remembered: bool, script: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.data;
        let reply = script(self);
        if remembered && self.data != before {
            self.before = [before, self.before[0]];
        }
        reply
    }

    /// lease/claim.lua
    pub fn claim(&mut self, caller: Caller<'_>, token: By) -> Claimed {
        let control = self.data.lift(caller);
        let was_endless = self.lease.by != By::Nobody && self.lease.is_endless;
        let is_ours = self.lease.by == By::Nobody || was_endless || self.lease.by == token;
        let in_two_steps = was_endless && caller.environment.lacks(Without::TakeoverInOneStep);
        if is_ours && !in_two_steps {
            self.lease = Lease { by: token, is_endless: false };
        }
        Claimed { is_ours, was_endless, control, version: self.data.version }
    }

    /// lease/release.lua
    pub fn release(&mut self, token: By) {
        if self.lease.by == token {
            self.lease = Lease::default();
        }
    }
}

impl Data {
    /// control/record.lua
    fn lift(&mut self, caller: Caller<'_>) -> Record {
        if !caller.environment.lacks(Without::Lifting) {
            self.control = self.control.merged(caller.known);
        }
        self.control
    }

    /// values/publish.lua, as it is sent with a snapshot.
    pub fn publish(
        &mut self,
        caller: Caller<'_>,
        version: Published,
        redis_now: Stamp,
    ) -> (Word, Record) {
        let control = self.lift(caller);
        let is_guarded = !caller.environment.lacks(Without::Guard);
        if is_guarded && control.epoch != version.epoch {
            return (Word::EpochMoved, control);
        }
        let there = self.version;
        let is_possible = there.at.time().0 <= redis_now.time().0 + 60_000;
        let is_newer = (there.epoch, there.at) > (control.epoch, version.at);
        if is_guarded && there.is_there() && is_possible && is_newer {
            return (Word::NewerThere, control);
        }
        self.snapshot = Snapshot { header: version, expires: version.expires() };
        self.version = version;
        (Word::Published, control)
    }

    /// values/add.lua
    pub fn add(
        &mut self,
        caller: Caller<'_>,
        version: Published,
        listing: Listing,
    ) -> (Word, Record) {
        let control = self.lift(caller);
        let is_guarded = !caller.environment.lacks(Without::Guard);
        if is_guarded && control.epoch != version.epoch {
            return (Word::EpochMoved, control);
        }
        if is_guarded && !self.version.is(version) {
            return (Word::VersionMoved, control);
        }
        self.listing = Listing { expires: version.expires(), ..listing };
        (Word::Published, control)
    }

    /// values/renew.lua, with the snapshot and the listing.
    pub fn renew(
        &mut self,
        caller: Caller<'_>,
        there: Published,
        renewed: Published,
    ) -> (Word, Record) {
        let control = self.lift(caller);
        if control.epoch != renewed.epoch {
            return (Word::EpochMoved, control);
        }
        if !self.version.is(there) {
            return (Word::VersionMoved, control);
        }
        let expires = [self.snapshot.expires, self.listing.expires];
        let is_ours = |at: &Stamp| match caller.environment.without {
            Without::RenewedExpiry => at.is_some(),
            _ => *at == there.expires(),
        };
        if !expires.iter().all(is_ours) {
            return (Word::NotOurs, control);
        }
        self.snapshot.expires = renewed.expires();
        self.listing.expires = renewed.expires();
        self.version = renewed;
        (Word::Published, control)
    }

    /// control/invalidate.lua; a hard one with the generation that begins.
    pub fn invalidate(&mut self, caller: Caller<'_>, hard: Option<u8>, time: Stamp) -> Record {
        self.unlink();
        self.raise(caller, hard, time)
    }

    /// One half of it.
    pub fn unlink(&mut self) {
        self.snapshot = Snapshot::default();
        self.listing = Listing::default();
    }

    /// The other half.
    pub fn raise(&mut self, caller: Caller<'_>, hard: Option<u8>, time: Stamp) -> Record {
        let known = self.control.merged(caller.known);
        let (control, is_hard) = (known.control(), hard.is_some());
        let raised = match caller.environment.without {
            Without::EpochsOfTime => only_counted(control, is_hard, time.time()),
            _ => control.raised(is_hard, time.time()),
        };
        self.control = Record::of(raised, hard.unwrap_or(known.generation));
        self.control
    }

    /// Lets go of what has expired.
    pub fn expire(&mut self, now: Stamp) {
        if self.snapshot.expires < now {
            self.snapshot = Snapshot::default();
        }
        if self.listing.expires < now {
            self.listing = Listing::default();
        }
    }
}

/// An epoch that counts raises, and nothing else.
fn only_counted(known: Control, hard: bool, time: Timestamp) -> Control {
    let epoch = known.epoch + 1;
    if hard {
        Control { epoch, barrier: epoch, barrier_at: time }
    } else {
        Control { epoch, ..known }
    }
}
