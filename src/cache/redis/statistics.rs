//! What isolates share besides values: counters, what was done lately, who holds what and for how long.

use super::{
    replies::Replies,
    scripts::{COUNT, STANDING, TALLY},
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
    /// What cron and operators did lately, JSON each, the latest first.
    pub operations: Vec<String>,
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
    let commands = vec![
        command(["HGETALL", &keys.statistics()]),
        command(["GET", &keys.warm_report()]),
        command(["LRANGE", &keys.operations(), "0", "-1"]),
        command(["PTTL", &keys.sync_marker()]),
        standings(&session, sources),
    ];
    let mut replies = session.run(commands).await?;
    let counters = counters(replies.take());
    let warm_report = replies.text().unwrap_or_default();
    let operations = latest(&mut replies);
    let sync_ms = replies.integer()?;
    let sources = read_standings(sources, &mut replies)?;
    Ok(Shared { counters, warm_report, operations, sync_ms, sources })
}

/// Reads how these sources stand.
pub async fn standing(
    session: Session<'_>,
    sources: &[Source],
) -> Result<Vec<(Source, SharedSource)>, TierError> {
    let mut replies = session.run(vec![standings(&session, sources)]).await?;
    read_standings(sources, &mut replies)
}

/// What all isolates counted, and how sources stand beside it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Counters by the names of their fields.
    pub counters: Vec<(String, u64)>,
    /// How each source stands that was asked for.
    pub sources: Vec<(Source, SharedSource)>,
}

/// Reads the shared counters and how these sources stand, as one command, where they are written.
pub async fn tally(session: Session<'_>, sources: &[Source]) -> Result<Tally, TierError> {
    let keys = std::iter::once(session.keys.statistics()).chain(records(&session, sources));
    let command = eval("EVAL", TALLY, keys.collect(), Vec::<String>::new());
    let mut parts = session.run(vec![command]).await?.array()?;
    let counters = counters(parts.take());
    Ok(Tally { counters, sources: read_standings(sources, &mut parts)? })
}

fn records(session: &Session<'_>, sources: &[Source]) -> Vec<String> {
    let keys = session.keys;
    let of = |source: &Source| [keys.lease(*source), keys.backoff(*source), keys.version(*source)];
    sources.iter().flat_map(of).collect()
}

fn standings(session: &Session<'_>, sources: &[Source]) -> Command {
    eval("EVAL_RO", STANDING, records(session, sources), Vec::<String>::new())
}

fn read_standings(
    sources: &[Source],
    replies: &mut Replies,
) -> Result<Vec<(Source, SharedSource)>, TierError> {
    let mut standing = replies.array()?;
    let mut shared = Vec::new();
    for source in sources {
        let mut of = standing.array()?;
        let (holder, lease_ms) = (of.text()?, of.integer()?);
        let (failures, backoff_ms) = (of.count()?, of.integer()?);
        let version = of.text()?.as_deref().and_then(Version::read);
        shared.push((*source, SharedSource { holder, lease_ms, failures, backoff_ms, version }));
    }
    Ok(shared)
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

/// The latest operations, JSON each, the latest first; a foreign value has none, and must not hide the rest.
fn latest(replies: &mut Replies) -> Vec<String> {
    let Ok(mut notes) = replies.array() else { return Vec::new() };
    let mut latest = notes.texts().unwrap_or_default();
    latest.reverse();
    latest
}
