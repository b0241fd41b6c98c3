//! The last known good snapshot of each source: what a new one is measured against.

use std::collections::HashMap;

use crate::{
    catalog::{Extent, Source},
    ports::Timestamp,
};

/// When each source's last good snapshot was read, and how large it was.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct LastGood(HashMap<Source, (Timestamp, Extent)>);

impl LastGood {
    /// Notes a good snapshot, unless a later one is known.
    pub(in crate::cache) fn note(&mut self, source: Source, at: Timestamp, extent: Extent) {
        let known = self.0.entry(source).or_insert((at, extent));
        if at >= known.0 {
            *known = (at, extent);
        }
    }

    /// How large the last good snapshot of a source was, if this isolate saw one.
    pub(in crate::cache) fn extent(&self, source: Source) -> Option<Extent> {
        self.0.get(&source).map(|(_, extent)| *extent)
    }
}
