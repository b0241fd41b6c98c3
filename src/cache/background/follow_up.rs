//! What is left to do behind a response, as data: the walk decides it, the Worker runs it in `waitUntil`.

use std::{fmt, rc::Rc};

use futures_util::future::LocalBoxFuture;

use super::{flush::flush, refresh::refresh, revalidate::revalidate};
use crate::{
    cache::{
        isolate::Isolate,
        rebuild::{LoadSettlement, Publication, publish, settle},
    },
    catalog::{Resource, View},
};

/// One thing to do.
pub enum FollowUp {
    /// Check memory against Redis; the resource is the one that was asked for.
    Revalidate(Resource),
    /// Refresh something that was served stale.
    Refresh(Resource),
    /// Publish what was found or derived.
    Publish(Publication),
    /// Publish a load and give its lease back; the view is the one that was asked for.
    SettleLoad(LoadSettlement, Option<View>),
    /// See a call through that the response did not wait for.
    SeeThrough(LocalBoxFuture<'static, ()>),
    /// Add this isolate's counters to the shared ones.
    FlushCounters,
}

impl fmt::Debug for FollowUp {
    /// The name alone: what it carries are whole catalogs, and a call that is under way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Revalidate(_) => "Revalidate",
            Self::Refresh(_) => "Refresh",
            Self::Publish(_) => "Publish",
            Self::SettleLoad(..) => "SettleLoad",
            Self::SeeThrough(_) => "SeeThrough",
            Self::FlushCounters => "FlushCounters",
        })
    }
}

/// Does what is left to do.
pub(in crate::cache) async fn run(isolate: Rc<Isolate>, follow_up: FollowUp) {
    match follow_up {
        FollowUp::Revalidate(asked) => revalidate(isolate, Some(asked)).await,
        FollowUp::Refresh(resource) => refresh(&isolate, resource).await,
        FollowUp::Publish(publication) => {
            publish(&isolate, publication).await;
        }
        FollowUp::SettleLoad(settlement, asked) => {
            settle(&isolate, settlement, asked).await;
        }
        FollowUp::SeeThrough(rest) => rest.await,
        FollowUp::FlushCounters => flush(&isolate).await,
    }
}
