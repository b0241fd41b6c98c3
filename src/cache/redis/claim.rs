//! The lease of a source: asking for it, and giving it back with what is known of the origin.

use std::time::Duration;

use super::{
    replies::KeyTtl,
    scripts::RELEASE,
    session::{Session, command},
};
use crate::{
    cache::entry::Epochs,
    catalog::{Resource, Source},
    ports::{TierError, millis},
};

/// What came of asking for a source's lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Whether we hold it.
    pub acquired: bool,
    /// The epochs before the snapshot's read begins.
    pub epochs: Epochs,
    /// Failures in a row and the back-off that is left, when another isolate found the origin failing.
    pub backoff: Option<(u32, Duration)>,
    /// The remaining lifetime of the snapshot that is there by now.
    pub snapshot: KeyTtl,
}

/// Asks for a source's lease for `length`, under a token of ours; `now_ms` begins an epoch that is not there.
pub async fn claim(
    session: Session<'_>,
    source: Source,
    token: &str,
    length: Duration,
    now_ms: u64,
) -> Result<Claim, TierError> {
    let (backoff, snapshot) =
        (session.keys.backoff(source), session.keys.resource(&Resource::Snapshot(source)));
    let length = millis(length).to_string();
    let commands = vec![
        command(["SET", &session.keys.epoch(), &now_ms.to_string(), "NX"]),
        command(["SET", &session.keys.lease(source), token, "NX", "PX", &length]),
        command(["GET", &session.keys.epoch()]),
        command(["GET", &session.keys.barrier()]),
        command(["GET", &backoff]),
        command(["PTTL", &backoff]),
        command(["PTTL", &snapshot]),
    ];
    let mut replies = session.run(commands).await?;
    replies.text()?;
    let acquired = replies.text()?.is_some();
    let epochs = Epochs { current: replies.number()?, barrier: replies.number()? };
    let failures = replies.number()?;
    let backoff = match (failures, replies.key_ttl()?) {
        (Some(failures), KeyTtl::Expires(left)) => {
            Some((u32::try_from(failures).unwrap_or(u32::MAX), left))
        }
        _ => None,
    };
    Ok(Claim { acquired, epochs, backoff, snapshot: replies.key_ttl()? })
}

/// What other isolates are told of the origin when a lease is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginHealth {
    /// It answered: no back-off.
    Answering,
    /// So many failed loads in a row: it is to be left alone for this long.
    Failing(u32, Duration),
    /// It was not asked.
    Unknown,
}

/// Gives a lease back, unless it is another's by now, and tells other isolates what was found.
pub async fn release(
    session: Session<'_>,
    source: Source,
    token: &str,
    health: OriginHealth,
) -> Result<(), TierError> {
    let backoff = session.keys.backoff(source);
    let mut commands = Vec::new();
    match health {
        OriginHealth::Answering => commands.push(command(["DEL", &backoff])),
        OriginHealth::Failing(failures, length) => {
            let (failures, length) = (failures.to_string(), millis(length).max(1).to_string());
            commands.push(command(["SET", &backoff, &failures, "PX", &length]));
        }
        OriginHealth::Unknown => {}
    }
    commands.push(command(["EVAL", RELEASE, "1", &session.keys.lease(source), token]));
    session.run(commands).await.map(drop)
}
