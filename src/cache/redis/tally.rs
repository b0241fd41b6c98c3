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
    /// What is published of each source that was asked for.
    pub versions: Vec<(Source, Version)>,
}

/// Reads the shared counters and what is published of these sources, as one command.
pub async fn tally(session: Session<'_>, sources: &[Source]) -> Result<Tally, TierError> {
    let versions = sources.iter().map(|source| session.keys.version(*source));
    let keys = std::iter::once(session.keys.statistics()).chain(versions).collect();
    let command = eval("EVAL", TALLY, keys, Vec::<String>::new());
    let mut parts = session.run(vec![command]).await?.array()?;
    let counters = counters(parts.take());
    let mut records = parts.array()?;
    let mut versions = Vec::new();
    for source in sources {
        let version = records.text()?.as_deref().and_then(Version::read);
        versions.extend(version.map(|version| (*source, version)));
    }
    Ok(Tally { counters, versions })
}
