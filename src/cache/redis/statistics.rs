//! What isolates share besides values: counters, the last warm report, who holds the leases.

use super::{
    replies::number,
    session::{Session, command},
};
use crate::{
    catalog::Source,
    ports::{Reply, TierError},
};

/// Adds to the counters that all isolates share.
pub async fn add(session: Session<'_>, counters: &[(&str, u64)]) -> Result<(), TierError> {
    let key = session.keys.statistics();
    let commands = counters
        .iter()
        .map(|(name, by)| command(["HINCRBY", &key, name, &by.to_string()]))
        .collect();
    session.run(commands).await.map(drop)
}

/// The shared counters by name, the last warm report, and who holds the leases.
pub async fn statistics(session: Session<'_>) -> Result<Shared, TierError> {
    let mut commands = vec![
        command(["HGETALL", &session.keys.statistics()]),
        command(["GET", &session.keys.warm_report()]),
    ];
    commands.extend(Source::ALL.map(|source| command(["GET", &session.keys.lease(source)])));
    let mut replies = session.run(commands).await?;
    let Reply::Array(fields) = replies.take()? else { return Err(TierError::Malformed) };
    let mut counters = Vec::new();
    let mut fields = fields.into_iter();
    while let (Some(Reply::Text(name)), Some(value)) = (fields.next(), fields.next()) {
        counters.push((name, number(&value)?.unwrap_or(0)));
    }
    let warm_report = replies.text()?;
    let leases =
        Source::ALL.into_iter().map(|_| replies.text()).collect::<Result<Vec<_>, TierError>>()?;
    Ok(Shared { counters, warm_report, leases })
}

/// What isolates share besides values.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Counters by name.
    pub counters: Vec<(String, u64)>,
    /// JSON.
    pub warm_report: Option<String>,
    /// The token that holds each source's lease, as in [`Source::ALL`].
    pub leases: Vec<Option<String>>,
}

/// Keeps the last warm report for the statistics.
pub async fn save_report(session: Session<'_>, report: &str) -> Result<(), TierError> {
    let commands = vec![command(["SET", &session.keys.warm_report(), report])];
    session.run(commands).await.map(drop)
}
