//! What isolates share of what webhooks told.

use std::time::Duration;

use super::session::{Session, command};
use crate::ports::{TierError, Timestamp};

/// What was told longer ago is compared with nothing any more.
const REMEMBERED: Duration = Duration::from_hours(48);

/// Notes that the tables changed at `at`, and that a signature was used, which is remembered for so long. Whether the signature
/// is new: it is where there is none.
pub async fn note_change(
    session: Session<'_>,
    at: Option<Timestamp>,
    signature: Option<(&str, Duration)>,
) -> Result<bool, TierError> {
    let mut commands = Vec::new();
    if let Some((signature, lasts)) = signature {
        let (key, secs) = (session.keys.seen(signature), lasts.as_secs().to_string());
        commands.push(command(["SET", &key, "1", "NX", "EX", &secs]));
    }
    if let Some(at) = at {
        let (at, secs) = (at.0.to_string(), REMEMBERED.as_secs().to_string());
        commands.push(command(["SET", &session.keys.changed(), &at, "EX", &secs]));
    }
    if commands.is_empty() {
        return Ok(true);
    }
    let mut replies = session.run(commands).await?;
    let is_new = match signature {
        Some(_) => replies.text()?.is_some(),
        None => true,
    };
    if at.is_some() {
        replies.text()?;
    }
    Ok(is_new)
}

/// When a webhook last told that the tables changed; none where none did for days.
pub async fn changed_at(session: Session<'_>) -> Result<Option<Timestamp>, TierError> {
    let mut replies = session.run(vec![command(["GET", &session.keys.changed()])]).await?;
    Ok(replies.text()?.and_then(|text| text.parse().ok()).map(Timestamp))
}
