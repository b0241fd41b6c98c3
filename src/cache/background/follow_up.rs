//! What is left to do behind a response, as data: the walk decides it, the Worker runs it in `waitUntil`.

use std::{fmt, rc::Rc};

use futures_util::future::LocalBoxFuture;

use super::{
    check::check_and_refresh, flush::flush, front::tell_front, mode::read_mode, refresh::refresh,
};
use crate::{
    cache::{
        entry::Entry,
        isolate::Isolate,
        publish::{publish_derived, publish_full},
        rebuild::{LoadSettlement, publish_again, settle},
        tiers::leave,
    },
    catalog::{Source, View},
};

/// One thing to do.
pub enum FollowUp {
    /// Compare memory with Redis.
    Check,
    /// Refresh a source of which something was served stale.
    Refresh(Source),
    /// Publish a snapshot that Redis has lost.
    PublishAgain(Source, Entry),
    /// Publish the listing of a view.
    PublishDerived(View),
    /// Publish the list of all that these sources have.
    PublishFull(Vec<Source>),
    /// Publish a load and give its lease back.
    SettleLoad(LoadSettlement),
    /// See a call through that the response did not wait for.
    SeeThrough(LocalBoxFuture<'static, ()>),
    /// Leave to others of this data center what was learned.
    Leave,
    /// Add this isolate's counters to the shared ones.
    FlushCounters,
    /// Tell the cache in front what changed.
    TellFront,
    /// Read the mode from KV.
    ReadMode,
}

impl FollowUp {
    /// What it is called where a request is explained.
    pub(in crate::cache) fn as_str(&self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Refresh(_) => "refresh",
            Self::PublishAgain(..) => "publish-again",
            Self::PublishDerived(_) => "publish-derived",
            Self::PublishFull(_) => "publish-full",
            Self::SettleLoad(_) => "settle-load",
            Self::SeeThrough(_) => "see-through",
            Self::Leave => "leave",
            Self::FlushCounters => "flush-counters",
            Self::TellFront => "tell-front",
            Self::ReadMode => "read-mode",
        }
    }
}

impl fmt::Debug for FollowUp {
    /// The name alone: what it carries are whole catalogs, and a call that is under way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Does what is left to do.
pub(in crate::cache) async fn run(isolate: Rc<Isolate>, follow_up: FollowUp) {
    match follow_up {
        FollowUp::Check => check_and_refresh(&isolate).await,
        FollowUp::Refresh(source) => refresh(&isolate, source).await,
        FollowUp::PublishAgain(source, entry) => publish_again(&isolate, source, &entry).await,
        FollowUp::PublishDerived(view) => publish_derived(&isolate, view).await,
        FollowUp::PublishFull(sources) => publish_full(&isolate, &sources).await,
        FollowUp::SettleLoad(settlement) => {
            settle(&isolate, settlement).await;
        }
        FollowUp::SeeThrough(rest) => rest.await,
        FollowUp::Leave => {}
        FollowUp::FlushCounters => flush(&isolate).await,
        FollowUp::TellFront => tell_front(&isolate).await,
        FollowUp::ReadMode => read_mode(&isolate).await,
    }
    // Whatever was done may have told of something that others of this data center do not know.
    leave(&isolate).await;
}
