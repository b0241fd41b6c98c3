//! What the core needs of the world: small traits that adapters implement and tests fake.

mod colo;
mod http;
mod kv;
mod log;
mod origin;
mod platform;
mod redis;
mod tier;
mod time;
mod vars;

use std::{fmt, rc::Rc};

pub use colo::Colo;
pub use http::{Http, HttpError, HttpRequest, HttpResponse};
pub use kv::Kv;
pub use log::{Log, Point};
pub use origin::{Load, Origin, OriginError};
pub use platform::{Front, FrontReply, RateLimit};
pub use redis::{Command, Redis, Reply, Word};
pub use tier::{Tier, TierError};
pub use time::{Clock, Timestamp, millis};
pub use vars::Vars;

/// Everything that the cache works over.
#[derive(Clone)]
pub struct Ports {
    /// The data center's cache.
    pub colo: Rc<dyn Colo>,
    /// The Redis tier.
    pub redis: Rc<dyn Redis>,
    /// The KV tier.
    pub kv: Rc<dyn Kv>,
    /// Where snapshots come from.
    pub origin: Rc<dyn Origin>,
    /// The cache in front of the Worker.
    pub front: Rc<dyn Front>,
    /// Time and chance.
    pub clock: Rc<dyn Clock>,
    /// Where events go.
    pub log: Rc<dyn Log>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}
