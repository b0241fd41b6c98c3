//! A cached thing, decoded once.

use std::rc::Rc;

use crate::catalog::{JsonArray, Snapshot, Text};

/// What a key named.
#[derive(Clone, Debug)]
pub enum Content {
    /// The entries of a view, as they stood under its own key.
    Listing(Rc<JsonArray>),
    /// The entries of a source.
    Snapshot(Rc<Snapshot>),
}

impl Content {
    /// The number of entries.
    pub fn count(&self) -> usize {
        match self {
            Self::Listing(listing) => listing.len(),
            Self::Snapshot(snapshot) => snapshot.len(),
        }
    }

    /// The JSON array.
    pub fn text(&self) -> &Text {
        match self {
            Self::Listing(listing) => listing.text(),
            Self::Snapshot(snapshot) => snapshot.text(),
        }
    }

    /// What tells a snapshot from another one; a listing is not compared.
    pub fn hash(&self) -> Option<u64> {
        match self {
            Self::Listing(_) => None,
            Self::Snapshot(snapshot) => Some(snapshot.hash()),
        }
    }

    /// What it takes in memory, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Listing(listing) => listing.bytes(),
            Self::Snapshot(snapshot) => snapshot.bytes(),
        }
    }
}
