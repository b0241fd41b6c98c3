//! Redis replies as what a command is known to answer; anything else is malformed.

use std::time::Duration;

use crate::ports::{Reply, TierError};

/// A key's remaining lifetime, as PTTL tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyTtl {
    /// There is no such key.
    Missing,
    /// It never expires: not written by us, nor by the backend.
    Forever,
    /// It expires after this.
    Expires(Duration),
}

/// Replies, taken one by one in the commands' order.
pub(super) struct Replies(std::vec::IntoIter<Reply>);

impl Replies {
    pub(super) fn new(replies: Vec<Reply>) -> Self {
        Self(replies.into_iter())
    }

    pub(super) fn take(&mut self) -> Result<Reply, TierError> {
        match self.0.next() {
            Some(Reply::Error(text)) => {
                let class = text.split_whitespace().next().unwrap_or_default();
                Err(TierError::Command(class.to_owned()))
            }
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

    pub(super) fn number(&mut self) -> Result<Option<u64>, TierError> {
        number(&self.take()?)
    }

    pub(super) fn key_ttl(&mut self) -> Result<KeyTtl, TierError> {
        Ok(match self.integer()? {
            -2 => KeyTtl::Missing,
            -1 => KeyTtl::Forever,
            left => KeyTtl::Expires(Duration::from_millis(u64::try_from(left).unwrap_or(0))),
        })
    }

    pub(super) fn scanned(&mut self) -> Result<(String, Vec<String>), TierError> {
        let Reply::Array(parts) = self.take()? else { return Err(TierError::Malformed) };
        let mut parts = Self(parts.into_iter());
        let cursor = parts.text()?.ok_or(TierError::Malformed)?;
        let Reply::Array(found) = parts.take()? else { return Err(TierError::Malformed) };
        let mut found = Self(found.into_iter());
        let mut names = Vec::new();
        while found.0.len() > 0 {
            names.extend(found.text()?);
        }
        Ok((cursor, names))
    }
}

/// A number, whether Redis keeps it as an integer or as text.
pub(super) fn number(reply: &Reply) -> Result<Option<u64>, TierError> {
    match reply {
        Reply::Nil => Ok(None),
        Reply::Integer(value) => Ok(u64::try_from(*value).ok()),
        Reply::Text(text) => text.parse().map(Some).map_err(|_| TierError::Malformed),
        Reply::Array(_) | Reply::Error(_) => Err(TierError::Malformed),
    }
}
