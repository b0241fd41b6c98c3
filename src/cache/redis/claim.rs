//! The lease of a source: asking for it, holding it, and giving it back with what is known of the origin.

use std::time::Duration;

use super::{
    scripts::{CLAIM, EXTEND, RELEASE},
    session::{Session, eval},
};
use crate::{
    cache::protocol::{Control, Version},
    catalog::Source,
    ports::{Command, TierError, millis},
};

/// A sync marker without expiry is obeyed for as long as the backend's own lives (docs/backend.md, "The sync guard").
const SYNC_MAX: Duration = Duration::from_secs(900);

/// What came of asking for a source's lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a reply, field by field")]
pub struct Claim {
    /// Whether we hold it.
    pub acquired: bool,
    /// Control as it is now, our knowledge included.
    pub control: Option<Control>,
    /// Whether control was nonsense and was replaced.
    pub healed: bool,
    /// Failures in a row and the back-off that is left; no failures while loads are merely kept apart.
    pub backoff: Option<(u32, Duration)>,
    /// The version that is there.
    pub version: Option<Version>,
    /// How long the backend's sync marker still stands.
    pub syncing: Option<Duration>,
    /// The backend's epoch.
    pub backend_epoch: Option<u64>,
    /// How long another's lease still lasts.
    pub held_for: Duration,
    /// Whether the lease had no expiry, and was taken over.
    pub endless_lease: bool,
    /// Whether the backend's sync marker had no expiry, and was given one.
    pub endless_sync: bool,
    /// Whether listings were derived of what is published, or of what was before.
    pub has_derived: bool,
}

/// Asks for a source's lease for `length`, under a token of ours. Asking again under the same token is safe.
pub async fn claim(
    session: Session<'_>,
    source: Source,
    token: &str,
    length: Duration,
) -> Result<Claim, TierError> {
    let keys = session.keys;
    let names = vec![
        keys.control(),
        keys.lease(source),
        keys.backoff(source),
        keys.version(source),
        keys.sync_marker(),
        keys.backend_epoch(),
        keys.derived(source),
    ];
    let arguments =
        vec![token.to_owned(), millis(length).to_string(), millis(SYNC_MAX).to_string()];
    let mut replies = session.run_knowing(CLAIM, names, arguments).await?.array()?;
    let (acquired, control, healed) = (replies.flag()?, replies.control()?, replies.flag()?);
    let failures = replies.count()?;
    let pause = Duration::from_millis(replies.number()?);
    let version = replies.text()?.as_deref().and_then(Version::read);
    let syncing = Duration::from_millis(replies.number()?);
    let backend_epoch = replies.count()?;
    let held_for = Duration::from_millis(replies.number()?);
    let endless = replies.number()?;
    let has_derived = replies.text()?.is_some_and(|text| !text.is_empty());
    Ok(Claim {
        acquired,
        control,
        healed,
        backoff: failures.map(|failures| (u32::try_from(failures).unwrap_or(u32::MAX), pause)),
        version,
        syncing: (!syncing.is_zero()).then_some(syncing),
        backend_epoch,
        held_for,
        endless_lease: endless & 1 != 0,
        endless_sync: endless & 2 != 0,
        has_derived,
    })
}

/// Lets a lease of ours last for `length` from now; says whether it is ours still.
pub async fn extend(
    session: Session<'_>,
    source: Source,
    token: &str,
    length: Duration,
) -> Result<bool, TierError> {
    let arguments = [token.to_owned(), millis(length).to_string()];
    let command = eval("EVAL", EXTEND, vec![session.keys.lease(source)], arguments);
    session.run(vec![command]).await?.flag()
}

/// What other isolates are told of the origin when a lease is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginHealth {
    /// It answered: no back-off.
    Answering,
    /// So many failed loads in a row: it is to be left alone for this long.
    Failing(u32, Duration),
    /// It answered, but its loads are to be kept this far apart.
    Paced(Duration),
    /// It was not asked.
    Unknown,
}

/// A lease that is to be given back, with what is known of the origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Whose lease it is.
    pub source: Source,
    /// The token it was taken under; empty when there is none, and only others are to be told.
    pub token: String,
    /// What others are told.
    pub health: OriginHealth,
}

impl Release {
    /// Gives the lease back, unless it is another's by now.
    pub async fn run(&self, session: Session<'_>) -> Result<(), TierError> {
        session.run(vec![self.command(&session, None)]).await?.integer().map(drop)
    }

    /// The same as a command, which can follow another in one round trip: in any case, or only if by then that version is there.
    pub(super) fn command(&self, session: &Session<'_>, if_there: Option<&Version>) -> Command {
        let (failures, length) = match self.health {
            OriginHealth::Answering => ("0".to_owned(), 0),
            OriginHealth::Failing(failures, length) => {
                (failures.to_string(), millis(length).max(1))
            }
            OriginHealth::Paced(length) => ("0".to_owned(), millis(length).max(1)),
            OriginHealth::Unknown => (String::new(), 0),
        };
        let (source, names) = (self.source, session.keys);
        let keys = vec![names.lease(source), names.backoff(source), names.version(source)];
        let version = if_there.map(|version| version.to_text()).unwrap_or_default();
        eval("EVAL", RELEASE, keys, [self.token.clone(), failures, length.to_string(), version])
    }
}
