//! What a lookup comes to: a listing, how it was served, and what each tier said on the way (RFC 9211).

use std::{rc::Rc, time::Duration};

use super::follow_up::FollowUp;
use crate::{
    catalog::Listing,
    ports::{Tier, Timestamp},
};

/// How a request was served, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// From a cache, fresh.
    Hit,
    /// From a cache, stale.
    Stale,
    /// From the origin.
    Miss,
}

impl Served {
    /// The value of `X-Cache`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Stale => "STALE",
            Self::Miss => "MISS",
        }
    }
}

/// What one tier said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It had what was served.
    Hit {
        /// Remaining freshness in seconds, negative when stale.
        ttl_secs: i64,
        /// The key it was found under.
        key: String,
        /// Whether it was stale.
        stale: bool,
        /// Whether the listing was derived from what was found.
        derived: bool,
    },
    /// The request went on.
    Forward {
        /// RFC 9211 §2.2: `miss`, `stale` or `bypass`.
        reason: &'static str,
        /// What went wrong, if anything did.
        detail: Option<&'static str>,
        /// Whether the answer was kept there.
        stored: bool,
        /// Whether another request's load was waited for.
        collapsed: bool,
    },
}

/// What the tiers said, the one that was asked last first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace(Vec<(Tier, Said)>);

impl Trace {
    /// Notes what a tier said; a tier that is asked again replaces what it said before.
    pub fn note(&mut self, tier: Tier, said: Said) {
        self.0.retain(|(noted, _)| *noted != tier);
        self.0.push((tier, said));
        self.0.sort_by_key(|(tier, _)| std::cmp::Reverse(*tier));
    }

    /// Notes that a tier had nothing to serve. The first failure of a walk stays visible.
    pub fn forward(&mut self, tier: Tier, reason: &'static str, detail: Option<&'static str>) {
        let failed = self.0.iter().any(|(noted, said)| {
            *noted == tier && matches!(said, Said::Forward { detail: Some(_), .. })
        });
        if !failed {
            self.note(tier, Said::Forward { reason, detail, stored: false, collapsed: false });
        }
    }

    /// Whether a tier answered, and had nothing, or nothing whole.
    pub fn has_missed(&self, tier: Tier) -> bool {
        self.0.iter().any(|(noted, said)| {
            let missed = matches!(
                said,
                Said::Forward { reason: "miss", detail: None | Some("corrupt"), .. }
            );
            *noted == tier && missed
        })
    }

    /// Notes that what was found further away is kept in memory now.
    pub fn stored(&mut self) {
        for (tier, said) in &mut self.0 {
            if let (Tier::Memory, Said::Forward { stored, .. }) = (tier, said) {
                *stored = true;
            }
        }
    }

    /// Notes that another request's load was waited for.
    pub fn collapsed(&mut self) {
        for (tier, said) in &mut self.0 {
            if let (Tier::Memory, Said::Forward { collapsed, .. }) = (tier, said) {
                *collapsed = true;
            }
        }
    }

    /// What was said, the tier that is nearest to the client last.
    pub fn iter(&self) -> impl Iterator<Item = &(Tier, Said)> {
        self.0.iter()
    }
}

/// A listing, ready to be served.
#[derive(Debug)]
pub struct Answer {
    /// The models.
    pub listing: Rc<Listing>,
    /// How it was served.
    pub served: Served,
    /// When the origin was read.
    pub at: Timestamp,
    /// Since then.
    pub age: Duration,
}

/// There is nothing to serve: the origin can not answer, and no tier has anything left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the origin can not answer and nothing is cached")]
pub struct Unavailable {
    /// When asking again makes sense.
    pub retry_after: Duration,
    /// What the origin's failure was, in one word, for reports.
    pub reason: &'static str,
}

/// What a lookup comes to, and what is left to do after the response.
#[derive(Debug)]
pub struct Outcome {
    /// The answer.
    pub answer: Result<Answer, Unavailable>,
    /// What the tiers said.
    pub trace: Trace,
    /// To be run behind the response, side by side.
    pub follow_ups: Vec<FollowUp>,
}
