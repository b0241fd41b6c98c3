//! Which part of a journal is told: so many versions, and no more text than an answer should have.

use std::rc::Rc;

use crate::{
    cache::{Journal, JournalEntry},
    catalog::ToldChanges,
    http::params::changes::Query,
};

/// An answer with more than this ends, and says where to go on.
const BYTES_LIKELY: usize = 1 << 20;

/// A version, and what it changed; nothing where that is not known.
pub(super) struct Step {
    pub(super) entry: Rc<JournalEntry>,
    pub(super) changes: Option<ToldChanges>,
}

/// What is told.
pub(super) struct Told {
    /// What is published.
    pub(super) version: Option<u64>,
    /// Oldest first.
    pub(super) steps: Vec<Step>,
    /// The version that a client has who applied all of it.
    pub(super) until: Option<u64>,
    /// Whether there is more after that.
    pub(super) has_more: bool,
}

impl Told {
    /// What a client is told who asks so; none where there is a gap.
    pub(super) fn of(journal: &Journal, query: &Query) -> Option<Self> {
        let version = journal.current();
        let Some(since) = query.since else {
            let newest = journal.newest(query.limit).into_iter().rev();
            let mut steps = bounded(newest);
            steps.reverse();
            let until = steps.last().map(|step| step.entry.hash).or(version);
            let steps = touching(steps, query.provider.as_deref());
            return Some(Self { version, steps, until, has_more: false });
        };
        let entries = journal.since(since)?;
        let count = entries.len();
        let steps = bounded(entries.into_iter().take(query.limit));
        let is_whole = steps.iter().all(|step| step.changes.is_some());
        let until = steps.last().map(|step| step.entry.hash).or(Some(since));
        let has_more = steps.len() < count;
        let steps = touching(steps, query.provider.as_deref());
        is_whole.then_some(Self { version, steps, until, has_more })
    }
}

/// Those that touch a provider, where one is named. What is not known may.
fn touching(mut steps: Vec<Step>, provider: Option<&str>) -> Vec<Step> {
    if provider.is_some() {
        let touches = |changes: &ToldChanges| !changes.changes(provider).is_empty();
        steps.retain(|step| step.changes.as_ref().is_none_or(touches));
    }
    steps
}

/// As many as an answer should hold, and one at the least.
fn bounded(entries: impl Iterator<Item = Rc<JournalEntry>>) -> Vec<Step> {
    let mut bytes = 0_usize;
    let mut steps = Vec::new();
    for entry in entries {
        if bytes >= BYTES_LIKELY {
            break;
        }
        let changes = ToldChanges::unpack(&entry.changes).filter(|_| entry.follows);
        bytes = bytes.saturating_add(changes.as_ref().map_or(0, ToldChanges::bytes));
        steps.push(Step { entry, changes });
    }
    steps
}
