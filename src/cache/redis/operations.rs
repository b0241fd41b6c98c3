//! The list of what cron and operators did lately, and the last warm report.

use super::{
    scripts::{ASKED, OPERATIONS},
    session::{Session, eval},
    statistics::{counters, counting},
};
use crate::{
    cache::telemetry::OPERATIONS_MAX,
    ports::{Command, TierError},
};

/// Notes what was done.
pub async fn note_operation(session: Session<'_>, note: &str) -> Result<(), TierError> {
    session.run(vec![noting(&session, note, "")]).await?.integer().map(drop)
}

/// The command that notes what was done, in place of what was noted of it before, if that is the latest.
pub(super) fn noting(session: &Session<'_>, note: &str, replaces: &str) -> Command {
    let keys = vec![session.keys.operations()];
    let arguments = [&*OPERATIONS_MAX.to_string(), note, replaces].map(str::to_owned);
    eval("EVAL", OPERATIONS, keys, arguments)
}

/// A warm run, as it is kept.
#[derive(Clone, Copy, Debug)]
pub struct WarmRun<'a> {
    /// The report, JSON.
    pub report: &'a str,
    /// What is noted of it among the latest operations.
    pub note: &'a str,
    /// What was noted of it before.
    pub replaces: &'a str,
}

/// Keeps the last warm report for the statistics, and adds to the counters. When providers were asked for, by their slugs.
pub async fn save_report(
    session: Session<'_>,
    run: WarmRun<'_>,
    counts: &[(String, u64)],
) -> Result<Vec<(String, u64)>, TierError> {
    let keys = vec![session.keys.operations(), session.keys.warm_report()];
    let arguments =
        [&*OPERATIONS_MAX.to_string(), run.note, run.replaces, run.report].map(str::to_owned);
    let mut commands = vec![eval("EVAL", OPERATIONS, keys, arguments)];
    if !counts.is_empty() {
        commands.push(counting(&session, counts));
    }
    commands.push(eval("EVAL", ASKED, vec![session.keys.statistics()], Vec::<String>::new()));
    let mut replies = session.run(commands).await?;
    replies.integer()?;
    if !counts.is_empty() {
        replies.integer()?;
    }
    Ok(counters(replies.take()))
}
