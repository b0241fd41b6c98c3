//! What Redis says of invalidations.

/// The epoch and the barrier as one read gave them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epochs {
    /// The counter that every invalidation raises; none when Redis has no such key.
    pub current: Option<u64>,
    /// The epoch of the last hard invalidation.
    pub barrier: Option<u64>,
}
