//! What an isolate knows of the others: it only grows, wherever it was read.

use std::{collections::HashMap, time::Duration};

use crate::{
    cache::protocol::{BackendEpoch, Control, Known, Version},
    catalog::Source,
    ports::Timestamp,
};

/// An isolate that finds KV's marker behind leaves it to the invalidator for so long.
const MARKER_PATIENCE: Duration = Duration::from_secs(60);

/// What is known of control, of the backend, and of what is published.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct Knowledge {
    control: Option<Control>,
    /// When control was last read somewhere.
    verified_at: Option<Timestamp>,
    backend_epoch: BackendEpoch,
    /// When the request began that told of it.
    backend_epoch_at: Timestamp,
    versions: HashMap<Source, Version>,
    /// Since when KV's marker was found to be behind.
    marker_behind: Option<Timestamp>,
    /// When KV's marker was last asked for.
    marker_at: Timestamp,
}

impl Knowledge {
    /// Control as it is known; the default when nothing ever told.
    pub(in crate::cache) fn control(&self) -> Control {
        self.control.unwrap_or_default()
    }

    /// Whether anything ever told of control.
    pub(in crate::cache) fn is_informed(&self) -> bool {
        self.control.is_some()
    }

    /// When control was last read somewhere; never, the epoch of time.
    pub(in crate::cache) fn verified_at(&self) -> Timestamp {
        self.verified_at.unwrap_or_default()
    }

    /// Learns from a place that was asked for control at `begun`. A missing record changes nothing that is known, but then it
    /// is known that there was none.
    pub(in crate::cache) fn learn_control(&mut self, control: Option<Control>, begun: Timestamp) {
        self.control = Some(self.control().merged(control.unwrap_or_default()));
        self.verified_at = self.verified_at.max(Some(begun));
    }

    /// A value of an epoch shows that control stood there at least.
    pub(in crate::cache) fn learn_epoch(&mut self, epoch: u64) {
        if let Some(control) = &mut self.control {
            control.epoch = control.epoch.max(epoch);
        }
    }

    /// Learns the backend's epoch from a request that began at `begun`: of two the later one knows better.
    pub(in crate::cache) fn learn_backend_epoch(&mut self, epoch: Option<u64>, begun: Timestamp) {
        if begun >= self.backend_epoch_at {
            (self.backend_epoch, self.backend_epoch_at) = (BackendEpoch::Told(epoch), begun);
        }
    }

    /// The backend's epoch.
    pub(in crate::cache) fn backend_epoch(&self) -> BackendEpoch {
        self.backend_epoch
    }

    /// Learns a version of this deployment's configuration.
    pub(in crate::cache) fn learn_version(&mut self, source: Source, version: Version) {
        let known = self.versions.entry(source).or_insert(version);
        if version.order() >= known.order() {
            *known = version;
        }
    }

    /// The sources of which a version was seen.
    pub(in crate::cache) fn sources(&self) -> impl Iterator<Item = Source> {
        self.versions.keys().copied()
    }

    /// The newest version of a source that was seen.
    pub(in crate::cache) fn version(&self, source: Source) -> Option<&Version> {
        self.versions.get(&source)
    }

    /// What a value of a source is judged by.
    pub(in crate::cache) fn known(&self, source: Source) -> Known {
        let version = self.version(source);
        Known {
            control: self.control,
            backend_epoch: self.backend_epoch,
            version: version.map(|version| (version.order(), version.hash)),
            barrier_at: version.and_then(|version| version.barrier_at),
        }
    }

    /// When KV was last asked for its marker, and answered.
    pub(in crate::cache) fn marker_at(&self) -> Timestamp {
        self.marker_at
    }

    /// Whether KV's marker was found to be behind so long ago that it is to be looked at again, now that Redis answers.
    pub(in crate::cache) fn is_marker_overdue(&self, now: Timestamp) -> bool {
        self.marker_behind.is_some_and(|since| now.since(since) >= MARKER_PATIENCE)
    }

    /// Learns KV's marker, read at `begun`; says whether this isolate is to bring it up to date: it knows more, and nobody
    /// else has done it for a while.
    pub(in crate::cache) fn learn_marker(
        &mut self,
        marker: Option<Control>,
        begun: Timestamp,
    ) -> bool {
        self.marker_at = self.marker_at.max(begun);
        let Some(marker) = marker else { return false };
        self.learn_control(Some(marker), begun);
        if marker == self.control() {
            self.marker_behind = None;
            return false;
        }
        let since = *self.marker_behind.get_or_insert(begun);
        let is_due = begun.since(since) >= MARKER_PATIENCE;
        if is_due {
            self.marker_behind = Some(begun);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(epoch: u64) -> Control {
        Control { epoch, ..Control::default() }
    }

    #[test]
    fn nothing_that_is_known_is_lost() {
        let mut known = Knowledge::default();
        assert!(!known.is_informed());
        known.learn_control(Some(control(7)), Timestamp(1));
        known.learn_control(None, Timestamp(2));
        known.learn_control(Some(control(5)), Timestamp(3));
        assert_eq!((known.control().epoch, known.verified_at()), (7, Timestamp(3)));
        known.learn_epoch(9);
        assert_eq!(known.control().epoch, 9);
    }

    #[test]
    fn an_earlier_request_knows_the_backend_less() {
        let mut known = Knowledge::default();
        known.learn_backend_epoch(Some(4), Timestamp(10));
        known.learn_backend_epoch(Some(3), Timestamp(9));
        assert_eq!(known.backend_epoch(), BackendEpoch::Told(Some(4)));
        known.learn_backend_epoch(None, Timestamp(11));
        assert_eq!(known.backend_epoch(), BackendEpoch::Told(None));
    }

    #[test]
    fn a_marker_that_stays_behind_is_mended_once_a_minute() {
        let mut known = Knowledge::default();
        known.learn_control(Some(control(7)), Timestamp(0));
        let mut mended = Vec::new();
        for secs in (0..200).step_by(20) {
            if known.learn_marker(Some(control(5)), Timestamp(secs * 1000)) {
                mended.push(secs);
            }
        }
        assert_eq!(mended, [60, 120, 180]);
        assert!(!known.learn_marker(Some(control(7)), Timestamp(300_000)));
        assert!(!known.learn_marker(None, Timestamp(400_000)), "an unknown one tells nothing");
    }

    #[test]
    fn a_version_gives_way_to_what_is_not_older() {
        let version =
            |epoch, at, n| Version { at: Timestamp(at), epoch, hash: 1, n, ..Version::example() };
        let mut known = Knowledge::default();
        assert_eq!(known.known(Source::WARMED).version, None);
        for (epoch, at, n, kept) in
            [(2, 10, 1, 1), (2, 9, 2, 1), (1, 99, 3, 1), (2, 10, 4, 4), (3, 1, 5, 5)]
        {
            known.learn_version(Source::WARMED, version(epoch, at, n));
            assert_eq!(known.version(Source::WARMED).unwrap().n, kept);
        }
        assert_eq!(known.known(Source::WARMED).version, Some(((3, Timestamp(1)), 1)));
    }
}
