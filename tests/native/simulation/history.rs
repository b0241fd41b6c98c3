//! What the world has seen, for the promises to be judged by.

use std::collections::BTreeMap;

/// A hard invalidation that was completed.
#[derive(Clone, Copy, Debug)]
pub struct Cleared {
    /// When it had ended.
    pub ended: u64,
    /// Which version of the catalog was current when it began.
    pub current: u64,
    /// Whether KV's marker told of it then.
    pub marked: bool,
}

/// What can be out of order for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// Redis does not answer as it should.
    Redis,
    /// KV does not.
    Kv,
    /// The origin does not.
    Origin,
    /// Copies of Redis lag.
    Lag,
    /// Redis takes no writes.
    Refusal,
    /// The backend is writing its tables.
    Sync,
    /// A lease is nobody's, and is waited for in vain by all.
    Lease,
}

impl Trouble {
    /// How long isolates go on as if it were there, in ms: breakers and pauses that it left behind end by themselves.
    pub fn outlasts_ms(self) -> u64 {
        match self {
            Self::Redis => 400_000,
            Self::Kv | Self::Origin => 80_000,
            Self::Lag => 60_000,
            // An hour and a quarter of it.
            Self::Refusal => 4_600_000,
            Self::Sync => 0,
            Self::Lease => 5_000,
        }
    }
}

/// What died in the middle of its work is over after this, in ms.
const WORK_MS: u64 = 60_000;

/// When things happened, in ms.
#[derive(Default)]
pub struct History {
    /// When each version of the catalog was replaced by the next.
    pub replaced: BTreeMap<u64, u64>,
    /// What must not be current any more.
    pub cleared: Vec<Cleared>,
    /// When control was lost last: what was invalidated, or was just being invalidated, is known to nobody who did not hear of it.
    forgotten: Option<u64>,
    /// When something happened after which a source may be loaded again before its TTL is over.
    causes: Vec<u64>,
    /// From when until when something was out of order.
    troubles: Vec<(Trouble, u64, Option<u64>)>,
    /// Warm runs and invalidations, from when until when; one that died has no end.
    work: Vec<(u64, Option<u64>)>,
    /// Whether leases in Redis always held what they promise.
    pub leases_were_lost: bool,
    /// Whether listings may stand under their keys without the version that says whose they are.
    pub versions_were_lost: bool,
}

impl History {
    /// Notes something after which a source may be loaded again.
    pub fn cause(&mut self, now: u64) {
        self.causes.push(now);
    }

    /// Control is lost: what was invalidated is known to nobody who did not hear of it before.
    pub fn forget_control(&mut self, now: u64) {
        self.cleared.clear();
        self.forgotten = Some(now);
        self.leases_were_lost = true;
        self.cause(now);
    }

    /// Whether control was lost since then.
    pub fn has_forgotten(&self, since: u64) -> bool {
        self.forgotten.is_some_and(|at| at >= since)
    }

    /// A warm run or an invalidation begins; its number, to end it by.
    pub fn begin_work(&mut self, now: u64) -> usize {
        self.work.push((now, None));
        self.work.len() - 1
    }

    /// It is over.
    pub fn end_work(&mut self, number: usize, now: u64) {
        self.work[number].1 = Some(now);
    }

    /// Something is out of order from now on.
    pub fn begin(&mut self, trouble: Trouble, now: u64) {
        self.end(trouble, now);
        self.troubles.push((trouble, now, None));
    }

    /// Something is in order again.
    pub fn end(&mut self, trouble: Trouble, now: u64) {
        for (of, _, end) in &mut self.troubles {
            if *of == trouble && end.is_none_or(|end| end > now) {
                *end = Some(now);
            }
        }
    }

    /// Something that ends by itself.
    pub fn begin_until(&mut self, trouble: Trouble, now: u64, end: u64) {
        self.end(trouble, now);
        self.troubles.push((trouble, now, Some(end)));
    }

    /// Whether any of these was out of order at some time since then.
    pub fn had(&self, troubles: &[Trouble], since: u64) -> bool {
        let lasted = |end: &Option<u64>| end.is_none_or(|end| end >= since);
        self.troubles.iter().any(|(of, _, end)| troubles.contains(of) && lasted(end))
    }

    /// Whether there is a reason for a load at `next` though there was one at `previous`.
    pub fn explains(&self, previous: u64, next: u64) -> bool {
        let within = |at: &u64| (previous.saturating_sub(1)..=next).contains(at);
        let lasted = |of: Trouble, end: Option<u64>| {
            end.is_none_or(|end| end + of.outlasts_ms() >= previous)
        };
        let mut troubles = self.troubles.iter();
        let is_at_work = |begin: u64, end: Option<u64>| {
            begin <= next && end.unwrap_or(begin + WORK_MS) >= previous
        };
        self.causes.iter().any(within)
            || self.work.iter().any(|(begin, end)| is_at_work(*begin, *end))
            || troubles.any(|(of, begin, end)| *begin <= next && lasted(*of, *end))
    }
}
