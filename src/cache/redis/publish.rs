//! Publishing: values for everybody, guarded where they are written.

use std::time::Duration;

use super::{
    claim::Release,
    history::Succession,
    replies::Replies,
    scripts::{ADD, FULL, PUBLISH, RENEW},
    session::{Session, command},
};
use crate::{
    cache::{
        protocol::{Control, Version},
        telemetry::Reason,
    },
    catalog::{Resource, Source, View},
    ports::{TierError, Timestamp, Word, millis},
};

/// What the guard in Redis said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// What became of it.
    pub reply: PublishReply,
    /// Control as it is now.
    pub control: Option<Control>,
    /// Whether control was nonsense and was replaced.
    pub healed: bool,
}

/// What became of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishReply {
    /// All keys are set, or renewed.
    Published,
    /// The epoch moved since the snapshot's read began (docs/backend.md, "Rows from before an invalidation are cached after it").
    EpochMoved,
    /// The backend is synchronizing (docs/backend.md, "The sync guard").
    BackendSyncing,
    /// A newer one is there.
    NewerThere,
    /// Another version is there than was counted on.
    VersionMoved,
    /// A key is not there as we left it.
    NotOurs,
    /// So much was derived of the version already that this is served from memory alone.
    OverBudget,
}

impl PublishReply {
    /// Why nothing was published; none when it was.
    pub fn refusal(self) -> Option<Reason> {
        match self {
            Self::Published => None,
            Self::EpochMoved => Some(Reason::EpochMoved),
            Self::BackendSyncing => Some(Reason::BackendSyncing),
            Self::NewerThere => Some(Reason::NewerThere),
            Self::VersionMoved => Some(Reason::VersionMoved),
            Self::NotOurs => Some(Reason::NotOurs),
            Self::OverBudget => Some(Reason::OverBudget),
        }
    }

    fn read(word: Option<&str>) -> Result<Self, TierError> {
        Ok(match word {
            Some("published") => Self::Published,
            Some("epoch-moved") => Self::EpochMoved,
            Some("backend-syncing") => Self::BackendSyncing,
            Some("newer-there") => Self::NewerThere,
            Some("version-moved") => Self::VersionMoved,
            Some("not-ours") => Self::NotOurs,
            Some("over-budget") => Self::OverBudget,
            _ => return Err(TierError::Malformed),
        })
    }
}

impl Guarded {
    fn take(mut replies: Replies) -> Result<Self, TierError> {
        let mut parts = replies.array()?;
        let reply = PublishReply::read(parts.text()?.as_deref())?;
        Ok(Self { reply, control: parts.control()?, healed: parts.flag()? })
    }
}

/// Runs a guarded script, and gives the lease back behind it.
async fn guarded(
    session: Session<'_>,
    script: &str,
    keys: Vec<String>,
    arguments: Vec<Word>,
    release: Option<&Release>,
) -> Result<Guarded, TierError> {
    let mut commands = vec![session.knowing(script, keys, arguments)];
    commands.extend(release.map(|release| release.command(&session, None)));
    Guarded::take(session.run(commands).await?)
}

fn guards(session: &Session<'_>, source: Source) -> Vec<String> {
    let keys = session.keys;
    vec![keys.control(), keys.version(source), keys.sync_marker()]
}

/// Publishes values of a source under the version that tells of them, which lives until `forgotten`; with `release` the lease
/// is given back behind it. How its content follows what was there is for the journal, where the source has one.
pub async fn publish(
    session: Session<'_>,
    source: Source,
    version: &Version,
    forgotten: Timestamp,
    values: Vec<(String, Word)>,
    succession: Option<&Succession>,
    release: Option<&Release>,
) -> Result<Guarded, TierError> {
    let (names, hex) = (session.keys, |hash: u64| format!("{hash:016x}"));
    let mut keys = guards(&session, source);
    keys.push(names.resource(&Resource::Snapshot(source)));
    keys.extend([names.journal(source), names.kept(source)]);
    let from = succession.and_then(|succession| succession.from);
    let mut arguments: Vec<Word> = [
        version.epoch.to_string(),
        version.at.0.to_string(),
        hex(version.config),
        version.expires_at().0.to_string(),
        version.to_text(),
        forgotten.0.to_string(),
        succession.map(|_| hex(version.hash)).unwrap_or_default(),
        from.map(hex).unwrap_or_default(),
        succession.map(|succession| succession.changes.clone()).unwrap_or_default(),
    ]
    .map(Word::from)
    .into();
    for (key, value) in values {
        keys.push(key);
        arguments.push(value);
    }
    guarded(session, PUBLISH, keys, arguments, release).await
}

/// Publishes listings of a version that is there; `budget` is how many bytes may be derived of it by all isolates, none for
/// what belongs to every version.
pub async fn add(
    session: Session<'_>,
    source: Source,
    version: &Version,
    budget: Option<usize>,
    values: Vec<(String, Word)>,
    release: Option<&Release>,
) -> Result<Guarded, TierError> {
    let mut keys = guards(&session, source);
    keys.push(session.keys.derived(source));
    let mut arguments: Vec<Word> = [
        version.to_text(),
        version.epoch.to_string(),
        version.expires_at().0.to_string(),
        budget.map_or("-1".to_owned(), |bytes| bytes.to_string()),
    ]
    .map(Word::from)
    .into();
    for (key, value) in values {
        keys.push(key);
        arguments.push(value);
    }
    guarded(session, ADD, keys, arguments, release).await
}

/// How long the list of all providers' models still lasts; nothing where there is none.
pub async fn full_lasts(session: Session<'_>) -> Result<Duration, TierError> {
    let key = session.keys.listing(&View::Full);
    let left = session.run(vec![command(["PTTL", &key])]).await?.integer()?;
    Ok(Duration::from_millis(u64::try_from(left).unwrap_or_default()))
}

/// Publishes the list of all providers' models for `lifetime`, unless there is one that lasts for longer than `good_enough`.
pub async fn publish_full(
    session: Session<'_>,
    epoch: u64,
    lifetime: Duration,
    good_enough: Duration,
    text: String,
) -> Result<Guarded, TierError> {
    let keys = session.keys;
    let names = vec![keys.control(), keys.sync_marker(), keys.listing(&View::Full)];
    let arguments: Vec<Word> =
        [epoch.to_string(), millis(lifetime).to_string(), millis(good_enough).to_string(), text]
            .map(Word::from)
            .into();
    guarded(session, FULL, names, arguments, None).await
}

/// What a renewal lets live on.
#[derive(Clone, Debug)]
pub struct Living {
    /// The values that a version tells of.
    pub values: Vec<String>,
    /// What may have been derived of it: it is let live on where it is the version's.
    pub derived: Vec<String>,
}

/// Lets what belongs to a version live on as `renewed`, which itself lives until `forgotten`; with `release` the lease is given
/// back behind it, if it does.
pub async fn renew(
    session: Session<'_>,
    source: Source,
    there: &Version,
    renewed: &Version,
    forgotten: Timestamp,
    living: Living,
    release: Option<&Release>,
) -> Result<Guarded, TierError> {
    let mut keys = guards(&session, source);
    let count = living.values.len();
    keys.extend(living.values.into_iter().chain(living.derived));
    let arguments = vec![
        renewed.epoch.to_string(),
        there.to_text(),
        there.expires_at().0.to_string(),
        renewed.expires_at().0.to_string(),
        renewed.to_text(),
        forgotten.0.to_string(),
        count.to_string(),
    ];
    // What could not be renewed is published under the same lease.
    let mut commands = vec![session.knowing(RENEW, keys, arguments)];
    commands.extend(release.map(|release| release.command(&session, Some(renewed))));
    Guarded::take(session.run(commands).await?)
}
