//! What each tier reported on the way, as `Cache-Status` tells it (RFC 9211).

use std::{cmp::Reverse, time::Duration};

use crate::{
    cache::telemetry::Reason,
    ports::{Tier, Timestamp},
};

/// Why a request went on past a tier (RFC 9211 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardReason {
    /// The tier had nothing that could be served.
    Miss,
    /// The tier had something, but too old.
    Stale,
    /// The tier had something that the client's directives do not allow.
    Request,
    /// The tier was not asked.
    Bypass,
}

impl ForwardReason {
    /// The token of `fwd`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Miss => "miss",
            Self::Stale => "stale",
            Self::Request => "request",
            Self::Bypass => "bypass",
        }
    }
}

/// What one tier reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TierReport {
    /// It had what was served.
    Hit {
        /// Remaining freshness in seconds, negative when stale.
        ttl_secs: i64,
        /// The key it was found under.
        key: String,
        /// Why it is no hit: it is stale, or nothing could verify it; none when it is one.
        stale: Option<Reason>,
        /// Whether the listing was derived from what was found.
        derived: bool,
    },
    /// The request went on.
    Forward {
        /// Why.
        reason: ForwardReason,
        /// What went wrong, if anything did.
        detail: Option<Reason>,
        /// Whether the answer was kept there.
        stored: bool,
        /// Whether another request's load was waited for.
        collapsed: bool,
    },
}

/// What the tiers reported, the one that is farthest from the client first; and when each was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    reports: Vec<(Tier, TierReport)>,
    calls: Vec<Call>,
}

/// What a walk asked of a tier over the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Call {
    tier: Tier,
    begun: Timestamp,
    took: Option<Duration>,
}

impl Trace {
    /// Notes that a tier is being asked over the network.
    pub fn begin(&mut self, tier: Tier, now: Timestamp) {
        self.calls.push(Call { tier, begun: now, took: None });
    }

    /// Notes that a tier answered, or was not waited for any longer.
    pub fn end(&mut self, tier: Tier, now: Timestamp) {
        let open = self.calls.iter_mut().rfind(|call| call.tier == tier && call.took.is_none());
        if let Some(call) = open {
            call.took = Some(now.since(call.begun));
        }
    }

    /// How long the walk waited for a tier, all its questions together; none where it asked nothing over the network.
    pub fn took(&self, tier: Tier) -> Option<Duration> {
        let calls = self.calls.iter().filter(|call| call.tier == tier);
        calls.filter_map(|call| call.took).reduce(Duration::saturating_add)
    }

    /// Notes what a tier reported; a tier that is asked again replaces what it reported before.
    pub fn note(&mut self, tier: Tier, report: TierReport) {
        self.reports.retain(|(noted, _)| *noted != tier);
        self.reports.push((tier, report));
        self.reports.sort_by_key(|(tier, _)| Reverse(*tier));
    }

    /// Notes that a tier had nothing to serve. The first failure of a walk stays visible.
    pub fn note_forward(&mut self, tier: Tier, reason: ForwardReason, detail: Option<Reason>) {
        let failed = self.reports.iter().any(|(noted, report)| {
            *noted == tier && matches!(report, TierReport::Forward { detail: Some(_), .. })
        });
        if !failed {
            let report = TierReport::Forward { reason, detail, stored: false, collapsed: false };
            self.note(tier, report);
        }
    }

    /// Notes that a tier had nothing.
    pub fn note_miss(&mut self, tier: Tier) {
        self.note_forward(tier, ForwardReason::Miss, None);
    }

    /// Whether a tier answered, and had nothing, or nothing whole: only then has it a use for what was found elsewhere.
    pub fn lacks(&self, tier: Tier) -> bool {
        self.reports.iter().any(|(noted, report)| {
            let nothing = matches!(
                report,
                TierReport::Forward {
                    reason: ForwardReason::Miss,
                    detail: None | Some(Reason::Corrupt),
                    ..
                }
            );
            *noted == tier && nothing
        })
    }

    /// Notes that what was found further away is kept in memory now.
    pub fn mark_stored(&mut self) {
        for (tier, report) in &mut self.reports {
            if let (Tier::Memory, TierReport::Forward { stored, .. }) = (tier, report) {
                *stored = true;
            }
        }
    }

    /// Notes that another request's load was waited for.
    pub fn mark_collapsed(&mut self) {
        for (tier, report) in &mut self.reports {
            if let (Tier::Memory, TierReport::Forward { collapsed, .. }) = (tier, report) {
                *collapsed = true;
            }
        }
    }

    /// What was reported, the tier that is nearest to the client last.
    pub fn iter(&self) -> impl Iterator<Item = &(Tier, TierReport)> {
        self.reports.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_that_is_asked_twice_took_both_times() {
        let mut trace = Trace::default();
        for (begun, ended) in [(0, 30), (40, 90)] {
            trace.begin(Tier::Upstash, Timestamp(begun));
            trace.end(Tier::Upstash, Timestamp(ended));
        }
        trace.begin(Tier::Kv, Timestamp(50));
        assert_eq!(trace.took(Tier::Upstash), Some(Duration::from_millis(80)));
        assert_eq!((trace.took(Tier::Kv), trace.took(Tier::Memory)), (None, None));
        trace.end(Tier::Kv, Timestamp(55));
        trace.end(Tier::Kv, Timestamp(99));
        assert_eq!(trace.took(Tier::Kv), Some(Duration::from_millis(5)));
    }
}
