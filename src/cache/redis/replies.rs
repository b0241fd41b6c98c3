//! Redis replies as what a command is known to answer; anything else is malformed.

use crate::{
    cache::protocol::{Control, Expiry},
    ports::{Reply, TierError, Timestamp},
};

/// Replies, taken one by one in the commands' order.
pub(super) struct Replies(std::vec::IntoIter<Reply>);

impl Replies {
    pub(super) fn new(replies: Vec<Reply>) -> Self {
        Self(replies.into_iter())
    }

    pub(super) fn take(&mut self) -> Result<Reply, TierError> {
        match self.0.next() {
            Some(Reply::Error(text)) => Err(TierError::of_refusal(&text)),
            Some(reply) => Ok(reply),
            None => Err(TierError::Malformed),
        }
    }

    pub(super) fn text(&mut self) -> Result<Option<String>, TierError> {
        match self.take()? {
            Reply::Nil => Ok(None),
            Reply::Text(text) => Ok(Some(text)),
            Reply::Integer(value) => Ok(Some(value.to_string())),
            Reply::Array(_) | Reply::Error(_) => Err(TierError::Malformed),
        }
    }

    pub(super) fn integer(&mut self) -> Result<i64, TierError> {
        match self.take()? {
            Reply::Integer(value) => Ok(value),
            _ => Err(TierError::Malformed),
        }
    }

    /// A count or a time, which is never negative.
    pub(super) fn number(&mut self) -> Result<u64, TierError> {
        u64::try_from(self.integer()?).map_err(|_| TierError::Malformed)
    }

    pub(super) fn flag(&mut self) -> Result<bool, TierError> {
        Ok(self.integer()? == 1)
    }

    /// The replies inside an array.
    pub(super) fn array(&mut self) -> Result<Self, TierError> {
        match self.take()? {
            Reply::Array(replies) => Ok(Self::new(replies)),
            _ => Err(TierError::Malformed),
        }
    }

    /// All that is left, as texts.
    pub(super) fn texts(&mut self) -> Result<Vec<String>, TierError> {
        let mut texts = Vec::new();
        while self.0.len() > 0 {
            texts.extend(self.text()?);
        }
        Ok(texts)
    }

    /// Control as a record gives it; a missing one and nonsense tell nothing.
    pub(super) fn control(&mut self) -> Result<Option<Control>, TierError> {
        Ok(self.text()?.as_deref().and_then(Control::read))
    }

    /// A whole number as text; what is missing, empty or nonsense is none.
    pub(super) fn count(&mut self) -> Result<Option<u64>, TierError> {
        Ok(self.text()?.and_then(|text| text.parse().ok()))
    }

    pub(super) fn expiry(&mut self) -> Result<Expiry, TierError> {
        Ok(match self.integer()? {
            -2 => Expiry::Missing,
            -1 => Expiry::Never,
            at => Expiry::At(Timestamp(u64::try_from(at).unwrap_or(0))),
        })
    }

    pub(super) fn scanned(&mut self) -> Result<(String, Vec<String>), TierError> {
        let mut parts = self.array()?;
        let cursor = parts.text()?.ok_or(TierError::Malformed)?;
        Ok((cursor, parts.array()?.texts()?))
    }
}
