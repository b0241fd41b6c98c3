//! What a value is dated by: itself, never what is read beside it.

use std::time::Duration;

use super::{
    control::Control,
    known::{CLOCKS, Known},
    version::Version,
};
use crate::ports::Timestamp;

/// How long the backend's listings live (docs/backend.md, "Keys and lifetimes").
const BACKEND_TTL: Duration = Duration::from_secs(1800);

/// When a value was made, and by what it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dated {
    /// Ours: its header, or the version that it belongs to, says so.
    Ours {
        /// When the origin was read.
        at: Timestamp,
        /// Control's epoch that it was read under.
        epoch: u64,
        /// The backend's epoch that it was read under.
        backend_epoch: Option<u64>,
    },
    /// By time alone: a listing of the backend's, or of ours without its version, whose expiry tells when it was made at the
    /// earliest; or what was loaded while nothing told of control.
    ByTime(Timestamp),
    /// Ours, read while the backend was writing its tables: for this isolate only, and not for long.
    Provisional(Timestamp),
}

/// When a key of Redis expires, by the clock of Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expiry {
    /// There is no such key.
    Missing,
    /// It never does: neither we nor the backend wrote it.
    Never,
    /// Then.
    At(Timestamp),
}

impl Version {
    /// What this dates its text by.
    pub fn dated(&self) -> Dated {
        Dated::Ours { at: self.at, epoch: self.epoch, backend_epoch: self.backend_epoch }
    }
}

impl Dated {
    /// When the origin was read, as far as is known.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Ours { at, .. } | Self::ByTime(at) | Self::Provisional(at) => *at,
        }
    }

    /// The epoch that it was read under, if it is known.
    pub fn epoch(&self) -> Option<u64> {
        match self {
            Self::Ours { epoch, .. } => Some(*epoch),
            Self::ByTime(_) | Self::Provisional(_) => None,
        }
    }

    /// Dates a listing that was read together with its expiry and its source's version. None when it cannot be used: it has
    /// no expiry, or what is published is another configuration's.
    pub fn of_listing(
        expiry: Expiry,
        version: Option<&Version>,
        config: u64,
        ttl: Duration,
    ) -> Option<Self> {
        let Expiry::At(expires) = expiry else { return None };
        match version {
            Some(version) if version.config != config => None,
            Some(version) if version.expires_at() == expires => Some(version.dated()),
            _ => Some(Self::ByTime(expires.minus(BACKEND_TTL.max(ttl)))),
        }
    }

    /// Whether what is held gives way to what was found: never to what is older. What has no epoch is ordered by its date.
    pub fn gives_way_to(&self, found: &Self) -> bool {
        match (self, found) {
            (Self::Ours { at, epoch, .. }, Self::Ours { at: found_at, epoch: found_epoch, .. }) => {
                (found_epoch, found_at) >= (epoch, at)
            }
            _ => found.at() >= self.at(),
        }
    }

    /// What was loaded while nothing told of control, now that it is known: of its epoch, if that was raised before. An epoch
    /// is at least the time of its raise.
    #[must_use]
    pub fn adopted(self, known: &Known) -> Self {
        match (self, known.control) {
            (Self::ByTime(at), Some(Control { epoch, .. })) if at > Timestamp(epoch) + CLOCKS => {
                Self::Ours { at, epoch, backend_epoch: known.backend_epoch.get() }
            }
            (dated, _) => dated,
        }
    }

    /// The same content, found again: what dates it later counts.
    #[must_use]
    pub fn moved_on(self, version: &Version) -> Self {
        let found = version.dated();
        if self.gives_way_to(&found) { found } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::protocol::BackendEpoch;

    fn ours(epoch: u64, at: u64) -> Dated {
        Dated::Ours { at: Timestamp(at), epoch, backend_epoch: None }
    }

    fn version(epoch: u64, at: u64) -> Version {
        Version { epoch, at: Timestamp(at), hash: 1, ..Version::example() }
    }

    #[test]
    fn what_is_held_gives_way_only_to_what_is_not_older() {
        let backend = |at| Dated::ByTime(Timestamp(at));
        for (held, found, expected) in [
            (ours(7, 10), ours(7, 10), true),
            (ours(7, 10), ours(7, 11), true),
            (ours(7, 10), ours(7, 9), false),
            (ours(7, 10), ours(8, 1), true),
            (ours(8, 1), ours(7, 10), false),
            (ours(7, 10), backend(11), true),
            (ours(7, 10), backend(10), true),
            (ours(7, 10), backend(9), false),
            (backend(10), ours(7, 11), true),
            (backend(10), backend(9), false),
            (Dated::Provisional(Timestamp(10)), ours(1, 11), true),
            (Dated::Provisional(Timestamp(10)), ours(9, 9), false),
        ] {
            assert_eq!(held.gives_way_to(&found), expected, "{held:?}, {found:?}");
        }
    }

    #[test]
    fn a_listing_is_the_versions_only_by_its_exact_expiry() {
        let version = version(7, 5_000_000);
        let exact = version.expires_at();
        let later = exact + Duration::from_millis(1);
        let dated = |expiry, version, ttl_secs| {
            Dated::of_listing(expiry, version, 1, Duration::from_secs(ttl_secs))
        };
        assert_eq!(dated(Expiry::At(exact), Some(&version), 1800), Some(version.dated()));
        assert_eq!(
            dated(Expiry::At(later), Some(&version), 1800),
            Some(Dated::ByTime(Timestamp(5_000_001)))
        );
        assert_eq!(
            dated(Expiry::At(later), None, 300),
            Some(Dated::ByTime(Timestamp(5_000_001))),
            "the backend's lifetime is its own"
        );
        assert_eq!(dated(Expiry::At(later), None, 3600), Some(Dated::ByTime(Timestamp(3_200_001))));
        assert_eq!(dated(Expiry::Never, Some(&version), 1800), None);
        assert_eq!(dated(Expiry::Missing, None, 1800), None);
        let other = Version { config: 2, ..version };
        assert_eq!(dated(Expiry::At(exact), Some(&other), 1800), None);
    }

    #[test]
    fn what_no_invalidation_followed_is_of_the_epoch_that_stands() {
        let known = |epoch| Known {
            control: Some(Control { epoch, ..Control::default() }),
            backend_epoch: BackendEpoch::Told(Some(3)),
            version: None,
            barrier_at: None,
        };
        let (loaded, clocks) = (Dated::ByTime(Timestamp(100_000)), 5_000);
        let of = |epoch| Dated::Ours { at: Timestamp(100_000), epoch, backend_epoch: Some(3) };
        assert_eq!(loaded.adopted(&known(100_000 - clocks - 1)), of(100_000 - clocks - 1));
        assert_eq!(loaded.adopted(&known(100_000 - clocks)), loaded);
        assert_eq!(ours(7, 10).adopted(&known(0)), ours(7, 10));
    }

    #[test]
    fn the_same_content_moves_on_and_never_back() {
        assert_eq!(ours(7, 10).moved_on(&version(7, 20)), ours(7, 20));
        assert_eq!(ours(7, 10).moved_on(&version(8, 5)), ours(8, 5));
        assert_eq!(ours(8, 10).moved_on(&version(7, 20)), ours(8, 10));
    }

    #[test]
    fn only_what_is_ours_has_an_epoch() {
        let at = Timestamp(10);
        for (dated, epoch) in
            [(ours(7, 10), Some(7)), (Dated::ByTime(at), None), (Dated::Provisional(at), None)]
        {
            assert_eq!((dated.at(), dated.epoch()), (at, epoch));
        }
    }
}
