//! What the cache in front is still to be told, and when: one call tells of many changes, and none is forgotten before it was
//! told or refused twice.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    catalog::Source,
    ports::{FrontReply, Timestamp},
};

/// The platform takes five invalidations a minute (docs/platform.md, "Invalidations of Workers Cache are few"): four of one
/// isolate leave one to another.
const SPACING: Duration = Duration::from_secs(15);

/// Whether there is a cache in front, as far as its replies have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cache) enum Presence {
    /// It was never told anything.
    #[default]
    Unknown,
    Present,
    Absent,
}

impl Presence {
    /// The word that statistics use.
    pub(in crate::cache) fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Present => "present",
            Self::Absent => "absent",
        }
    }
}

/// What is to be told, and what became of what was.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct Front {
    changed: BTreeSet<Source>,
    /// When the last call was made, or the next one will be.
    call_at: Option<Timestamp>,
    /// Whether that call is still to be made.
    is_planned: bool,
    /// Whether what is to be told was refused before.
    is_retry: bool,
    pub(in crate::cache) presence: Presence,
    pub(in crate::cache) invalidated_at: Option<Timestamp>,
    /// How many calls were refused.
    pub(in crate::cache) refused: u64,
}

impl Front {
    /// Notes what changed.
    pub(in crate::cache) fn note_changed(&mut self, sources: impl IntoIterator<Item = Source>) {
        self.changed.extend(sources);
        self.is_retry = false;
    }

    /// Whether something is to be told, and no call is on its way that will do it. One whose time is over is none: its request
    /// may have ended.
    pub(in crate::cache) fn is_due(&self, now: Timestamp) -> bool {
        let is_coming = self.is_planned && self.call_at.is_some_and(|at| now <= at);
        !self.changed.is_empty() && !is_coming
    }

    /// Plans the next call, for who is going to make it; how long to wait until then. None where nothing is due.
    pub(in crate::cache) fn plan(&mut self, now: Timestamp) -> Option<Duration> {
        if !self.is_due(now) {
            return None;
        }
        let at = self.call_at.map_or(now, |last| now.max(last + SPACING));
        (self.call_at, self.is_planned) = (Some(at), true);
        Some(at.since(now))
    }

    /// What a call tells that is made now. What changes from here on is for the next one.
    pub(in crate::cache) fn take(&mut self) -> BTreeSet<Source> {
        self.is_planned = false;
        std::mem::take(&mut self.changed)
    }

    /// Notes what became of a call that told of these. What was refused is told once more.
    pub(in crate::cache) fn note_reply(
        &mut self,
        sources: BTreeSet<Source>,
        reply: FrontReply,
        now: Timestamp,
    ) {
        match reply {
            FrontReply::Invalidated => {
                self.presence = Presence::Present;
                self.invalidated_at = Some(now);
                self.is_retry = false;
            }
            FrontReply::Absent => {
                self.presence = Presence::Absent;
                // There is nothing to wait for.
                self.call_at = None;
            }
            FrontReply::Refused(_) => {
                self.presence = Presence::Present;
                self.refused = self.refused.saturating_add(1);
                if !self.is_retry {
                    self.changed.extend(sources);
                }
                self.is_retry = !self.is_retry;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Scope;

    const ACTIVE: Source = Source::Unique(Scope::Active);
    const ALL: Source = Source::Unique(Scope::All);
    const REFUSED: FrontReply = FrontReply::Refused(None);

    fn at(secs: u64) -> Timestamp {
        Timestamp(1_000_000) + Duration::from_secs(secs)
    }

    /// A call at once; panics where none is due.
    fn call(front: &mut Front, secs: u64, reply: FrontReply) -> Vec<Source> {
        assert!(front.plan(at(secs)).is_some_and(|wait| wait.is_zero()), "at {secs} s");
        let sources = front.take();
        front.note_reply(sources.clone(), reply, at(secs));
        sources.into_iter().collect()
    }

    #[test]
    fn calls_are_fifteen_seconds_apart_and_the_last_change_is_told() {
        let mut front = Front::default();
        assert_eq!(front.plan(at(0)), None, "nothing changed");
        front.note_changed([ACTIVE]);
        assert_eq!(call(&mut front, 0, FrontReply::Invalidated), [ACTIVE]);
        assert_eq!(front.invalidated_at, Some(at(0)));
        assert_eq!(front.plan(at(1)), None, "all is told");
        front.note_changed([ALL]);
        assert_eq!(front.plan(at(1)), Some(Duration::from_secs(14)));
        front.note_changed([ACTIVE]);
        assert_eq!(front.plan(at(9)), None, "the call that is planned tells of this as well");
        assert_eq!(front.take().into_iter().collect::<Vec<_>>(), [ACTIVE, ALL]);
        assert_eq!(front.plan(at(16)), None);
    }

    #[test]
    fn a_planned_call_whose_request_ended_is_made_by_another() {
        let mut front = Front::default();
        front.note_changed([ACTIVE]);
        assert_eq!(front.plan(at(0)), Some(Duration::ZERO));
        assert!(!front.is_due(at(0)), "it is about to be made");
        assert!(front.is_due(at(1)));
        assert_eq!(front.plan(at(1)), Some(Duration::from_secs(14)));
    }

    #[test]
    fn what_changes_during_a_call_is_for_the_next_one() {
        let mut front = Front::default();
        front.note_changed([ACTIVE]);
        assert_eq!(front.plan(at(0)), Some(Duration::ZERO));
        let sources = front.take();
        front.note_changed([ALL]);
        assert_eq!(front.plan(at(0)), Some(Duration::from_secs(15)));
        front.note_reply(sources, FrontReply::Invalidated, at(1));
        assert!(front.take().contains(&ALL));
    }

    #[test]
    fn what_is_refused_is_told_once_more_and_what_changes_then_is_news() {
        let mut front = Front::default();
        front.note_changed([ACTIVE]);
        assert_eq!(call(&mut front, 0, REFUSED), [ACTIVE]);
        assert_eq!(call(&mut front, 15, REFUSED), [ACTIVE]);
        assert_eq!((front.plan(at(60)), front.refused), (None, 2), "given up");
        front.note_changed([ACTIVE]);
        assert_eq!(call(&mut front, 60, REFUSED), [ACTIVE]);
        front.note_changed([ALL]);
        assert_eq!(call(&mut front, 75, REFUSED), [ACTIVE, ALL]);
        assert_eq!(call(&mut front, 90, FrontReply::Invalidated), [ACTIVE, ALL]);
        assert_eq!((front.plan(at(120)), front.presence), (None, Presence::Present));
        front.note_changed([ALL]);
        assert_eq!(call(&mut front, 120, REFUSED), [ALL], "a success ends the row of refusals");
        assert!(front.is_due(at(121)));
    }

    #[test]
    fn where_there_is_none_nothing_is_told_again() {
        let mut front = Front::default();
        front.note_changed([ACTIVE]);
        call(&mut front, 0, FrontReply::Absent);
        assert_eq!(front.plan(at(60)), None);
        front.note_changed([ALL]);
        assert_eq!(call(&mut front, 1, FrontReply::Absent), [ALL]);
        let seen = (front.presence, front.refused, front.invalidated_at);
        assert_eq!(seen, (Presence::Absent, 0, None));
    }
}
