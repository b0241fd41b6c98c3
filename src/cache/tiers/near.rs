//! Reading a snapshot that another isolate of the data center left.

use std::rc::Rc;

use futures_util::{FutureExt, future::LocalBoxFuture};

use super::{
    colo::{READ, get_near, life},
    found::{Found, corrupt, keep_snapshot},
    observe::is_ours,
    told::read_told,
};
use crate::{
    cache::{
        entry::Entry,
        isolate::Isolate,
        protocol::{Freshness, Version},
    },
    catalog::{Resource, Source},
    ports::{Tier, TierError},
};

/// Reads a source's snapshot from the data center, if what was told there is recent and tells of one that is of use.
pub(in crate::cache) fn read_colo(
    isolate: &Rc<Isolate>,
    source: Source,
) -> LocalBoxFuture<'static, Found> {
    let isolate = Rc::clone(isolate);
    async move {
        let Some(life) = life(&isolate) else { return Found::Failed(TierError::Open) };
        if let Err(error) = read_told(&isolate).await {
            return Found::Failed(error);
        }
        let now = isolate.now();
        let version = {
            let state = isolate.state.borrow();
            let told = state.colo.told();
            let version =
                told.observed.version(source).filter(|version| is_ours(&isolate, version));
            version.filter(|_| told.answers(&[source], now, life))
        };
        match version {
            Some(version) => read_version(&isolate, source, &version).await,
            None => Found::Nothing,
        }
    }
    .boxed_local()
}

/// Reads the snapshot of a version, if it is of use. What memory holds already is not read again.
pub(super) async fn read_version(isolate: &Isolate, source: Source, version: &Version) -> Found {
    if life(isolate).is_none() {
        return Found::Nothing;
    }
    let (held, freshness) = {
        let (state, now) = (isolate.state.borrow(), isolate.now());
        let held = state.memory.snapshot(source).cloned();
        let is_same = |entry: &Entry| entry.content.hash() == Some(version.hash);
        let freshness = state.version_freshness(source, version, now, &isolate.policy);
        (held.filter(is_same), freshness)
    };
    if !matches!(freshness, Freshness::Fresh | Freshness::Revalidate) {
        return Found::Nothing;
    }
    if let Some(entry) = held {
        return Found::Entry(entry);
    }
    let name = snapshot_name(source, version.hash);
    let value = match get_near(isolate, &name, READ).await {
        Err(error) => return Found::Failed(error),
        Ok(value) => value,
    };
    let found = match value {
        None => Found::Nothing,
        Some(value) => match keep_snapshot(isolate, Tier::Colo, source, &value) {
            Found::Entry(entry) if entry.content.hash() != Some(version.hash) => {
                corrupt(isolate, Tier::Colo, &Resource::Snapshot(source))
            }
            found => found,
        },
    };
    let has = matches!(found, Found::Entry(_));
    isolate.state.borrow_mut().colo.note_snapshot(version.hash, has);
    found
}

/// Whether memory has other content than what is published, and that is fresh.
pub(in crate::cache) fn is_replaced(isolate: &Isolate, source: Source) -> bool {
    let (state, now) = (isolate.state.borrow(), isolate.now());
    let is_other = |version: &&Version| {
        let held = state.memory.snapshot(source).and_then(|entry| entry.content.hash());
        held.is_some_and(|held| held != version.hash)
    };
    state.knowledge.version(source).filter(is_other).is_some_and(|version| {
        state.version_freshness(source, version, now, &isolate.policy) == Freshness::Fresh
    })
}

/// The name of a snapshot in the data center's cache.
pub(super) fn snapshot_name(source: Source, hash: u64) -> String {
    format!("snapshot/{}/{hash:016x}", source.as_str())
}
