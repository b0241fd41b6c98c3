//! A walk that is explained: what was asked for, what every tier said, what came of it and what was left to do.

use std::time::Duration;

use super::{
    answer::{Answer, Served},
    trace::Trace,
};
use crate::{
    cache::{background::FollowUp, rebuild::Unavailable, telemetry::Reason},
    catalog::View,
};

/// What a walk did.
#[derive(Clone, Debug)]
pub struct Walked {
    /// What was asked for.
    pub view: View,
    /// What the tiers said.
    pub trace: Trace,
    /// What came of it.
    pub found: Result<Standing, Reason>,
    /// What is done behind the response.
    pub behind: Vec<&'static str>,
}

/// How a listing is that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How it was served.
    pub served: Served,
    /// How long ago the origin was read.
    pub age: Duration,
    /// How long ago it was compared with what Redis has.
    pub compared: Duration,
    /// How many entries it has.
    pub count: usize,
}

impl Walked {
    /// What came of a walk.
    pub(in crate::cache) fn new(
        view: View,
        trace: &Trace,
        answer: &Result<Answer, Unavailable>,
        follow_ups: &[FollowUp],
    ) -> Self {
        let found = match answer {
            Ok(answer) => Ok(Standing {
                served: answer.served,
                age: answer.age,
                compared: (answer.at + answer.age).since(answer.known_at),
                count: answer.listing.len(),
            }),
            Err(unavailable) => Err(unavailable.reason),
        };
        let behind = follow_ups.iter().map(FollowUp::as_str).collect();
        Self { view, trace: trace.clone(), found, behind }
    }
}
