//! Why something was not done or not found: one vocabulary for headers, logs, statistics and reports. Decisions are made
//! on these values; the words are for whoever reads.

use serde::{Serialize, Serializer};

use super::labels::Label;
use crate::ports::{OriginError, Tier, TierError};

/// Declares each reason once, with its word: a token of RFC 9211, in kebab-case.
macro_rules! reasons {
    ($($(#[doc = $help:literal])+ $variant:ident = $word:literal,)+) => {
        /// A reason.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $help])+ $variant,)+
        }

        impl Reason {
            /// The word that headers, logs and reports use.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl Label for Reason {
            const ALL: &'static [Self] = &[$(Self::$variant,)+];

            fn as_str(self) -> &'static str {
                Self::as_str(self)
            }
        }
    };
}

reasons! {
    /// The origin failed a moment ago and is left alone until its back-off ends.
    BackingOff = "backing-off",
    /// Somebody else holds the lease, for longer than was waited.
    Busy = "busy",
    /// The origin takes longer than a client waits when something stale is at hand.
    Slow = "slow",
    /// Nothing came before the deadline.
    Timeout = "timeout",
    /// No connection, or it broke.
    Unreachable = "unreachable",
    /// The server refused the request.
    Refused = "refused",
    /// An answer that cannot be read.
    Malformed = "malformed",
    /// The tier answered with an error.
    Error = "error",
    /// Too many requests just now.
    Limited = "limited",
    /// The plan's requests are used up.
    Quota = "quota",
    /// The tier's breaker is open, so it was not asked.
    BreakerOpen = "breaker-open",
    /// `EDGE_MODE` forbids writing.
    ReadOnly = "read-only",
    /// `EDGE_MODE` sends every request to the origin.
    Passthrough = "passthrough",
    /// The value fits no request.
    TooLarge = "too-large",
    /// The credentials do not allow the command, as a read-only token allows no write.
    NotPermitted = "not-permitted",
    /// The credentials are refused.
    Credentials = "credentials-refused",
    /// The server has no room left.
    Full = "full",
    /// The server takes no writes: it is a replica.
    ReadOnlyReplica = "read-only-replica",
    /// The server refused the request for its size.
    RequestTooLarge = "request-too-large",
    /// The tier has not answered yet.
    Silent = "silent",
    /// What was found is not what its key names.
    Corrupt = "corrupt",
    /// The snapshot has not one entry.
    Empty = "empty",
    /// The snapshot lost more than half of its entries.
    Shrunk = "shrunk",
    /// Rows are missing, or came while the pages were read.
    CountMismatch = "count-mismatch",
    /// A row was read twice.
    DuplicateIds = "duplicate-ids",
    /// An invalidation came since the load began.
    EpochMoved = "epoch-moved",
    /// The backend is writing its tables.
    BackendSyncing = "backend-syncing",
    /// It outlived its TTL before it could be published.
    Expired = "expired",
    /// Something newer is published already.
    NewerThere = "newer-there",
    /// Another version is published than was counted on.
    VersionMoved = "version-moved",
    /// A key does not hold what this deployment left there.
    NotOurs = "not-ours",
    /// So much was derived of a version already that no more is published.
    OverBudget = "over-budget",
    /// What is published was made under other settings.
    OtherConfiguration = "other-configuration",
    /// It is past its TTL, or something was invalidated since.
    Stale = "stale",
    /// Nothing could tell for a while whether this was invalidated.
    Unverified = "unverified",
    /// The client wants nothing of the origin, and nothing that is cached is good enough.
    OnlyIfCached = "only-if-cached",
    /// Redis took the values, and KV did not.
    NotInKv = "not-in-kv",
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl From<&TierError> for Reason {
    fn from(error: &TierError) -> Self {
        match error {
            TierError::Timeout => Self::Timeout,
            TierError::Unreachable => Self::Unreachable,
            TierError::Command(class) if class == "WRONGPASS" || class == "NOAUTH" => {
                Self::Credentials
            }
            TierError::Status(_) | TierError::Command(_) => Self::Error,
            TierError::Limited => Self::Limited,
            TierError::Quota => Self::Quota,
            TierError::Malformed => Self::Malformed,
            TierError::Open => Self::BreakerOpen,
            TierError::ReadOnly => Self::ReadOnly,
            TierError::TooLarge => Self::TooLarge,
            TierError::NotPermitted => Self::NotPermitted,
            TierError::Full => Self::Full,
            TierError::ReadOnlyReplica => Self::ReadOnlyReplica,
            TierError::RequestTooLarge { .. } => Self::RequestTooLarge,
        }
    }
}

impl From<&OriginError> for Reason {
    fn from(error: &OriginError) -> Self {
        match error {
            OriginError::Timeout => Self::Timeout,
            OriginError::Unreachable => Self::Unreachable,
            OriginError::Refused { .. } => Self::Refused,
            OriginError::Malformed | OriginError::Unreadable(_) => Self::Malformed,
            OriginError::CountMismatch { .. } => Self::CountMismatch,
            OriginError::DuplicateIds { .. } => Self::DuplicateIds,
        }
    }
}

/// A reason, and the tier that gave it if one did: `upstash: timeout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whose failure it was; none for a decision of ours.
    pub tier: Option<Tier>,
    /// Why.
    pub reason: Reason,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.tier {
            Some(tier) => write!(f, "{}: {}", tier.as_str(), self.reason.as_str()),
            None => f.write_str(self.reason.as_str()),
        }
    }
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
