//! How often KV may be asked merely because Upstash is slow: at most 5 % of reads over a sliding window, so that
//! slowness does not double the reads.

use std::collections::BTreeMap;

use crate::ports::Timestamp;

/// One hedge for this many reads.
const READS_PER_HEDGE: u64 = 20;
/// So many are allowed even if the window has seen few reads: when Redis hangs, the first requests must not wait for
/// the deadline that proves it.
const HEDGES_MIN: u64 = 10;
/// The window is the last twelve steps of five seconds.
const STEP_MS: u64 = 5_000;
const STEPS: u64 = 12;

#[derive(Clone, Copy, Debug, Default)]
struct Step {
    reads: u64,
    hedges: u64,
}

/// Counts of the window, by step.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct HedgeBudget {
    steps: BTreeMap<u64, Step>,
}

impl HedgeBudget {
    /// Counts a read of Upstash that begins.
    pub(in crate::cache) fn note_read(&mut self, now: Timestamp) {
        let step = self.step(now);
        step.reads = step.reads.saturating_add(1);
    }

    /// Whether a silent read may be hedged; if so, it counts. With `uncapped` (Upstash is failing) it always may.
    pub(in crate::cache) fn permit(&mut self, now: Timestamp, uncapped: bool) -> bool {
        self.step(now);
        let reads: u64 = self.steps.values().map(|step| step.reads).sum();
        let hedges: u64 = self.steps.values().map(|step| step.hedges).sum();
        let within = hedges < reads.checked_div(READS_PER_HEDGE).unwrap_or(0).max(HEDGES_MIN);
        if !uncapped && !within {
            return false;
        }
        let step = self.step(now);
        step.hedges = step.hedges.saturating_add(1);
        true
    }

    /// The step of `now`, with those forgotten that have left the window.
    fn step(&mut self, now: Timestamp) -> &mut Step {
        let number = now.0.checked_div(STEP_MS).unwrap_or(0);
        self.steps.retain(|step, _| step.saturating_add(STEPS) > number);
        self.steps.entry(number).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hedge_in_twenty_reads() {
        let mut hedge = HedgeBudget::default();
        let hedges = (0..1000_u64)
            .filter(|n| {
                let now = Timestamp(n * 40);
                hedge.note_read(now);
                hedge.permit(now, false)
            })
            .count();
        assert_eq!(hedges, 50);
    }

    #[test]
    fn old_reads_buy_no_hedges() {
        let mut hedge = HedgeBudget::default();
        for _ in 0..1000 {
            hedge.note_read(Timestamp(0));
        }
        assert!((0..50).all(|_| hedge.permit(Timestamp(59_999), false)));
        assert!(!hedge.permit(Timestamp(59_999), false));
        assert!(!hedge.permit(Timestamp(60_000), false), "50 hedges, and no read, in this window");
    }

    #[test]
    fn a_few_are_allowed_before_anything_is_known() {
        let mut hedge = HedgeBudget::default();
        assert_eq!((0..100).filter(|_| hedge.permit(Timestamp(0), false)).count(), 10);
    }

    #[test]
    fn no_cap_while_upstash_fails() {
        let mut hedge = HedgeBudget::default();
        assert!((0..100).all(|_| hedge.permit(Timestamp(0), true)));
    }
}
