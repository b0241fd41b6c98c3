//! The journal of a source: what each publication that changed content changed, oldest first. A version is named by the hash of its
//! content, so that who has the same content is at the same version, however often that came back.

use std::{collections::VecDeque, rc::Rc};

use crate::ports::Timestamp;

/// Redis keeps no more; see `history/note.lua`.
const ENTRIES_MAX: usize = 200;

/// A publication that changed content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// The hash of the content that was published.
    pub hash: u64,
    /// The fingerprint of the settings that shaped it.
    pub config: u64,
    /// When the origin was read.
    pub at: Timestamp,
    /// Whether the changes make it of the entry before it; if not, nothing is known of what was before.
    pub follows: bool,
    /// The bytes of all changes so far, which tell two entries of the same content apart.
    bytes: u64,
    /// The changes, packed.
    pub changes: String,
}

impl JournalEntry {
    /// Reads an entry as the script wrote it; none of what is nonsense.
    pub fn read(text: &str) -> Option<Self> {
        let (line, changes) = text.split_once('\n')?;
        let mut words = line.split(' ');
        let hash = u64::from_str_radix(words.next()?, 16).ok()?;
        let config = u64::from_str_radix(words.next()?, 16).ok()?;
        let at = Timestamp(words.next()?.parse().ok()?);
        let follows = match words.next()? {
            "=" => true,
            "!" => false,
            _ => return None,
        };
        let bytes = words.next()?.parse().ok()?;
        let changes = changes.to_owned();
        words.next().is_none().then_some(Self { hash, config, at, follows, bytes, changes })
    }

    /// Its first line, as the script wrote it.
    pub fn line(&self) -> String {
        let Self { hash, config, at, follows, bytes, .. } = self;
        let mark = if *follows { '=' } else { '!' };
        format!("{hash:016x} {config:016x} {} {mark} {bytes}", at.0)
    }
}

/// The entries of a source that are known, and which version is published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// The hash of what is published; where no version tells that, of the last entry.
    current: Option<u64>,
    entries: VecDeque<Rc<JournalEntry>>,
}

impl Journal {
    /// The journal after entries were read that follow its last one, or where they do not, replace all. Those of another
    /// configuration are none of ours.
    #[must_use]
    pub fn followed_by(
        &self,
        current: Option<u64>,
        follows: bool,
        entries: Vec<JournalEntry>,
        config: u64,
    ) -> Self {
        let mut all = if follows { self.entries.clone() } else { VecDeque::new() };
        all.extend(entries.into_iter().filter(|entry| entry.config == config).map(Rc::new));
        let beyond = all.len().saturating_sub(ENTRIES_MAX);
        all.drain(..beyond);
        let current = current.or_else(|| all.back().map(|entry| entry.hash));
        Self { current, entries: all }
    }

    /// The hash of what is published.
    pub fn current(&self) -> Option<u64> {
        self.current
    }

    /// The last entry.
    pub fn last(&self) -> Option<&JournalEntry> {
        self.entries.back().map(|entry| &**entry)
    }

    /// The newest entries, oldest first, and at most so many.
    pub fn newest(&self, most: usize) -> Vec<Rc<JournalEntry>> {
        let skipped = self.entries.len().saturating_sub(most);
        self.entries.iter().skip(skipped).map(Rc::clone).collect()
    }

    /// All that was published since a version, oldest first. None where that is too long ago, or where what happened since is not
    /// known without a gap.
    pub fn since(&self, hash: u64) -> Option<Vec<Rc<JournalEntry>>> {
        if self.current == Some(hash) {
            return Some(Vec::new());
        }
        let leads_here = self.last().is_some_and(|last| Some(last.hash) == self.current);
        let begin = self.entries.iter().rposition(|entry| entry.hash == hash)?.checked_add(1)?;
        let rest: Vec<Rc<JournalEntry>> = self.entries.iter().skip(begin).map(Rc::clone).collect();
        (leads_here && rest.iter().all(|entry| entry.follows)).then_some(rest)
    }

    /// The journal as KV holds it: two lines an entry.
    pub fn to_text(&self) -> String {
        let entries =
            self.entries.iter().map(|entry| [&entry.line(), "\n", &entry.changes, "\n"].concat());
        entries.collect()
    }

    /// Reads what KV holds; what is nonsense in it, and what came before that, is left out.
    pub fn of_text(text: &str, config: u64) -> Self {
        let mut lines = text.lines();
        let mut entries = Vec::new();
        while let (Some(line), Some(changes)) = (lines.next(), lines.next()) {
            match JournalEntry::read(&[line, "\n", changes].concat()) {
                Some(entry) => entries.push(entry),
                None => entries.clear(),
            }
        }
        Self::default().followed_by(None, false, entries, config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(hash: u64, follows: bool) -> JournalEntry {
        let at = Timestamp(hash);
        JournalEntry { hash, config: 7, at, follows, bytes: hash, changes: "AA".into() }
    }

    fn journal(current: Option<u64>, entries: &[(u64, bool)]) -> Journal {
        let entries = entries.iter().map(|(hash, follows)| entry(*hash, *follows)).collect();
        Journal::default().followed_by(current, false, entries, 7)
    }

    fn hashes(entries: Option<Vec<Rc<JournalEntry>>>) -> Option<Vec<u64>> {
        entries.map(|entries| entries.iter().map(|entry| entry.hash).collect())
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let entry = entry(0xabc, true);
        assert_eq!(entry.line(), "0000000000000abc 0000000000000007 2748 = 2748");
        assert_eq!(JournalEntry::read(&[&entry.line(), "\nAA"].concat()), Some(entry));
        for text in
            ["", "\n", "1 7 1 = 1", "1 7 1 ? 1\n", "1 7 x = 1\n", "g 7 1 = 1\n", "1 7 1 = 1 1\n"]
        {
            assert_eq!(JournalEntry::read(text), None, "{text}");
        }
    }

    #[test]
    fn what_followed_a_version_is_told_whole_or_not_at_all() {
        let all = journal(Some(4), &[(1, false), (2, true), (3, true), (4, true)]);
        for (since, expected) in
            [(4, Some(vec![])), (3, Some(vec![4])), (1, Some(vec![2, 3, 4])), (9, None)]
        {
            assert_eq!(hashes(all.since(since)), expected, "{since}");
        }
        let broken = journal(Some(4), &[(1, false), (2, true), (3, false), (4, true)]);
        assert_eq!(hashes(broken.since(2)), None, "a gap");
        assert_eq!(hashes(broken.since(3)), Some(vec![4]));
        let behind = journal(Some(5), &[(1, false), (2, true)]);
        assert_eq!(hashes(behind.since(1)), None, "it does not lead to what is published");
        assert_eq!(hashes(behind.since(5)), Some(vec![]));
        assert_eq!(hashes(journal(Some(5), &[]).since(5)), Some(vec![]), "no entry yet");
        assert_eq!(hashes(Journal::default().since(5)), None);
    }

    #[test]
    fn content_that_came_back_is_the_same_version() {
        let back = journal(Some(1), &[(1, false), (2, true), (1, true)]);
        assert_eq!(hashes(back.since(1)), Some(vec![]));
        let back = journal(Some(3), &[(1, false), (2, true), (1, true), (3, true)]);
        assert_eq!(hashes(back.since(1)), Some(vec![3]));
    }

    #[test]
    fn what_follows_is_added_and_what_does_not_replaces() {
        let known = journal(Some(1), &[(1, false)]);
        let more = known.followed_by(Some(2), true, vec![entry(2, true)], 7);
        assert_eq!(more, journal(Some(2), &[(1, false), (2, true)]));
        let anew = known.followed_by(Some(2), false, vec![entry(2, true)], 7);
        assert_eq!(anew, journal(Some(2), &[(2, true)]));
        let other = known.followed_by(None, true, vec![entry(2, true)], 8);
        assert_eq!(other, known, "another configuration's");
        let many: Vec<(u64, bool)> = (0..250).map(|hash| (hash, true)).collect();
        assert_eq!(journal(None, &many).newest(999).len(), ENTRIES_MAX);
        assert_eq!(
            journal(None, &many).newest(2),
            journal(None, &[(248, true), (249, true)]).newest(2)
        );
    }

    #[test]
    fn kv_holds_the_same() {
        let all = journal(None, &[(1, false), (2, true), (3, true)]);
        assert_eq!(Journal::of_text(&all.to_text(), 7), all);
        assert_eq!(Journal::of_text(&all.to_text(), 8), Journal::default());
        let text = all.to_text().replace("0000000000000002", "nonsense");
        assert_eq!(Journal::of_text(&text, 7), journal(None, &[(3, true)]));
    }
}
