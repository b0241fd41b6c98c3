//! What this isolate remembers of earlier versions: the journals that clients asked for, and the snapshots that they walk.

mod walks;

use std::{collections::HashMap, rc::Rc, time::Duration};

use crate::{cache::protocol::Journal, catalog::Source, ports::Timestamp};
use walks::Walks;

/// A journal that was read is not asked for again for so long.
const READ_FOR: Duration = Duration::from_secs(5);
/// KV is looked at no more often than this, as for its other copies.
const COPIED_AFTER: Duration = Duration::from_secs(900);

/// Of what memory may hold, walks hold so much besides.
const WALKS_PART: usize = 4;

/// What is known of earlier versions.
#[derive(Clone, Debug)]
pub(in crate::cache) struct History {
    pub(in crate::cache) walks: Walks,
    journals: HashMap<Source, Known>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    journal: Option<Rc<Journal>>,
    asked_at: Timestamp,
    /// Until when no copy is due, and of which content the last one was.
    copied: Option<(Timestamp, u64)>,
}

impl History {
    /// Nothing is known yet; `memory_max_bytes` is what memory may hold.
    pub(in crate::cache) fn new(memory_max_bytes: usize) -> Self {
        let walks = Walks::new(memory_max_bytes.checked_div(WALKS_PART).unwrap_or_default());
        Self { walks, journals: HashMap::new() }
    }

    /// The journal as it was read last.
    pub(in crate::cache) fn journal(&self, source: Source) -> Option<&Rc<Journal>> {
        self.journals.get(&source)?.journal.as_ref()
    }

    /// Whether a journal is to be asked for. Who is told so asks: others go on with what is known meanwhile.
    pub(in crate::cache) fn is_due(&mut self, source: Source, now: Timestamp) -> bool {
        let known = self.journals.entry(source).or_default();
        let is_due = known.journal.is_none() || now.since(known.asked_at) >= READ_FOR;
        if is_due {
            known.asked_at = now;
        }
        is_due
    }

    /// Keeps what was read.
    pub(in crate::cache) fn keep(&mut self, source: Source, journal: Rc<Journal>) {
        self.journals.entry(source).or_default().journal = Some(journal);
    }

    /// Whether KV's copy is to be looked at: this isolate has not done so lately, and there is news since. Who is told so does it.
    pub(in crate::cache) fn is_copy_due(&mut self, source: Source, now: Timestamp) -> bool {
        let known = self.journals.entry(source).or_default();
        let last = known.journal.as_ref().and_then(|journal| journal.last());
        let Some(hash) = last.map(|last| last.hash) else { return false };
        let is_due = known.copied.is_none_or(|(until, of)| now >= until && of != hash);
        if is_due {
            known.copied = Some((now + COPIED_AFTER, hash));
        }
        is_due
    }

    /// Whether a copy that was made then is to be made anew.
    pub(in crate::cache) fn is_old(copied_at: Timestamp, now: Timestamp) -> bool {
        now.since(copied_at) >= COPIED_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::protocol::JournalEntry;

    const SOURCE: Source = Source::WARMED;

    fn journal(hash: u64) -> Rc<Journal> {
        let entry = JournalEntry::read(&format!("{hash:016x} 0000000000000007 1 ! 0\n")).unwrap();
        Rc::new(Journal::default().followed_by(None, false, vec![entry], 7))
    }

    #[test]
    fn a_journal_is_asked_for_once_in_five_seconds() {
        let mut history = History::new(0);
        assert!(history.is_due(SOURCE, Timestamp(0)));
        assert!(history.is_due(SOURCE, Timestamp(1)), "nothing is known yet");
        history.keep(SOURCE, journal(1));
        for (ms, expected) in [(4_999, false), (5_001, true), (5_002, false), (10_001, true)] {
            assert_eq!(history.is_due(SOURCE, Timestamp(ms)), expected, "{ms}");
        }
    }

    #[test]
    fn kv_is_looked_at_once_in_a_quarter_of_an_hour_and_for_news_alone() {
        let mut history = History::new(0);
        assert!(!history.is_copy_due(SOURCE, Timestamp(0)), "there is nothing to copy");
        for (hash, ms, expected) in
            [(1, 0, true), (2, 899_999, false), (2, 900_000, true), (2, 9_000_000, false)]
        {
            history.keep(SOURCE, journal(hash));
            assert_eq!(history.is_copy_due(SOURCE, Timestamp(ms)), expected, "{hash} {ms}");
        }
        assert!(!History::is_old(Timestamp(0), Timestamp(899_999)));
        assert!(History::is_old(Timestamp(0), Timestamp(900_000)));
    }
}
