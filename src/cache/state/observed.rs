//! The last epochs that Redis gave.

use crate::{cache::entry::Epochs, ports::Timestamp};

/// The epochs, and when the request that gave them had ended; nothing if Redis never answered.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::cache) struct Observed(Option<(Epochs, Timestamp)>);

impl Observed {
    /// The last epochs; none if Redis never answered.
    pub(in crate::cache) fn epochs(&self) -> Option<Epochs> {
        self.0.map(|(epochs, _)| epochs)
    }

    /// Learns epochs from a request that was under way from `begun` to `ended`. Of two that overlap nobody knows which
    /// came to Redis first, so only a higher epoch counts then: a lagging read cannot lower it, nor lose it.
    pub(in crate::cache) fn learn(&mut self, epochs: Epochs, begun: Timestamp, ended: Timestamp) {
        let later =
            self.0.is_none_or(|(seen, seen_at)| begun > seen_at || epochs.current > seen.current);
        if later {
            self.0 = Some((epochs, ended));
        }
    }
}
