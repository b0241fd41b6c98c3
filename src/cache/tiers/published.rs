//! Reading the snapshot of a version that is known.

use std::rc::Rc;

use super::{found::Found, kv::read_kv, near::read_version, upstash::read_upstash};
use crate::{
    cache::{
        isolate::Isolate,
        protocol::{Place, Version},
    },
    catalog::Source,
    ports::Tier,
};

/// Reads the snapshot of a version from the data center, or from where the version says that it is.
pub(in crate::cache) async fn read_published(
    isolate: &Rc<Isolate>,
    source: Source,
    version: &Version,
) -> (Tier, Found) {
    if let Found::Entry(entry) = read_version(isolate, source, version).await {
        return (Tier::Colo, Found::Entry(entry));
    }
    match version.place {
        Place::Redis => (Tier::Upstash, read_upstash(isolate, source).await),
        Place::Kv => (Tier::Kv, read_kv(isolate, source).await),
    }
}
