//! Reading, one command each: a snapshot with all that judges it, a check of what is in memory, and a listing.

use super::{
    replies::Replies,
    scripts::{DERIVED, LISTING},
    session::{Session, eval},
    statistics::counting,
};
use crate::{
    cache::protocol::{Expiry, Observed, Version},
    catalog::{Resource, Source, View},
    ports::{Command, TierError, Word},
};

fn take_observed(replies: &mut Replies, sources: &[Source]) -> Result<Observed, TierError> {
    let (control, backend_epoch) = (replies.control()?, replies.count()?);
    let mut versions = Vec::new();
    for source in sources {
        versions.push((*source, replies.text()?.as_deref().and_then(Version::read)));
    }
    Ok(Observed { control, backend_epoch, versions })
}

fn mget(session: &Session<'_>, sources: &[Source]) -> Command {
    let keys = session.keys;
    let first = ["MGET".to_owned(), keys.control(), keys.backend_epoch()].into_iter();
    first.chain(sources.iter().map(|source| keys.version(*source))).map(Word::from).collect()
}

/// Reads a source's snapshot, as it is stored, and what judges it.
pub async fn read_snapshot(
    session: Session<'_>,
    source: Source,
) -> Result<(Observed, Option<String>), TierError> {
    let mut words = mget(&session, &[source]);
    words.push(session.keys.resource(&Resource::Snapshot(source)).into());
    let mut replies = session.run(vec![words]).await?.array()?;
    let observed = take_observed(&mut replies, &[source])?;
    Ok((observed, replies.text()?))
}

/// Reads the snapshots of many sources, as they are stored, and what judges them.
pub async fn read_snapshots(
    session: Session<'_>,
    sources: &[Source],
) -> Result<(Observed, Vec<Option<String>>), TierError> {
    let mut words = mget(&session, sources);
    let snapshots = sources.iter().map(|source| Resource::Snapshot(*source));
    words.extend(snapshots.map(|snapshot| Word::from(session.keys.resource(&snapshot))));
    let mut replies = session.run(vec![words]).await?.array()?;
    let observed = take_observed(&mut replies, sources)?;
    let values = sources.iter().map(|_| replies.text()).collect::<Result<_, _>>()?;
    Ok((observed, values))
}

/// Reads what judges these sources, and nothing of them. Counters can come along in the same request; what became of them is told
/// beside it.
pub async fn check(
    session: Session<'_>,
    sources: &[Source],
    counters: &[(String, u64)],
) -> Result<(Observed, Result<(), TierError>), TierError> {
    let mut commands = vec![mget(&session, sources)];
    if !counters.is_empty() {
        commands.push(counting(&session, counters));
    }
    let mut replies = session.run(commands).await?;
    let observed = take_observed(&mut replies.array()?, sources)?;
    let counted = if counters.is_empty() { Ok(()) } else { replies.integer().map(drop) };
    Ok((observed, counted))
}

/// A listing as it was read, together with what dates it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadListing {
    /// The text; empty when the key holds no text.
    pub text: String,
    /// When the key expires.
    pub expiry: Expiry,
    /// Its source's version.
    pub version: Option<Version>,
}

/// Reads a view's own key; none when there is none.
pub async fn read_listing(
    session: Session<'_>,
    view: &View,
) -> Result<Option<ReadListing>, TierError> {
    let keys = vec![session.keys.listing(view), session.keys.version(view.source())];
    let mut replies =
        session.run(vec![eval("EVAL_RO", LISTING, keys, Vec::<Word>::new())]).await?.array()?;
    let (text, expiry) = (replies.text()?, replies.expiry()?);
    let version = replies.text()?.as_deref().and_then(Version::read);
    Ok(text.map(|text| ReadListing { text, expiry, version }))
}

/// What is there of derived listings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadDerived {
    /// How many bytes were derived of the version's content.
    pub bytes: usize,
    /// When each listing expires, in the order in which they were asked for.
    pub expiries: Vec<Expiry>,
}

/// Asks what is there of derived listings, and for nothing of them.
pub async fn read_derived(
    session: Session<'_>,
    source: Source,
    version: &Version,
    listings: Vec<String>,
) -> Result<ReadDerived, TierError> {
    let count = listings.len();
    let keys = std::iter::once(session.keys.derived(source)).chain(listings).collect();
    let hash = format!("{:016x}", version.hash);
    let mut replies = session.run(vec![eval("EVAL_RO", DERIVED, keys, [hash])]).await?.array()?;
    let bytes = replies.count()?.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
    let expiries = (0..count).map(|_| replies.expiry()).collect::<Result<_, _>>()?;
    Ok(ReadDerived { bytes, expiries })
}
