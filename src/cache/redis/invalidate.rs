//! Invalidating: unlinking what is cached and raising control, in one step; and afterwards looking for what the backend left
//! under names that cannot be listed.

use std::time::Duration;

use super::{
    operations::noting,
    scripts::{CONTROL, INVALIDATE, WITHDRAW},
    session::{Session, command, eval},
};
use crate::{
    cache::{
        protocol::{Control, Version},
        telemetry::OPERATIONS_MAX,
    },
    catalog::Source,
    ports::{TierError, Timestamp, Word, millis},
};

/// Keys of one SCAN step.
const SCAN_COUNT: &str = "1000";

/// What an invalidation found and left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// Keys that were unlinked.
    pub unlinked: u64,
    /// Control as it is now.
    pub control: Control,
    /// Whether control was nonsense and was replaced.
    pub healed: bool,
}

/// Unlinks these values, raises control and notes that, as one step. Of the note the epoch and the number of keys are Redis' to tell:
/// both are 0 in it.
pub async fn invalidate(
    session: Session<'_>,
    hard: bool,
    values: &[String],
    note: &str,
) -> Result<Raised, TierError> {
    let mut keys = vec![session.keys.control(), session.keys.operations()];
    keys.extend_from_slice(values);
    let hard = if hard { "1" } else { "0" };
    let note = note.replacen("\"epoch\":0,", "\"epoch\":EPOCH,", 1);
    let note = note.replacen("\"keys_deleted\":0", "\"keys_deleted\":COUNT", 1);
    let arguments = vec![hard.to_owned(), OPERATIONS_MAX.to_string(), note];
    let mut replies = session.run_knowing(INVALIDATE, keys, arguments).await?.array()?;
    let unlinked = replies.number()?;
    let control = replies.control()?.ok_or(TierError::Malformed)?;
    Ok(Raised { unlinked, control, healed: replies.flag()? })
}

/// What a withdrawal found and left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// Keys that were unlinked.
    pub unlinked: u64,
    /// Control as it is now.
    pub control: Option<Control>,
    /// Whether control was nonsense and was replaced.
    pub healed: bool,
    /// What the version of the source says now.
    pub version: Version,
}

/// Unlinks what there is of one source, and leaves a version that says so, as one step. `last` is what was published of it, as
/// far as is known: its size stays the yardstick. It is remembered for so long.
pub async fn withdraw(
    session: Session<'_>,
    source: Source,
    hard: bool,
    last: &Version,
    remembered: Duration,
    values: Vec<String>,
) -> Result<Withdrawn, TierError> {
    let mut keys = vec![session.keys.control(), session.keys.version(source)];
    keys.extend(values);
    let arguments = vec![template(last, hard), millis(remembered).to_string()];
    let mut replies = session.run_knowing(WITHDRAW, keys, arguments).await?.array()?;
    let unlinked = replies.number()?;
    let (control, healed) = (replies.control()?, replies.flag()?);
    let version = replies.text()?.as_deref().and_then(Version::read).ok_or(TierError::Malformed)?;
    Ok(Withdrawn { unlinked, control, healed, version })
}

/// The version of a withdrawn source, with words where Redis knows its time and its epoch.
fn template(last: &Version, hard: bool) -> String {
    let barrier_at = if hard { Some(Timestamp(0)) } else { last.barrier_at };
    let at = Timestamp(0);
    let text = Version { at, epoch: 0, barrier_at, ..last.withdrawn() }.to_text();
    let text = text.replacen("\"at\":0,", "\"at\":AT,", 1);
    let text = text.replacen("\"epoch\":0,", "\"epoch\":EPOCH,", 1);
    text.replacen("\"barrier_at\":0", "\"barrier_at\":AT", 1)
}

/// Unlinks values, and raises nothing.
pub async fn unlink(session: Session<'_>, values: Vec<String>) -> Result<u64, TierError> {
    let mut words = command(["UNLINK"]);
    words.extend(values.into_iter().map(Word::from));
    session.run(vec![words]).await?.number()
}

/// Control as the record gives it where it is written, and not a copy of it; none when there is none.
pub async fn control(session: Session<'_>) -> Result<Option<Control>, TierError> {
    session
        .run(vec![eval("EVAL", CONTROL, vec![session.keys.control()], Vec::<Word>::new())])
        .await?
        .control()
}

/// A scan for listings, step by step: what one step finds is unlinked in the request of the next one.
#[derive(Clone, Debug, Default)]
pub struct Sweep {
    /// Where to go on; none at its end.
    cursor: Option<String>,
    found: Vec<String>,
    /// How many keys were unlinked.
    pub unlinked: u64,
    /// What the next request notes of the invalidation besides, and what that replaces.
    note: Option<(String, String)>,
}

impl Sweep {
    /// A scan from the beginning.
    pub fn new() -> Self {
        Self { cursor: Some("0".to_owned()), ..Self::default() }
    }

    /// Has the next request note the invalidation as well, in place of what was noted of it before.
    pub fn note(&mut self, note: String, replaces: String) {
        self.note = Some((note, replaces));
    }

    /// How many keys are unlinked once the next step has been made.
    pub fn unlinking(&self) -> u64 {
        self.unlinked.saturating_add(u64::try_from(self.found.len()).unwrap_or(u64::MAX))
    }

    /// Whether all was looked through.
    pub fn is_through(&self) -> bool {
        self.cursor.is_none()
    }

    /// Ends it here: the next step unlinks what was found last.
    pub fn stop(&mut self) {
        self.cursor = None;
    }

    /// One step; nothing where nothing is left to do.
    pub async fn step(&mut self, session: Session<'_>) -> Result<(), TierError> {
        let mut commands = Vec::new();
        let has_found = !self.found.is_empty();
        if has_found {
            commands.push(
                command(["UNLINK"])
                    .into_iter()
                    .chain(self.found.drain(..).map(Word::from))
                    .collect(),
            );
        }
        let note = self.note.take();
        commands.extend(note.iter().map(|(note, replaces)| noting(&session, note, replaces)));
        if let Some(cursor) = &self.cursor {
            let (prefix, rest) = session.keys.listing_pattern();
            let pattern = format!("{}{rest}", glob_escaped(&prefix));
            commands.push(command(["SCAN", cursor, "MATCH", &pattern, "COUNT", SCAN_COUNT]));
        }
        if commands.is_empty() {
            return Ok(());
        }
        let mut replies = session.run(commands).await?;
        if has_found {
            self.unlinked = self.unlinked.saturating_add(replies.number()?);
        }
        if note.is_some() {
            // What Redis does not note must not end the sweep.
            let _ = replies.take();
        }
        if self.cursor.is_some() {
            let (next, found) = replies.scanned()?;
            self.cursor = (next != "0").then_some(next);
            self.found = found;
            self.found.retain(|key| session.keys.is_listing(key));
        }
        Ok(())
    }
}

/// A namespace may hold characters that have a meaning in SCAN's patterns.
fn glob_escaped(prefix: &str) -> String {
    let special = |c| matches!(c, '*' | '?' | '[' | ']' | '\\' | '^');
    prefix.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}
