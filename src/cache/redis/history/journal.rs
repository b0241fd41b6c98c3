//! The journal of a source: what a publication adds to it, and reading it.

use crate::{
    cache::{
        protocol::{JournalEntry, Version},
        redis::{
            scripts::JOURNAL,
            session::{Session, eval},
        },
    },
    catalog::Source,
    ports::TierError,
};

/// How published content follows what was there. Nothing known of it is a gap in the journal, which is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Succession {
    /// The hash of the content that the changes begin with.
    pub from: Option<u64>,
    /// The changes, packed.
    pub changes: String,
}

/// A journal as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadJournal {
    /// The version that is published.
    pub version: Option<Version>,
    /// Whether the entries follow the one that was known.
    pub follows: bool,
    /// Entries, oldest first.
    pub entries: Vec<JournalEntry>,
}

/// Reads the entries of a source's journal that follow a known one; all of them where that is gone, or none is known.
pub async fn read_journal(
    session: Session<'_>,
    source: Source,
    known: Option<&JournalEntry>,
) -> Result<ReadJournal, TierError> {
    let keys = vec![session.keys.version(source), session.keys.journal(source)];
    let known = known.map(JournalEntry::line).unwrap_or_default();
    let mut replies = session.run(vec![eval("EVAL_RO", JOURNAL, keys, [known])]).await?.array()?;
    let version = replies.text()?.as_deref().and_then(Version::read);
    let follows = replies.flag()?;
    let texts = replies.array()?.texts()?;
    let entries = texts.iter().filter_map(|text| JournalEntry::read(text)).collect();
    Ok(ReadJournal { version, follows, entries })
}
