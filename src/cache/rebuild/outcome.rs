//! What is wanted of a load, how it ended, and what it leaves to do: data only.

use std::time::Duration;

use crate::{
    cache::{
        entry::Entry,
        protocol::Version,
        redis::OriginHealth,
        telemetry::{Failure, Reason},
    },
    catalog::{ChangeSet, Source},
    ports::{Tier, Timestamp},
};

/// There is nothing to serve: the origin cannot answer, and no tier has anything left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the origin cannot answer and nothing is cached")]
pub struct Unavailable {
    /// When asking again makes sense.
    pub retry_after: Duration,
    /// Why the origin gave nothing.
    pub reason: Reason,
}

/// What is wanted of a load.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "wishes that are independent of each other")]
pub(in crate::cache) struct LoadRequest {
    /// Not what was read before this.
    pub(in crate::cache) not_before: Option<Timestamp>,
    /// Admit a snapshot that shrank: an operator's word.
    pub(in crate::cache) force: bool,
    /// Ask an origin that others back off from: one attempt of somebody who comes seldom.
    pub(in crate::cache) insist: bool,
    /// Ask Redis for the lease; a walk in which Redis failed already does not ask again.
    pub(in crate::cache) leased: bool,
    /// What there is may be served meanwhile: while the backend writes its tables, the origin need not be asked often.
    pub(in crate::cache) can_wait: bool,
    /// It is wanted for others alone: what must not be published need not be loaded.
    pub(in crate::cache) only_to_publish: bool,
    /// KV was asked already.
    pub(in crate::cache) kv_was_asked: bool,
    /// Nobody waits for it: while another isolate loads there are better things to do than to look at its lease.
    pub(in crate::cache) unless_busy: bool,
}

impl Default for LoadRequest {
    fn default() -> Self {
        Self {
            not_before: None,
            force: false,
            insist: false,
            leased: true,
            can_wait: true,
            only_to_publish: false,
            kv_was_asked: false,
            unless_busy: false,
        }
    }
}

/// How a load ended.
#[derive(Debug)]
pub(in crate::cache) struct LoadOutcome {
    pub(in crate::cache) result: Result<Entry, Unavailable>,
    /// Where the snapshot came from; memory means another request's load.
    pub(in crate::cache) from: Tier,
    pub(in crate::cache) fetched: Fetched,
    pub(in crate::cache) settlement: Option<LoadSettlement>,
}

/// What a load took of the origin.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::cache) struct Fetched {
    pub(in crate::cache) rows: usize,
    pub(in crate::cache) requests: usize,
}

/// What is left to do when a load is over: publish or note the failure, and give the lease back.
#[derive(Clone, Debug)]
pub struct LoadSettlement {
    pub(in crate::cache) source: Source,
    pub(in crate::cache) loaded: Option<Entry>,
    /// The version that was there when the lease was asked for.
    pub(in crate::cache) there: Option<Version>,
    /// What it changed against what memory held, or against the version that was there.
    pub(in crate::cache) changes: Option<Box<ChangeSet>>,
    /// The token of the lease in Redis, if we hold it.
    pub(in crate::cache) token: Option<String>,
    pub(in crate::cache) health: OriginHealth,
}

impl LoadSettlement {
    /// Only the lease is to be given back: the origin was not asked.
    pub(super) fn unasked(source: Source, token: String) -> Self {
        let health = OriginHealth::Unknown;
        Self { source, loaded: None, there: None, changes: None, token: Some(token), health }
    }
}

impl LoadOutcome {
    /// An end that leaves nothing to do.
    pub(super) fn of(result: Result<Entry, Unavailable>, from: Tier) -> Self {
        Self { result, from, fetched: Fetched::default(), settlement: None }
    }

    /// Nothing was loaded.
    pub(super) fn unavailable(retry_after: Duration, reason: Reason) -> Self {
        Self::of(Err(Unavailable { retry_after, reason }), Tier::Origin)
    }
}

impl From<Unavailable> for Failure {
    fn from(unavailable: Unavailable) -> Self {
        Self { tier: None, reason: unavailable.reason }
    }
}
