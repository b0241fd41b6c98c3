//! Content and where it stands in time.

use super::content::Content;
use crate::{
    cache::protocol::{Dated, Freshness, Known},
    config::Policy,
    ports::Timestamp,
};

/// A cached thing.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The thing itself.
    pub content: Content,
    /// What it is dated by.
    pub dated: Dated,
}

impl Entry {
    /// When the origin was read.
    pub fn at(&self) -> Timestamp {
        self.dated.at()
    }

    /// How this may be served, as far as is known.
    pub fn freshness(&self, known: &Known, now: Timestamp, policy: &Policy) -> Freshness {
        self.dated.freshness(self.content.hash(), known, now, policy)
    }
}
