//! What isolates share besides values: counters, the last warm report, who holds what and for how long.

use super::{
    replies::Replies,
    scripts::COUNT,
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

/// What isolates share besides values.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Counters by name.
    pub counters: Vec<(String, u64)>,
    /// JSON.
    pub warm_report: Option<String>,
    /// Ms that the backend's sync marker still stands: -2 when it does not, -1 when it never expires.
    pub sync_ms: i64,
    /// Each source's lease and version, as in [`Source::ALL`].
    pub sources: Vec<SharedSource>,
}

/// What isolates share of a source.
#[derive(Clone, Debug, Default)]
pub struct SharedSource {
    /// The token that holds the lease.
    pub holder: Option<String>,
    /// Ms that the lease still lasts: -2 when nobody holds it, -1 when it never expires.
    pub lease_ms: i64,
    /// Failures of the origin in a row, while it is left alone.
    pub failures: Option<u64>,
    /// The version that is published.
    pub version: Option<Version>,
}

/// Reads what isolates share.
pub async fn statistics(session: Session<'_>) -> Result<Shared, TierError> {
    let keys = session.keys;
    let mut commands = vec![
        command(["HGETALL", &keys.statistics()]),
        command(["GET", &keys.warm_report()]),
        command(["PTTL", &keys.sync_marker()]),
    ];
    for source in Source::ALL {
        commands.push(command(["PTTL", &keys.lease(source)]));
        commands.push(command([
            "MGET",
            &keys.lease(source),
            &keys.backoff(source),
            &keys.version(source),
        ]));
    }
    let mut replies = session.run(commands).await?;
    let counters = counters(replies.take());
    let warm_report = replies.text().unwrap_or_default();
    let sync_ms = replies.integer()?;
    let mut sources = Vec::new();
    for _ in Source::ALL {
        let lease_ms = replies.integer()?;
        let mut texts = replies.array()?;
        let (holder, failures) = (texts.text()?, texts.count()?);
        let version = texts.text()?.as_deref().and_then(Version::read);
        sources.push(SharedSource { holder, lease_ms, failures, version });
    }
    Ok(Shared { counters, warm_report, sync_ms, sources })
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

/// Keeps the last warm report for the statistics, and adds to the counters.
pub async fn save_report(
    session: Session<'_>,
    report: &str,
    counters: &[(String, u64)],
) -> Result<(), TierError> {
    let mut commands = vec![command(["SET", &session.keys.warm_report(), report])];
    if !counters.is_empty() {
        commands.push(counting(&session, counters));
    }
    session.run(commands).await.map(drop)
}
