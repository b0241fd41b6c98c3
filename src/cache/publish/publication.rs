//! What is to be published of a snapshot, and what became of it.

use std::{cell::OnceCell, rc::Rc, time::Duration};

use crate::{
    cache::{
        entry::{Content, Entry},
        isolate::Isolate,
        protocol::{Dated, Place, Version},
        redis::{PublishReply, Succession},
        telemetry::Reason,
    },
    catalog::{ChangeSet, Listing, Resource, Snapshot, Source, View},
    ports::{TierError, Timestamp},
};

/// Clients are likely to ask for so many offers at the most.
const OFFERS_LIKELY: u32 = 8;
/// Keys and what stands around values in a request.
const AROUND: usize = 4_000;

/// A snapshot with all that says how it is to be published.
pub(super) struct Publication {
    pub(super) source: Source,
    pub(super) snapshot: Rc<Snapshot>,
    /// The version that tells of it; what it says of place and listings is decided by what a request may hold.
    pub(super) version: Version,
    /// The snapshot packed, with its checksum; made when it is first wanted.
    packed: OnceCell<(String, Option<u64>)>,
    /// Whether KV was just given the snapshot.
    pub(super) is_in_kv: bool,
    /// In how many requests Redis took it.
    pub(super) requests: usize,
    /// How its content follows what was there, for the journal.
    pub(super) succession: Option<Succession>,
}

/// What became of a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cache) struct PublishOutcome {
    pub(in crate::cache) redis: Result<PublishReply, Reason>,
    /// Whether what was there lives on, and nothing was sent.
    pub(in crate::cache) renewed: bool,
    /// How many of its values KV has now, written just so or good enough before.
    pub(in crate::cache) kv: Result<usize, TierError>,
    /// Where the snapshot is for others.
    pub(in crate::cache) place: Place,
    /// What was published.
    pub(in crate::cache) version: Option<Version>,
}

impl PublishOutcome {
    pub(super) fn refused(reason: Reason) -> Self {
        Self { redis: Err(reason), renewed: false, kv: Ok(0), place: Place::Redis, version: None }
    }
}

impl Publication {
    /// What is to be published of an entry. None of what belongs to no epoch, and must not be.
    pub(super) fn of(
        isolate: &Isolate,
        source: Source,
        entry: &Entry,
        changes: Option<&ChangeSet>,
    ) -> Result<Self, Reason> {
        let Content::Snapshot(snapshot) = &entry.content else { return Err(Reason::Malformed) };
        let (known, known_version) = {
            let knowledge = &isolate.state.borrow().knowledge;
            (knowledge.known(source), knowledge.version(source).copied())
        };
        let (at, epoch, backend_epoch) = match entry.dated.adopted(&known) {
            Dated::Ours { at, epoch, backend_epoch } => (at, epoch, backend_epoch),
            Dated::Provisional(_) => return Err(Reason::BackendSyncing),
            // KV can have it all the same: whoever knows of an epoch finds it older than that.
            Dated::ByTime(at) if known.control.is_none() => (at, 0, None),
            Dated::ByTime(_) => return Err(Reason::EpochMoved),
        };
        if isolate.now().since(at) >= isolate.policy.ttl {
            return Err(Reason::Expired);
        }
        let extent = snapshot.extent();
        Ok(Self {
            source,
            snapshot: Rc::clone(snapshot),
            packed: OnceCell::new(),
            version: Version {
                v: Version::FORMAT,
                config: isolate.policy.fingerprint,
                at,
                ttl: crate::ports::millis(isolate.policy.ttl),
                epoch,
                backend_epoch,
                hash: snapshot.hash(),
                n: extent.models,
                offers_max: extent.offers_max,
                bytes: snapshot.text().len(),
                place: Place::Redis,
                listings: 0,
                packed: None,
                barrier_at: known_version.and_then(|version| version.barrier_at),
            },
            is_in_kv: false,
            requests: 0,
            succession: source.has_journal().then(|| succession(changes)),
        })
    }

    /// Decides what goes to Redis, where a request may hold so many bytes.
    pub(super) fn fit(&mut self, request_bytes_max: usize) {
        let fits = |bytes: usize| bytes <= request_bytes_max;
        let (body, packed) = self.packed();
        let packed = *packed;
        let whole = fits(body.len().saturating_add(AROUND));
        let place = if whole { Place::Redis } else { Place::Kv };
        let beside = if whole { body.len() } else { 0 };
        let room = request_bytes_max.saturating_sub(beside.saturating_add(AROUND));
        // Changes that find no room beside the snapshot are a gap.
        if let Some(told) = &mut self.succession
            && told.changes.len() > room
        {
            *told = Succession::default();
        }
        let mut listings = 0;
        for (bit, view) in self.keyed_views() {
            if fits(sent_bytes(self.snapshot.listing(&view).text_bytes())) {
                listings |= bit;
            }
        }
        self.version = Version { place, listings, packed, ..self.version };
    }

    /// What follows the header, and its checksum: the snapshot packed, or its text where it cannot be.
    fn packed(&self) -> &(String, Option<u64>) {
        self.packed.get_or_init(|| match self.snapshot.pack() {
            Some((text, checksum)) => (text, Some(checksum)),
            None => (self.snapshot.text().to_string(), None),
        })
    }

    /// The snapshot as Redis and KV hold it: its header, then its body.
    pub(super) fn snapshot_text(&self) -> String {
        [self.snapshot_header().as_str(), self.snapshot_body()].concat()
    }

    /// What stands before the body: the version and the end of its line.
    pub(super) fn snapshot_header(&self) -> String {
        let mut header = Version { packed: self.packed().1, ..self.version }.to_text();
        header.push('\n');
        header
    }

    /// The snapshot's text, packed.
    pub(super) fn snapshot_body(&self) -> &str {
        &self.packed().0
    }

    /// The warm views that have a key, each with its bit in a version.
    fn keyed_views(&self) -> impl Iterator<Item = (u32, View)> + use<> {
        let extent = self.snapshot.extent();
        let views = self.source.warm_views().into_iter().enumerate();
        views.filter(move |(_, view)| view.has_key(Some(extent)) == Some(true)).map(
            |(index, view)| {
                (u32::try_from(index).map_or(0, |index| 1_u32.unbounded_shl(index)), view)
            },
        )
    }

    /// The warm views whose listings go to Redis.
    pub(super) fn views_in_redis(&self) -> Vec<View> {
        views_of(self.source, &self.version)
    }

    /// The warm views whose listings go to KV.
    pub(super) fn views_in_kv(&self) -> Vec<View> {
        self.keyed_views().map(|(_, view)| view).collect()
    }

    /// The listing of a view.
    pub(super) fn listing(&self, view: &View) -> Listing {
        self.snapshot.listing(view)
    }
}

fn succession(changes: Option<&ChangeSet>) -> Succession {
    let told = changes.and_then(|set| Some((set.from, set.packed.clone()?)));
    told.map_or_else(Succession::default, |(from, changes)| Succession {
        from: Some(from),
        changes,
    })
}

/// The warm views whose listings are in Redis beside a version.
pub(super) fn views_of(source: Source, version: &Version) -> Vec<View> {
    let views = source.warm_views().into_iter().enumerate();
    let is_there = |index| {
        u32::try_from(index).is_ok_and(|index| version.listings & 1_u32.unbounded_shl(index) != 0)
    };
    views.filter(|(index, _)| is_there(*index)).map(|(_, view)| view).collect()
}

/// What a listing takes in a request: a seventh of the bytes of a catalog are quotes, which are escaped there, and a fifth leaves room.
/// What takes more after all is refused, and a smaller limit learned.
pub(super) fn sent_bytes(bytes: usize) -> usize {
    bytes.saturating_add(bytes.checked_div(5).unwrap_or(0)).saturating_add(AROUND)
}

/// Whether a listing waits for the next request: it does not fit beside what is there. Alone it goes, however large it is.
pub(super) fn waits(sent: usize, room: usize, is_alone: bool) -> bool {
    sent > room && !is_alone
}

/// The views whose listings clients are likely to ask for, and nobody keeps warm.
pub(super) fn likely_derived(source: Source, version: &Version) -> Vec<View> {
    let kept_warm = views_of(source, version);
    let mut views = source.views(version.offers_max.min(OFFERS_LIKELY));
    views.retain(|view| !kept_warm.contains(view));
    views
}

/// The keys in Redis that a version tells of.
pub(super) fn keys_of(isolate: &Isolate, source: Source, version: &Version) -> Vec<String> {
    let snapshot = match version.place {
        Place::Redis => Some(isolate.keys.resource(&Resource::Snapshot(source))),
        Place::Kv | Place::Nowhere => None,
    };
    let listings = views_of(source, version);
    snapshot.into_iter().chain(listings.iter().map(|view| isolate.keys.listing(view))).collect()
}

/// Until when a version is remembered: as long as what it tells of may be served at all.
pub(super) fn forgotten(isolate: &Isolate, version: &Version) -> Timestamp {
    version.at + isolate.policy.ttl.saturating_add(isolate.policy.stale)
}

/// Work behind a response ends after thirty seconds (docs/platform.md, "Work behind a response lasts 30 seconds").
pub(super) const PUBLISH_MAX: Duration = Duration::from_secs(25);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_tells_of_listings_by_a_bit_each() {
        let views = Source::WARMED.warm_views();
        let version = |listings| Version { listings, ..Version::example() };
        let there = |listings| views_of(Source::WARMED, &version(listings));
        assert_eq!(there(0), []);
        assert_eq!(there(0b10_0101), [views[0], views[2], views[5]]);
        assert_eq!(there(u32::MAX), views);
        assert_eq!(views_of(Source::Unique(crate::catalog::Scope::All), &version(1)), []);
    }

    #[test]
    fn a_request_is_filled_to_the_byte() {
        for (sent, is_alone, expected) in
            [(99, false, false), (100, false, false), (101, false, true), (101, true, false)]
        {
            assert_eq!(waits(sent, 100, is_alone), expected, "{sent} {is_alone}");
        }
    }
}
