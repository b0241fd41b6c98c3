//! What is left to do behind a response, as data: the walk decides it, the Worker runs it in `waitUntil`.

use std::{fmt, rc::Rc};

use futures_util::future::LocalBoxFuture;

use super::{Cache, load::After, publish::Publication};
use crate::catalog::{Resource, Selection};

/// One thing to do. Nothing of it can fail a response any more.
pub enum FollowUp {
    /// Check memory against Redis; the resource is the one that was asked for.
    Check(Resource),
    /// Refresh something that was served stale.
    Refresh(Resource),
    /// Publish what was found or derived.
    Publish(Publication),
    /// Publish a load and give its lease back; the selection is the one that was asked for.
    Conclude(After, Option<Selection>),
    /// See a call through that the response did not wait for.
    Finish(LocalBoxFuture<'static, ()>),
    /// Add this isolate's counters to the shared ones.
    Flush,
}

impl fmt::Debug for FollowUp {
    /// The name alone: what it carries are whole catalogs, and a call that is under way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Check(_) => "Check",
            Self::Refresh(_) => "Refresh",
            Self::Publish(_) => "Publish",
            Self::Conclude(..) => "Conclude",
            Self::Finish(_) => "Finish",
            Self::Flush => "Flush",
        })
    }
}

impl Cache {
    /// Does what is left to do.
    pub async fn follow(self: Rc<Self>, follow_up: FollowUp) {
        match follow_up {
            FollowUp::Check(asked) => self.check(Some(asked)).await,
            FollowUp::Refresh(resource) => self.refresh(resource).await,
            FollowUp::Publish(publication) => {
                self.publish(publication).await;
            }
            FollowUp::Conclude(after, asked) => {
                self.conclude_load(after, asked).await;
            }
            FollowUp::Finish(rest) => rest.await,
            FollowUp::Flush => self.flush().await,
        }
    }
}
