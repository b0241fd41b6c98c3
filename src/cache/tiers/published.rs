//! Reading the snapshot of a version that is known, or was published a moment ago.

use std::rc::Rc;

use super::{
    call::redis,
    found::{Found, decode},
    kv::read_kv,
    near::read_version,
    observe::is_ours,
    upstash::read_upstash,
};
use crate::{
    cache::{
        entry::{Content, Entry},
        isolate::Isolate,
        protocol::{Place, Version},
        redis,
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
        Place::Nowhere => (Tier::Upstash, Found::Nothing),
    }
}

/// Reads a snapshot by its hash from Redis, whether it is published or was replaced a moment ago. What memory holds stays.
pub(in crate::cache) async fn read_earlier(isolate: &Isolate, source: Source, hash: u64) -> Found {
    let begun = isolate.now();
    let read = redis(isolate, async |session| redis::read_kept(session, source, hash).await).await;
    let (control, text) = match read {
        Ok(read) => read,
        Err(error) => return Found::Failed(error),
    };
    isolate.state.borrow_mut().knowledge.learn_control(control, begun);
    let Some(text) = text else { return Found::Nothing };
    let Some((header, body)) = Version::split(&text) else { return Found::Corrupt };
    if !is_ours(isolate, &header) {
        return Found::Nothing;
    }
    let Some(snapshot) = decode(isolate, source, &header, body) else { return Found::Corrupt };
    let state = isolate.state.borrow();
    let version = state.knowledge.version(source).filter(|version| version.hash == header.hash);
    let dated = version.map_or(header.dated(), |version| header.dated().moved_on(version));
    Found::Entry(Entry { content: Content::Snapshot(snapshot), dated })
}
