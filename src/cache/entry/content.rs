//! A cached thing, decoded once.

use std::rc::Rc;

use crate::catalog::{JsonArray, Malformed, Resource, Snapshot};

/// What a key named.
#[derive(Clone, Debug)]
pub enum Content {
    /// The entries of a view.
    Listing(Rc<JsonArray>),
    /// The entries of a source.
    Snapshot(Rc<Snapshot>),
}

impl Content {
    /// Reads a tier's text as what the key names.
    pub fn decode(resource: &Resource, text: String) -> Result<Self, Malformed> {
        Ok(match resource {
            Resource::Listing(view) => Self::Listing(Rc::new(view.decode(text)?)),
            Resource::Snapshot(source) => Self::Snapshot(Rc::new(Snapshot::decode(*source, text)?)),
        })
    }

    /// The number of entries.
    pub fn count(&self) -> usize {
        match self {
            Self::Listing(listing) => listing.len(),
            Self::Snapshot(snapshot) => snapshot.len(),
        }
    }

    /// The JSON array.
    pub fn text(&self) -> &str {
        match self {
            Self::Listing(listing) => listing.text(),
            Self::Snapshot(snapshot) => snapshot.text(),
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
