//! Reading Workers KV: a value, and beside it the marker that tells of invalidations where Redis cannot.

use std::rc::Rc;

use futures_util::{FutureExt, future::LocalBoxFuture, join};

use super::{
    call::{kv, kv_write},
    found::{Found, keep_snapshot},
};
use crate::{
    cache::{isolate::Isolate, protocol::Control},
    catalog::{Resource, Source},
    config::Mode,
    ports::{Tier, TierError},
};

/// Reads a source's snapshot from KV. The future owns what it needs, so that it can go on behind a response that did not wait
/// for it.
pub(in crate::cache) fn read_kv(
    isolate: &Rc<Isolate>,
    source: Source,
) -> LocalBoxFuture<'static, Found> {
    let isolate = Rc::clone(isolate);
    async move {
        let key = isolate.keys.resource(&Resource::Snapshot(source));
        let value = kv(&isolate, isolate.ports.kv.get(&key));
        // Without the marker the value is served as what cannot be verified.
        let (_, value) = join!(read_marker(&isolate), value);
        match value {
            Err(error) => Found::Failed(error),
            Ok(None) => Found::Nothing,
            Ok(Some(value)) => keep_snapshot(&isolate, Tier::Kv, source, &value, None),
        }
    }
    .boxed_local()
}

/// Reads KV's marker, learns from it, and brings it up to date where nobody else has.
pub(in crate::cache) async fn read_marker(isolate: &Isolate) -> Result<(), TierError> {
    let begun = isolate.now();
    let read = kv(isolate, isolate.ports.kv.get(&isolate.keys.marker())).await?;
    let marker = read.as_deref().and_then(Control::read);
    let is_due = isolate.state.borrow_mut().knowledge.learn_marker(marker, begun);
    if is_due && isolate.policy.mode == Mode::Active {
        write_marker(isolate).await?;
    }
    Ok(())
}

/// Writes what is known of control to KV. Who calls this has read the marker: it never goes back.
pub(in crate::cache) async fn write_marker(isolate: &Isolate) -> Result<(), TierError> {
    let text = isolate.state.borrow().knowledge.control().to_text();
    let key = isolate.keys.marker();
    kv_write(isolate, isolate.ports.kv.put(&key, &text, &text, None)).await
}
