//! The shared counters and what is published, read where they are written.

use super::{
    scripts::TALLY,
    session::{Session, eval},
    statistics::counters,
};
use crate::{cache::protocol::Version, catalog::Source, ports::TierError};

/// What all isolates counted, and the versions beside it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Counters by the names of their fields.
    pub counters: Vec<(String, u64)>,
    /// What is published of each source, as in [`Source::ALL`].
    pub versions: Vec<Option<Version>>,
}

/// Reads the shared counters, as one command.
pub async fn tally(session: Session<'_>) -> Result<Tally, TierError> {
    let versions = Source::ALL.into_iter().map(|source| session.keys.version(source));
    let keys = std::iter::once(session.keys.statistics()).chain(versions).collect();
    let command = eval("EVAL", TALLY, keys, Vec::<String>::new());
    let mut parts = session.run(vec![command]).await?.array()?;
    let counters = counters(parts.take());
    let mut records = parts.array()?;
    let mut versions = Vec::new();
    for _ in Source::ALL {
        versions.push(records.text()?.as_deref().and_then(Version::read));
    }
    Ok(Tally { counters, versions })
}
