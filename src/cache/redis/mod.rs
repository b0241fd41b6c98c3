//! What the cache asks of Redis, as commands, and what the replies mean. One round trip each.

use std::time::Duration;

use crate::{
    catalog::{KeySpace, Resource, Scope},
    ports::{Command, Redis, Reply, TierError, millis},
};

use super::{
    entry::Epochs,
    replies::{self, Life, Replies},
};

/// Publishes keys unless something forbids it: KEYS are epoch, fence, sync marker and the values' keys; ARGV the epoch
/// that was read first (empty for none), the lifetime in ms, and the values. The first value's key tells whether a
/// newer one is there: it would live longer.
pub const PUBLISH: &str = "\
local epoch = redis.call('GET', KEYS[1]) or ''
if epoch ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 1 then return 'moved' end
if redis.call('EXISTS', KEYS[3]) == 1 then return 'syncing' end
if redis.call('PTTL', KEYS[4]) > tonumber(ARGV[2]) then return 'newer' end
for i = 4, #KEYS do redis.call('SET', KEYS[i], ARGV[i - 1], 'PX', ARGV[2]) end
return 'published'";

/// Deletes a key if it still holds our token.
pub const RELEASE: &str = "\
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0";

/// Raises the epoch (KEYS: epoch, barrier, fence). An epoch that is not there begins at `ARGV[1]`, the time in ms, so
/// that a Redis that lost its data never counts through the same numbers again. With `ARGV[2]` = 1 the barrier is
/// raised to it. `ARGV[3]` is how many ms the fence stands; 0 takes it down.
pub const RAISE: &str = "\
redis.call('SET', KEYS[1], ARGV[1], 'NX')
local epoch = redis.call('INCR', KEYS[1])
if ARGV[2] == '1' then redis.call('SET', KEYS[2], epoch) end
if ARGV[3] == '0' then redis.call('DEL', KEYS[3]) else redis.call('SET', KEYS[3], '1', 'PX', ARGV[3]) end
return epoch";

/// An invalidation that dies leaves its fence for this long.
const FENCE_MS: &str = "30000";

/// Upstash takes requests of 10 MB on its smaller plans (ANCHORS.md §F); JSON escapes add to a value.
const PUBLISH_BYTES_MAX: usize = 6_000_000;
/// A larger value fits no request, escapes included. KV, which takes 25 MiB, still shares it.
pub const VALUE_BYTES_MAX: usize = 8_000_000;
/// Keys of one SCAN step.
const SCAN_COUNT: &str = "1000";

/// What one read found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The epochs as they were just before the value was read.
    pub epochs: Epochs,
    /// The value and its remaining life.
    pub value: Option<(String, Life)>,
}

/// What became of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// All keys are set.
    Done,
    /// The epoch moved since the snapshot's read began (REFERENCE.md D40).
    Moved,
    /// The backend is synchronizing (D4).
    Syncing,
    /// A newer one is there.
    Newer,
}

impl Published {
    /// The word that logs and statistics use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "published",
            Self::Moved => "moved",
            Self::Syncing => "syncing",
            Self::Newer => "newer",
        }
    }
}

/// What came of asking for a scope's lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Whether we hold it.
    pub acquired: bool,
    /// The epochs before the snapshot's read begins.
    pub epochs: Epochs,
    /// Failures in a row and the back-off that is left, when another isolate found the origin failing.
    pub backoff: Option<(u32, Duration)>,
    /// The life of the snapshot that is there by now.
    pub snapshot: Life,
}

/// Reads epochs and value. The epochs come first: an invalidation in between then makes the value look older than
/// it is, never younger.
pub async fn read(
    redis: &dyn Redis,
    keys: &KeySpace,
    key: &str,
    timeout: Duration,
) -> Result<Read, TierError> {
    let commands = vec![
        command(["GET", &keys.epoch()]),
        command(["GET", &keys.barrier()]),
        command(["GET", key]),
        command(["PTTL", key]),
    ];
    let mut replies = Replies::of(redis, commands, timeout).await?;
    let epochs = Epochs { current: replies.number()?, barrier: replies.number()? };
    let value = match replies.text() {
        // A foreign value of another type is there, but no listing: its empty text will not decode.
        Err(TierError::Command(class)) if class == "WRONGTYPE" => Some(String::new()),
        value => value?,
    };
    let life = replies.life()?;
    Ok(Read { epochs, value: value.map(|text| (text, life)) })
}

/// The epochs, and the life of each of these keys.
pub async fn check(
    redis: &dyn Redis,
    keys: &KeySpace,
    resident: &[String],
    timeout: Duration,
) -> Result<(Epochs, Vec<Life>), TierError> {
    let mut commands = vec![command(["GET", &keys.epoch()]), command(["GET", &keys.barrier()])];
    commands.extend(resident.iter().map(|key| command(["PTTL", key])));
    let mut replies = Replies::of(redis, commands, timeout).await?;
    let epochs = Epochs { current: replies.number()?, barrier: replies.number()? };
    let lives = resident.iter().map(|_| replies.life()).collect::<Result<_, _>>()?;
    Ok((epochs, lives))
}

/// Asks for a scope's lease for `length`, under a token of ours; `now_ms` begins an epoch that is not there.
pub async fn claim(
    redis: &dyn Redis,
    keys: &KeySpace,
    scope: Scope,
    token: &str,
    length: Duration,
    now_ms: u64,
    timeout: Duration,
) -> Result<Claim, TierError> {
    let (backoff, snapshot) = (keys.backoff(scope), keys.resource(&Resource::Snapshot(scope)));
    let length = millis(length).to_string();
    let commands = vec![
        command(["SET", &keys.epoch(), &now_ms.to_string(), "NX"]),
        command(["SET", &keys.lease(scope), token, "NX", "PX", &length]),
        command(["GET", &keys.epoch()]),
        command(["GET", &keys.barrier()]),
        command(["GET", &backoff]),
        command(["PTTL", &backoff]),
        command(["PTTL", &snapshot]),
    ];
    let mut replies = Replies::of(redis, commands, timeout).await?;
    replies.text()?;
    let acquired = replies.text()?.is_some();
    let epochs = Epochs { current: replies.number()?, barrier: replies.number()? };
    let failures = replies.number()?;
    let backoff = match (failures, replies.life()?) {
        (Some(failures), Life::Expires(left)) => {
            Some((u32::try_from(failures).unwrap_or(u32::MAX), left))
        }
        _ => None,
    };
    Ok(Claim { acquired, epochs, backoff, snapshot: replies.life()? })
}

/// What the others shall know of the origin when a lease is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It answered: no back-off.
    Well,
    /// So many failures in a row: leave it alone for so long.
    Failing(u32, Duration),
    /// It was not asked.
    Unknown,
}

/// Gives a lease back, unless it is another's by now, and tells the others what was found.
pub async fn release(
    redis: &dyn Redis,
    keys: &KeySpace,
    scope: Scope,
    token: &str,
    verdict: Verdict,
    timeout: Duration,
) -> Result<(), TierError> {
    let backoff = keys.backoff(scope);
    let mut commands = Vec::new();
    match verdict {
        Verdict::Well => commands.push(command(["DEL", &backoff])),
        Verdict::Failing(failures, length) => {
            let (failures, length) = (failures.to_string(), millis(length).max(1).to_string());
            commands.push(command(["SET", &backoff, &failures, "PX", &length]));
        }
        Verdict::Unknown => {}
    }
    commands.push(command(["EVAL", RELEASE, "1", &keys.lease(scope), token]));
    Replies::of(redis, commands, timeout).await.map(drop)
}

/// Publishes values that were read under `epoch` and live for `life`, in as few EVALs as the request size allows.
/// The first value is the one whose age decides whether a newer one is there.
pub async fn publish(
    redis: &dyn Redis,
    keys: &KeySpace,
    epoch: Option<u64>,
    life: Duration,
    values: &[(String, &str)],
    timeout: Duration,
) -> Result<Published, TierError> {
    let epoch = epoch.map(|epoch| epoch.to_string()).unwrap_or_default();
    let life = millis(life).max(1).to_string();
    let mut rest = values;
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(batch_len(rest));
        let mut eval = command(["EVAL", PUBLISH]);
        eval.push(batch.len().saturating_add(3).to_string());
        eval.extend([keys.epoch(), keys.fence(), keys.sync_marker()]);
        eval.extend(batch.iter().map(|(key, _)| key.clone()));
        eval.extend([epoch.clone(), life.clone()]);
        eval.extend(batch.iter().map(|(_, text)| (*text).to_owned()));
        match Replies::of(redis, vec![eval], timeout).await?.text()?.as_deref() {
            Some("published") => rest = later,
            Some("moved") => return Ok(Published::Moved),
            Some("syncing") => return Ok(Published::Syncing),
            Some("newer") => return Ok(Published::Newer),
            _ => return Err(TierError::Malformed),
        }
    }
    Ok(Published::Done)
}

/// How many values fit one request; at least one.
fn batch_len(values: &[(String, &str)]) -> usize {
    let mut bytes: usize = 0;
    let fits = values.iter().take_while(|(_, text)| {
        bytes = bytes.saturating_add(text.len());
        bytes <= PUBLISH_BYTES_MAX
    });
    fits.count().max(1)
}

/// Which end of an invalidation raises the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raise {
    /// Before anything is unlinked: the fence goes up.
    Begin,
    /// After everything is: the fence comes down.
    End,
}

/// Raises the epoch; returns the new one.
pub async fn raise(
    redis: &dyn Redis,
    keys: &KeySpace,
    raise: Raise,
    hard: bool,
    now_ms: u64,
    timeout: Duration,
) -> Result<u64, TierError> {
    let now_ms = now_ms.to_string();
    let hard = if hard { "1" } else { "0" };
    let fence_ms = match raise {
        Raise::Begin => FENCE_MS,
        Raise::End => "0",
    };
    let (epoch, barrier, fence) = (keys.epoch(), keys.barrier(), keys.fence());
    let command = command(["EVAL", RAISE, "3", &epoch, &barrier, &fence, &now_ms, hard, fence_ms]);
    let epoch = Replies::of(redis, vec![command], timeout).await?.integer()?;
    u64::try_from(epoch).map_err(|_| TierError::Malformed)
}

/// Unlinks every listing and snapshot, in one pass over the keys; returns how many there were. Each step has the
/// deadline for itself: a Redis that the backend fills takes many.
pub async fn unlink(
    redis: &dyn Redis,
    keys: &KeySpace,
    timeout: Duration,
) -> Result<u64, TierError> {
    let (pattern, prefixes) =
        (format!("{}*", glob_escaped(&keys.prefix())), keys.invalidated_prefixes());
    let mut cursor = "0".to_owned();
    let mut deleted: u64 = 0;
    loop {
        let scan = command(["SCAN", &cursor, "MATCH", &pattern, "COUNT", SCAN_COUNT]);
        let (next, mut found) = Replies::of(redis, vec![scan], timeout).await?.scanned()?;
        found.retain(|key| prefixes.iter().any(|prefix| key.starts_with(prefix.as_str())));
        if !found.is_empty() {
            let mut unlink = command(["UNLINK"]);
            unlink.extend(found);
            let count = Replies::of(redis, vec![unlink], timeout).await?.integer()?;
            deleted = deleted.saturating_add(u64::try_from(count).unwrap_or(0));
        }
        if next == "0" {
            return Ok(deleted);
        }
        cursor = next;
    }
}

/// A namespace may hold characters that SCAN's patterns mean something by.
fn glob_escaped(prefix: &str) -> String {
    let special = |c| matches!(c, '*' | '?' | '[' | ']' | '\\' | '^');
    prefix.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// Adds to the counters that all isolates share.
pub async fn add(
    redis: &dyn Redis,
    keys: &KeySpace,
    counters: &[(&str, u64)],
    timeout: Duration,
) -> Result<(), TierError> {
    let key = keys.statistics();
    let commands = counters
        .iter()
        .map(|(name, by)| command(["HINCRBY", &key, name, &by.to_string()]))
        .collect();
    Replies::of(redis, commands, timeout).await.map(drop)
}

/// The shared counters by name, the last warm report, and who holds the leases.
pub async fn statistics(
    redis: &dyn Redis,
    keys: &KeySpace,
    timeout: Duration,
) -> Result<Shared, TierError> {
    let mut commands =
        vec![command(["HGETALL", &keys.statistics()]), command(["GET", &keys.warm_report()])];
    commands.extend(Scope::BOTH.map(|scope| command(["GET", &keys.lease(scope)])));
    let mut replies = Replies::of(redis, commands, timeout).await?;
    let Reply::Array(fields) = replies.take()? else { return Err(TierError::Malformed) };
    let mut counters = Vec::new();
    let mut fields = fields.into_iter();
    while let (Some(Reply::Text(name)), Some(value)) = (fields.next(), fields.next()) {
        counters.push((name, replies::number(&value)?.unwrap_or(0)));
    }
    let warm_report = replies.text()?;
    let leases =
        Scope::BOTH.into_iter().map(|_| replies.text()).collect::<Result<Vec<_>, TierError>>()?;
    Ok(Shared { counters, warm_report, leases })
}

/// What isolates share besides values.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Counters by name.
    pub counters: Vec<(String, u64)>,
    /// JSON.
    pub warm_report: Option<String>,
    /// The token that holds each scope's lease, as in [`Scope::BOTH`].
    pub leases: Vec<Option<String>>,
}

/// Keeps the last warm report for the statistics.
pub async fn save_report(
    redis: &dyn Redis,
    keys: &KeySpace,
    report: &str,
    timeout: Duration,
) -> Result<(), TierError> {
    let commands = vec![command(["SET", &keys.warm_report(), report])];
    Replies::of(redis, commands, timeout).await.map(drop)
}

fn command<const N: usize>(words: [&str; N]) -> Command {
    words.map(str::to_owned).to_vec()
}
