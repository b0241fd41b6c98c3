//! What a lookup comes to: a listing and how it was served.

use std::time::Duration;

use super::trace::Trace;
use crate::{
    cache::{
        background::{FollowUp, trust},
        rebuild::Unavailable,
    },
    catalog::Listing,
    config::Policy,
    ports::Timestamp,
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

/// A listing, ready to be served.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The entries.
    pub listing: Listing,
    /// How it was served.
    pub served: Served,
    /// When the origin was read.
    pub at: Timestamp,
    /// How long ago that was.
    pub age: Duration,
    /// As of when Redis told of invalidations, and that this is what there is.
    pub known_at: Timestamp,
}

impl Answer {
    /// For how much longer it would be served without asking whether it is current.
    pub fn trusted_for(&self, policy: &Policy) -> Duration {
        let now = self.at + self.age;
        trust(policy).saturating_sub(now.since(self.known_at))
    }
}

/// What a lookup comes to, and what is left to do after the response.
#[derive(Debug)]
pub struct Outcome {
    /// The answer.
    pub answer: Result<Answer, Unavailable>,
    /// What the tiers reported.
    pub trace: Trace,
    /// To be run behind the response, side by side.
    pub follow_ups: Vec<FollowUp>,
}
