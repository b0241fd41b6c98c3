//! Content and where it stands in time.

use super::content::Content;
use crate::ports::Timestamp;

/// A cached thing.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The thing itself.
    pub content: Content,
    /// When the origin was read.
    pub at: Timestamp,
    /// The epoch it was read under; none when Redis could not be asked.
    pub epoch: Option<u64>,
}
