//! Publishing the list of all providers' models under the backend's key, for the backend: we join it from what each offers.

use std::{rc::Rc, time::Duration};

use super::{
    publication::sent_bytes,
    publish::{learn_size, write},
};
use crate::{
    cache::{
        entry::Content,
        isolate::Isolate,
        protocol::Freshness,
        redis::{self, PublishReply},
        state::Work,
        telemetry::Counter,
        tiers,
    },
    catalog::{Snapshot, Source},
    config::Mode,
};

/// How long the backend's list lives (docs/backend.md, "Keys of provider catalogs").
const LIFETIME: Duration = Duration::from_secs(900);
/// One that lasts for longer is good enough.
const GOOD_ENOUGH: Duration = Duration::from_secs(60);
/// An isolate looks no more often than this whether there is one; who does and died gives way to another then.
const LATER: Duration = Duration::from_secs(60);

/// Whether it is time to look whether there is such a list.
pub(in crate::cache) fn full_is_due(isolate: &Isolate) -> bool {
    let now = isolate.now();
    let state = isolate.state.borrow();
    isolate.mode() == Mode::Active
        && state.publishing.pause.is_over()
        && !state.leases.is_held(Work::Derive(Source::Full), now)
}

/// Publishes what these sources have, one after the other, if all of it is fresh and none is there. It is looked for first: it may be
/// megabytes.
pub(in crate::cache) async fn publish_full(isolate: &Isolate, sources: &[Source]) {
    let now = isolate.now();
    if !full_is_due(isolate) {
        return;
    }
    // It is held until it is over: that is when the next one may look.
    let hold = isolate.state.borrow_mut().leases.acquire(Work::Derive(Source::Full), now, LATER);
    let Some((epoch, snapshots)) = hold.and_then(|_| fresh(isolate, sources)) else { return };
    let bytes = snapshots.iter().map(|snapshot| snapshot.text().len());
    let bytes = bytes.fold(0, usize::saturating_add);
    if sent_bytes(bytes) > isolate.state.borrow().publishing.request_bytes_max() {
        return;
    }
    let lasting = tiers::redis(isolate, async |session| redis::full_lasts(session).await).await;
    if lasting.is_err() || lasting.is_ok_and(|left| left > GOOD_ENOUGH) {
        return;
    }
    let text = joined(&snapshots);
    let written = write(isolate, async |session| {
        redis::publish_full(session, epoch, LIFETIME, GOOD_ENOUGH, text).await
    })
    .await;
    match written {
        Ok(guarded) if guarded.reply == PublishReply::Published => {
            isolate.state.borrow_mut().counters.count(Counter::Sets);
        }
        Ok(_) => {}
        Err(error) => learn_size(isolate, &error, bytes),
    }
}

/// The snapshots of these sources, and the epoch that all of them were read under; none where one is missing, over, or of another.
fn fresh(isolate: &Isolate, sources: &[Source]) -> Option<(u64, Vec<Rc<Snapshot>>)> {
    let (state, now) = (isolate.state.borrow(), isolate.now());
    let epoch = state.knowledge.control().epoch;
    let snapshot = |source: &Source| {
        let entry = state.memory.snapshot(*source)?;
        let is_fresh = state.freshness(*source, entry, now, &isolate.policy) == Freshness::Fresh;
        let is_current = is_fresh && entry.dated.epoch() == Some(epoch);
        let Content::Snapshot(snapshot) = &entry.content else { return None };
        is_current.then(|| Rc::clone(snapshot))
    };
    let snapshots = sources.iter().map(snapshot).collect::<Option<Vec<_>>>()?;
    Some((epoch, snapshots))
}

/// One JSON array of the entries of all.
fn joined(snapshots: &[Rc<Snapshot>]) -> String {
    let mut text = String::from("[");
    for snapshot in snapshots {
        let whole = snapshot.text().to_string();
        let inner = whole.trim_start_matches('[').trim_end_matches(']');
        if text.len() > 1 && !inner.is_empty() {
            text.push(',');
        }
        text.push_str(inner);
    }
    text.push(']');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Slug;

    #[test]
    fn lists_are_joined_without_their_brackets() {
        let entry = |id: &str| {
            format!(
                r#"{{"id":"{id}","name":"{id}","source_gateway":"a","provider_slug":"a","context_length":null,"description":null,"modality":null,"pricing":null,"health_status":null,"is_active":true,"provider_site_url":null,"model_logo_url":null,"supported_parameters":[],"capabilities":{{"tools":false,"vision":false,"prompt_caching":false,"streaming":true}},"is_free":false}}"#
            )
        };
        let source = Source::Provider(Slug::new("a").unwrap());
        let list = |ids: &[&str]| {
            let entries: Vec<String> = ids.iter().map(|id| entry(id)).collect();
            Rc::new(Snapshot::decode(source, format!("[{}]", entries.join(","))).unwrap())
        };
        let of = |ids: &[&[&str]]| joined(&ids.iter().map(|ids| list(ids)).collect::<Vec<_>>());
        assert_eq!(of(&[]), "[]");
        assert_eq!(of(&[&[], &[]]), "[]");
        let all = format!("[{},{},{}]", entry("x"), entry("y"), entry("z"));
        assert_eq!(of(&[&["x", "y"], &[], &["z"]]), all);
        assert_eq!(of(&[&[], &["x", "y", "z"]]), all);
    }
}
