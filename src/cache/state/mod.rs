//! What an isolate knows: plain data, lost with the isolate. Nothing here awaits.

mod breaker;
mod colo;
mod contacts;
mod demand;
mod front;
mod handover;
mod history;
mod knowledge;
mod leases;
mod memory;
mod pacing;
mod publishing;

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
    time::Duration,
};

pub(super) use breaker::Permit;
pub use breaker::{Breaker, BreakerState};
pub(super) use colo::Unleft;
pub(super) use handover::ReadOutcome;
pub(super) use history::History;
pub(super) use leases::{Hold, Work};
pub(super) use memory::Resident;

use super::{
    entry::{Content, Entry},
    protocol::{Freshness, Place, Version},
    telemetry::{Counters, Readiness, Reason},
};
use crate::{
    catalog::{Extent, Resource, Slug, Snapshot, Source, View, provider::Registry},
    config::Policy,
    ports::{Tier, Timestamp},
};
use colo::Colo;
use contacts::Contacts;
use demand::Demand;
use front::Front;
use handover::Handover;
use knowledge::Knowledge;
use leases::Leases;
use memory::Memory;
use pacing::{Backoff, HedgeBudget};
use publishing::Publishing;

/// Those that pass through share one answer of the origin for so long.
const PASSED: Duration = Duration::from_secs(1);

/// A tier that is called over the network, and has a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CacheTier {
    Upstash,
    Kv,
}

impl From<CacheTier> for Tier {
    fn from(tier: CacheTier) -> Self {
        match tier {
            CacheTier::Upstash => Self::Upstash,
            CacheTier::Kv => Self::Kv,
        }
    }
}

/// Everything that an isolate knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) memory: Memory,
    pub(super) upstash: Breaker,
    pub(super) kv: Breaker,
    pub(super) leases: Leases,
    pub(super) hedge_budget: HedgeBudget,
    pub(super) counters: Counters,
    pub(super) demand: Demand,
    pub(super) knowledge: Knowledge,
    pub(super) handover: Handover,
    pub(super) publishing: Publishing,
    pub(super) colo: Colo,
    pub(super) front: Front,
    pub(super) history: History,
    pub(super) contacts: Contacts,
    pub(super) flushed_at: Timestamp,
    pub(super) check_ended_at: Timestamp,
    /// As of when memory was last compared: what the data center told is older than the check that heard it.
    pub(super) compared_as_of: Timestamp,
    /// When a webhook last told this isolate that the tables changed.
    pub(super) changed_at: Timestamp,
    /// When that was noted in Redis last.
    pub(super) change_noted_at: Timestamp,
    /// What the tiers answered when they were probed last.
    pub(super) readiness: Option<Readiness>,
    backoff: HashMap<Source, Backoff>,
    /// Whose version was found published last, where that was another configuration's.
    other_configuration: HashMap<Source, u64>,
    /// What passed through lately.
    passed: HashMap<Source, Passed>,
}

/// What the origin gave to those that pass through, and when.
type Passed = (Timestamp, Result<Rc<Snapshot>, Reason>);

impl State {
    /// What an isolate knows that begins at `now`: nothing.
    pub(super) fn new(memory_max_bytes: usize, now: Timestamp) -> Self {
        Self {
            memory: Memory::new(memory_max_bytes),
            upstash: Breaker::default(),
            kv: Breaker::default(),
            leases: Leases::default(),
            hedge_budget: HedgeBudget::default(),
            counters: Counters::default(),
            demand: Demand::default(),
            knowledge: Knowledge::default(),
            handover: Handover::default(),
            publishing: Publishing::default(),
            colo: Colo::default(),
            front: Front::default(),
            history: History::new(memory_max_bytes),
            contacts: Contacts::default(),
            // A cold isolate's first request has better things to ask of Redis.
            flushed_at: now,
            check_ended_at: Timestamp::default(),
            compared_as_of: Timestamp::default(),
            changed_at: Timestamp::default(),
            change_noted_at: Timestamp::default(),
            readiness: None,
            backoff: HashMap::new(),
            other_configuration: HashMap::new(),
            passed: HashMap::new(),
        }
    }

    /// What is resident and how it may be served.
    pub(super) fn resident(
        &mut self,
        resource: &Resource,
        now: Timestamp,
        policy: &Policy,
    ) -> Option<(Resident, Freshness)> {
        let known = self.knowledge.known(resource.source());
        let resident = self.memory.get(resource)?;
        Some((resident.clone(), resident.entry.freshness(&known, now, policy)))
    }

    /// Every source that this isolate knows of, in the order in which reports list them.
    pub(super) fn sources(&self) -> Vec<Source> {
        let known = self.knowledge.sources().chain(self.memory.sources());
        let known = known.chain(self.backoff.keys().copied()).chain(self.providers());
        let known = known.chain(Source::STANDING).filter(|source| *source != Source::Full);
        known.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What each provider of the registry offers, as far as memory has that.
    pub(super) fn providers(&self) -> Vec<Source> {
        let Some(Content::Snapshot(snapshot)) =
            self.memory.snapshot(Source::Registry).map(|entry| &entry.content)
        else {
            return Vec::new();
        };
        let entries = snapshot.registry().map(Registry::entries).unwrap_or_default();
        let slugs = entries.iter().filter_map(|entry| Slug::new(&entry.slug));
        slugs.map(Source::Provider).collect()
    }

    /// How an entry may be served.
    pub(super) fn freshness(
        &self,
        source: Source,
        entry: &Entry,
        now: Timestamp,
        policy: &Policy,
    ) -> Freshness {
        entry.freshness(&self.knowledge.known(source), now, policy)
    }

    /// How what a version tells of may be served.
    pub(super) fn version_freshness(
        &self,
        source: Source,
        version: &Version,
        now: Timestamp,
        policy: &Policy,
    ) -> Freshness {
        if version.place == Place::Nowhere {
            return Freshness::Gone;
        }
        let known = self.knowledge.known(source);
        version.dated().freshness(Some(version.hash), &known, now, policy)
    }

    /// Keeps an entry in memory if it has room and nothing newer is there.
    pub(super) fn keep(&mut self, resource: Resource, entry: Entry, now: Timestamp) {
        if let Some(epoch) = entry.dated.epoch() {
            self.knowledge.learn_epoch(epoch);
        }
        self.memory.put(resource, Resident::new(entry, now));
    }

    /// Learns a source's version, and lets what memory holds of it move on. Where control was lost and the version was not, the
    /// version's epoch is what control is lifted to: it would refuse every publication else.
    pub(super) fn learn_version(&mut self, source: Source, version: Version) {
        self.knowledge.learn_epoch(version.epoch);
        self.knowledge.learn_version(source, version);
        self.memory.move_on(source, &version);
    }

    /// How large a source was when it was last seen, by a version or by memory.
    pub(super) fn extent(&self, source: Source) -> Option<Extent> {
        let version = self.knowledge.version(source);
        let known = version.map(|version| (version.order(), version.extent()));
        let held = self.memory.snapshot(source).and_then(|entry| match &entry.content {
            Content::Snapshot(snapshot) => {
                Some(((entry.dated.epoch().unwrap_or(0), entry.at()), snapshot.extent()))
            }
            Content::Listing(_) => None,
        });
        known.into_iter().chain(held).max_by_key(|(order, _)| *order).map(|(_, extent)| extent)
    }

    /// Whether a view has a key; none when that depends on an extent that is not known here.
    pub(super) fn has_key(&self, view: &View) -> Option<bool> {
        view.has_key(self.extent(view.source()))
    }

    /// Whether a view has a key, guessing by whether it is kept warm where that is not known.
    pub(super) fn probably_has_key(&self, view: &View) -> bool {
        self.has_key(view).unwrap_or_else(|| view.is_warm())
    }

    pub(super) fn breaker(&mut self, tier: CacheTier) -> &mut Breaker {
        match tier {
            CacheTier::Upstash => &mut self.upstash,
            CacheTier::Kv => &mut self.kv,
        }
    }

    /// Notes that another configuration's version is published; says whether that is news.
    pub(super) fn note_other_configuration(&mut self, source: Source, config: u64) -> bool {
        self.other_configuration.insert(source, config) != Some(config)
    }

    /// What the origin gave to those that pass through, if that is not over.
    pub(super) fn passed(
        &self,
        source: Source,
        now: Timestamp,
    ) -> Option<Result<Rc<Snapshot>, Reason>> {
        let (at, result) = self.passed.get(&source)?;
        (now.since(*at) < PASSED).then(|| result.clone())
    }

    /// Notes what the origin gave to those that pass through.
    pub(super) fn note_passed(
        &mut self,
        source: Source,
        result: Result<Rc<Snapshot>, Reason>,
        now: Timestamp,
    ) {
        self.passed.insert(source, (now, result));
    }

    /// The back-off of a source's loads.
    pub(super) fn backoff(&mut self, source: Source) -> &mut Backoff {
        self.backoff.entry(source).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::protocol::Dated,
        catalog::{Scope, Selection},
        ports::TierError,
    };

    const SOURCE: Source = Source::WARMED;

    fn state() -> State {
        State::new(1_000_000, Timestamp(0))
    }

    fn entry(models: u64, epoch: u64, at: u64) -> Entry {
        let snapshot = crate::support::catalog::snapshot(1, models);
        let dated = Dated::Ours { at: Timestamp(at), epoch, backend_epoch: None };
        Entry { content: Content::Snapshot(snapshot.into()), dated }
    }

    fn version(n: usize, epoch: u64, at: u64) -> Version {
        Version { n, epoch, at: Timestamp(at), hash: 1, ..Version::example() }
    }

    #[test]
    fn a_source_is_as_large_as_it_was_when_it_was_seen_last() {
        let mut state = state();
        assert_eq!(state.extent(SOURCE), None);
        state.keep(Resource::Snapshot(SOURCE), entry(7, 5, 50), Timestamp(50));
        let held = Extent { models: 7, offers_max: 5 };
        assert_eq!(state.extent(SOURCE), Some(held));
        state.learn_version(SOURCE, version(9, 5, 40));
        assert_eq!(state.extent(SOURCE), Some(held), "an older version");
        state.learn_version(SOURCE, version(9, 5, 60));
        assert_eq!(state.extent(SOURCE), Some(Extent { models: 9, offers_max: 3 }));
    }

    #[test]
    fn whether_a_view_has_a_key_is_guessed_where_it_is_not_known() {
        let mut state = state();
        let view = |min_providers| {
            View::from(Selection { min_providers: Some(min_providers), ..Selection::default() })
        };
        let warm = SOURCE.warm_views().into_iter().find(|view| state.has_key(view).is_none());
        assert!(warm.is_some_and(|view| state.probably_has_key(&view)));
        assert!(!state.probably_has_key(&view(99)));
        state.learn_version(SOURCE, version(9, 5, 60));
        assert_eq!((state.has_key(&view(3)), state.has_key(&view(4))), (Some(true), Some(false)));
        assert!(state.probably_has_key(&view(3)) && !state.probably_has_key(&view(4)));
    }

    #[test]
    fn what_is_kept_or_learned_lifts_the_epoch() {
        let mut state = state();
        state.knowledge.learn_control(None, Timestamp(0));
        state.keep(Resource::Snapshot(SOURCE), entry(7, 5, 50), Timestamp(50));
        assert_eq!(state.knowledge.control().epoch, 5);
        state.learn_version(SOURCE, version(9, 6, 60));
        assert_eq!(state.knowledge.control().epoch, 6);
    }

    #[test]
    fn another_configuration_is_news_once() {
        let mut state = state();
        let news = [7, 7, 8, 7].map(|config| state.note_other_configuration(SOURCE, config));
        assert_eq!(news, [true, false, true, true]);
    }

    #[test]
    fn those_that_pass_through_share_an_answer_for_a_second() {
        let mut state = state();
        assert!(state.passed(SOURCE, Timestamp(0)).is_none());
        state.note_passed(SOURCE, Err(Reason::Timeout), Timestamp(1_000));
        assert!(state.passed(SOURCE, Timestamp(1_999)).is_some());
        assert!(state.passed(SOURCE, Timestamp(2_000)).is_none());
        assert!(state.passed(Scope::All.into(), Timestamp(1_000)).is_none());
    }

    #[test]
    fn each_tier_has_a_breaker_of_its_own() {
        let mut state = state();
        let permit = state.breaker(CacheTier::Kv).permit(Timestamp(0)).unwrap();
        state.breaker(CacheTier::Kv).record(permit, Err(&TierError::Quota), Timestamp(0), 0);
        assert_ne!(state.kv.state(), BreakerState::Closed);
        assert_eq!(state.upstash.state(), BreakerState::Closed);
        assert_eq!(Tier::from(CacheTier::Kv), Tier::Kv);
        assert_eq!(Tier::from(CacheTier::Upstash), Tier::Upstash);
    }
}
