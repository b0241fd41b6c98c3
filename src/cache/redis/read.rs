//! Reading: a value with the epochs beside it, and how long the resident keys still live.

use super::{
    replies::KeyTtl,
    session::{Session, command},
};
use crate::{cache::entry::Epochs, ports::TierError};

/// What one read found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The epochs as they were just before the value was read.
    pub epochs: Epochs,
    /// The value and its remaining lifetime.
    pub value: Option<(String, KeyTtl)>,
}

/// Reads epochs and value. The epochs come first: an invalidation in between then makes the value look older than
/// it is, never younger.
pub async fn read(session: Session<'_>, key: &str) -> Result<Read, TierError> {
    let commands = vec![
        command(["GET", &session.keys.epoch()]),
        command(["GET", &session.keys.barrier()]),
        command(["GET", key]),
        command(["PTTL", key]),
    ];
    let mut replies = session.run(commands).await?;
    let epochs = Epochs { current: replies.number()?, barrier: replies.number()? };
    let value = match replies.text() {
        // A foreign value of another type is there, but no listing: its empty text will not decode.
        Err(TierError::Command(class)) if class == "WRONGTYPE" => Some(String::new()),
        value => value?,
    };
    let life = replies.key_ttl()?;
    Ok(Read { epochs, value: value.map(|text| (text, life)) })
}

/// The epochs, and the life of each of these session.keys.
pub async fn check(
    session: Session<'_>,
    resident: &[String],
) -> Result<(Epochs, Vec<KeyTtl>), TierError> {
    let mut commands =
        vec![command(["GET", &session.keys.epoch()]), command(["GET", &session.keys.barrier()])];
    commands.extend(resident.iter().map(|key| command(["PTTL", key])));
    let mut replies = session.run(commands).await?;
    let epochs = Epochs { current: replies.number()?, barrier: replies.number()? };
    let lives = resident.iter().map(|_| replies.key_ttl()).collect::<Result<_, _>>()?;
    Ok((epochs, lives))
}
