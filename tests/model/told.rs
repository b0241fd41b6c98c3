//! What the isolates of a data center leave each other of what Redis told: a copy of Redis that lags. How it is merged, and
//! for how long it is an answer, is the production's. A rule that is taken out is a broken copy of a line here.

use std::time::Duration;

use model_catalog_edge::{
    cache::protocol::{self, Freshness, Observed, Version},
    catalog::{Scope, Source},
    ports::Timestamp,
};

use crate::{
    environment::{Environment, Without},
    isolate::Reader,
    state::{Colo, Date, Held, Isolate, Published, Record, Told},
    time::Stamp,
};

const SOURCE: Source = Source::Unique(Scope::Active);
/// By so much less than memory's lifetime counts what was told (`SOONER` of the production).
const SOONER: Duration = Duration::from_secs(5);

impl Told {
    pub fn is_there(self) -> bool {
        self.at.is_some() || self.control.is_there()
    }

    fn observed(self) -> Observed {
        let version = self.version.is_there().then(|| self.version.version());
        Observed {
            control: self.control.is_there().then(|| self.control.control()),
            backend_epoch: None,
            versions: if self.at.is_some() { vec![(SOURCE, version)] } else { Vec::new() },
        }
    }

    fn production(self) -> protocol::Told {
        let at = if self.at.is_some() { self.at.time() } else { Timestamp::default() };
        protocol::Told { at, asked_at: Timestamp::default(), observed: self.observed() }
    }

    /// Changes this as the production does, by what another one says.
    fn changed(self, by: Self, change: impl FnOnce(&mut protocol::Told)) -> Self {
        let mut told = self.production();
        change(&mut told);
        let version = told.observed.version(SOURCE);
        let at = if told.at.0 == 0 { Stamp::default() } else { Stamp::of(told.at) };
        let generation = self.control.generation.max(by.control.generation);
        let control = told.observed.control.map(|control| Record::of(control, generation));
        let version = version.map(|version| which(version, [self.version, by.version]));
        Self { at, control: control.unwrap_or_default(), version: version.unwrap_or_default() }
    }
}

/// Which of these a version is; of two alike the one that is known to be newer.
fn which(version: Version, of: [Published; 2]) -> Published {
    let alike = of.into_iter().filter(|of| of.is_there() && of.version() == version);
    alike.max_by_key(|of| of.generation).expect("one of what was there")
}

impl Reader<'_> {
    pub fn has_colo(&self) -> bool {
        self.environment.parts.colo[self.index]
    }

    /// Redis told this, asked at `begun`.
    pub fn told_by_redis(
        &self,
        isolate: &mut Isolate,
        control: Record,
        version: Published,
        begun: Stamp,
    ) {
        if self.has_colo() {
            let heard = Told { at: begun, control, version };
            let hear = |told: &mut protocol::Told| told.hear(&heard.observed(), begun.time());
            isolate.told = isolate.told.changed(heard, hear);
        }
    }

    pub fn note_published(&self, isolate: &mut Isolate, version: Published) {
        if !self.has_colo() {
            return;
        }
        let by = Told { version, ..Told::default() };
        let note = |told: &mut protocol::Told| told.note_published(SOURCE, version.version());
        isolate.told = isolate.told.changed(by, note);
    }

    pub fn note_raised(&self, isolate: &mut Isolate, control: Record) {
        if self.has_colo() {
            let by = Told { control, ..Told::default() };
            isolate.told = isolate.told.changed(by, |told| told.note_raised(control.control()));
        }
    }

    /// A snapshot is to be left to the data center.
    pub fn note_unleft(&self, isolate: &mut Isolate, header: Published) {
        if self.has_colo() {
            isolate.unleft = header;
        }
    }

    /// Reads what is told, if anything is, and learns from it.
    pub fn hear(&self, isolate: &mut Isolate, told: Told) {
        if !told.is_there() {
            return;
        }
        let at = if told.at.is_some() { told.at.min(self.now) } else { told.at };
        let begun = told.production().at.min(self.now.time());
        let heard = Told { at, ..told };
        let hear = |own: &mut protocol::Told| own.hear(&heard.observed(), begun);
        isolate.told = isolate.told.changed(heard, hear);
        if self.environment.lacks(Without::ToldGrows) && told.control.is_there() {
            isolate.told.control = told.control;
        }
        self.learn(isolate, told.control);
        if self.environment.lacks(Without::ToldIsLearned) && told.control.is_there() {
            isolate.known = told.control;
        }
        self.learn_version(isolate, told.version);
    }

    /// Leaves all that it has to leave, merged with what stands there.
    pub fn leave(&self, isolate: &mut Isolate, colo: &mut Colo) {
        if !self.has_colo() {
            return;
        }
        if isolate.unleft.is_there() {
            colo.leave_snapshot(isolate.unleft);
            isolate.unleft = Published::default();
        }
        self.hear(isolate, colo.told[0]);
        colo.leave(*self, isolate.told);
    }

    /// Whether what was told is an answer to a check.
    pub fn is_answered(&self, isolate: &Isolate) -> bool {
        let memory_ttl = self.environment.policy(self.index).memory_ttl;
        let life = match self.environment.without {
            Without::ToldExpires => Duration::MAX,
            Without::ToldExpiresSooner => memory_ttl,
            _ => memory_ttl.saturating_sub(SOONER),
        };
        isolate.told.production().answers(&[SOURCE], self.now.time(), life)
    }

    /// Looks in the data center for the snapshot of a version, if that is of use. What memory has need not be read.
    pub fn read_near(
        &self,
        isolate: &mut Isolate,
        version: Published,
        colo: &Colo,
    ) -> Option<Held> {
        let as_held = Held { date: Date::Ours(version.at, version.epoch), ..Held::default() };
        let as_held = Held { content: version.content, ..as_held };
        let is_of_use =
            version.is_there() && self.freshness(isolate, as_held, true) <= Freshness::Revalidate;
        if !is_of_use {
            return None;
        }
        if isolate.memory.date != Date::Nothing && isolate.memory.content == version.content {
            return Some(isolate.memory);
        }
        let header = colo.snapshots[usize::from(version.content)];
        if self.environment.lacks(Without::NearDatedByItself) {
            let header = colo.snapshots.into_iter().find(|header| header.is_there())?;
            let Published { at, epoch, .. } = version;
            return Some(self.read_snapshot(isolate, Published { at, epoch, ..header }, version));
        }
        let known = isolate.version;
        header.is_there().then(|| self.read_snapshot(isolate, header, known))
    }
}

impl Colo {
    /// What it may show of what was told.
    pub fn shown(&self, environment: &Environment) -> &[Told] {
        &self.told[..if environment.faults.colo_lags { 2 } else { 1 }]
    }

    /// Somebody leaves what it was told, whatever stands there.
    pub fn leave(&mut self, reader: Reader<'_>, told: Told) {
        let environment = reader.environment;
        let before = if environment.faults.colo_lags { self.told[0] } else { Told::default() };
        let at = if environment.lacks(Without::ToldWhenAsked) { reader.now } else { told.at };
        let told = Told { at, ..told };
        if told != self.told[0] {
            self.told = [told, before];
        }
    }

    pub fn leave_snapshot(&mut self, header: Published) {
        self.snapshots[usize::from(header.content)] = header;
    }
}
