//! How often the tiers are asked: after failures, and while they are slow.

mod backoff;
mod hedge_budget;

pub(super) use backoff::Backoff;
pub(super) use hedge_budget::HedgeBudget;
