//! What isolates share besides values: counters, the last warm report, who holds what and for how long.

use super::{
    replies::Replies,
    scripts::{ASKED, COUNT, STANDING},
    session::{Session, command, eval},
};
use crate::{
    cache::protocol::Version,
    catalog::Source,
    ports::{Command, Reply, TierError},
};

/// Adds to the counters that all isolates share, as one command.
pub async fn count(session: Session<'_>, counters: &[(String, u64)]) -> Result<(), TierError> {
    session.run(vec![counting(&session, counters)]).await?.integer().map(drop)
}

/// The command that adds to the counters.
pub(super) fn counting(session: &Session<'_>, counters: &[(String, u64)]) -> Command {
    let arguments = counters.iter().flat_map(|(name, by)| [name.clone(), by.to_string()]);
    eval("EVAL", COUNT, vec![session.keys.statistics()], arguments)
}

/// PTTL of a key that is not there.
const NO_KEY: i64 = -2;

/// What isolates share besides values.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Counters by name.
    pub counters: Vec<(String, u64)>,
    /// JSON.
    pub warm_report: Option<String>,
    /// Ms that the backend's sync marker still stands: -2 when it does not, -1 when it never expires.
    pub sync_ms: i64,
    /// How each source that was asked for stands.
    pub sources: Vec<(Source, SharedSource)>,
}

/// What isolates share of a source.
#[derive(Clone, Debug)]
pub struct SharedSource {
    /// The token that holds the lease.
    pub holder: Option<String>,
    /// Ms that the lease still lasts: -2 when nobody holds it, -1 when it never expires.
    pub lease_ms: i64,
    /// Failures of the origin in a row, while it is left alone.
    pub failures: Option<u64>,
    /// Ms that it is still left alone: -2 when it is not.
    pub backoff_ms: i64,
    /// The version that is published.
    pub version: Option<Version>,
}

impl Default for SharedSource {
    /// Nothing.
    fn default() -> Self {
        Self { holder: None, lease_ms: NO_KEY, failures: None, backoff_ms: NO_KEY, version: None }
    }
}

/// Reads what isolates share, and how these sources stand.
pub async fn statistics(session: Session<'_>, sources: &[Source]) -> Result<Shared, TierError> {
    let keys = session.keys;
    let records = sources
        .iter()
        .flat_map(|source| [keys.lease(*source), keys.backoff(*source), keys.version(*source)]);
    let commands = vec![
        command(["HGETALL", &keys.statistics()]),
        command(["GET", &keys.warm_report()]),
        command(["PTTL", &keys.sync_marker()]),
        eval("EVAL_RO", STANDING, records.collect(), Vec::<String>::new()),
    ];
    let mut replies = session.run(commands).await?;
    let counters = counters(replies.take());
    let warm_report = replies.text().unwrap_or_default();
    let sync_ms = replies.integer()?;
    let mut standing = replies.array()?;
    let mut shared = Vec::new();
    for source in sources {
        let mut of = standing.array()?;
        let (holder, lease_ms) = (of.text()?, of.integer()?);
        let (failures, backoff_ms) = (of.count()?, of.integer()?);
        let version = of.text()?.as_deref().and_then(Version::read);
        shared.push((*source, SharedSource { holder, lease_ms, failures, backoff_ms, version }));
    }
    Ok(Shared { counters, warm_report, sync_ms, sources: shared })
}

/// The numbers of a hash; a foreign value has none, and must not hide the rest.
pub(super) fn counters(reply: Result<Reply, TierError>) -> Vec<(String, u64)> {
    let Ok(Reply::Array(fields)) = reply else { return Vec::new() };
    let mut fields = Replies::new(fields);
    let mut counters = Vec::new();
    while let Ok(Some(name)) = fields.text() {
        let Ok(value) = fields.count() else { break };
        counters.extend(value.map(|value| (name, value)));
    }
    counters
}

/// Keeps the last warm report for the statistics, and adds to the counters. When providers were asked for, by their slugs.
pub async fn save_report(
    session: Session<'_>,
    report: &str,
    counters: &[(String, u64)],
) -> Result<Vec<(String, u64)>, TierError> {
    let mut commands = vec![command(["SET", &session.keys.warm_report(), report])];
    if !counters.is_empty() {
        commands.push(counting(&session, counters));
    }
    commands.push(eval("EVAL", ASKED, vec![session.keys.statistics()], Vec::<String>::new()));
    let mut replies = session.run(commands).await?;
    replies.text()?;
    if !counters.is_empty() {
        replies.integer()?;
    }
    Ok(self::counters(replies.take()))
}
