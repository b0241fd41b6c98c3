//! Reading Workers KV: a value, and beside it the marker that tells of invalidations where Redis cannot.

use std::rc::Rc;

use futures_util::{FutureExt, future::LocalBoxFuture, join};

use super::{
    call::{kv, kv_write, redis},
    found::{Found, keep_snapshot},
    leave::note_found,
};
use crate::{
    cache::{isolate::Isolate, protocol::Control, redis, telemetry::KvOperation},
    catalog::{Resource, Source},
    config::Mode,
    ports::{Tier, TierError},
};

/// Invalidations that come one after the other while the marker is written are followed so often.
const MARKER_WRITES_MAX: usize = 4;

/// Reads a source's snapshot from KV. The future owns what it needs, so that it can go on behind a response that did not wait
/// for it.
pub(in crate::cache) fn read_kv(
    isolate: &Rc<Isolate>,
    source: Source,
) -> LocalBoxFuture<'static, Found> {
    let isolate = Rc::clone(isolate);
    async move {
        let key = isolate.keys.resource(&Resource::Snapshot(source));
        let value = kv(&isolate, KvOperation::Read, isolate.ports.kv.get(&key));
        // Without the marker the value is served as what cannot be verified.
        let (_, value) = join!(read_marker(&isolate), value);
        match value {
            Err(error) => Found::Failed(error),
            Ok(None) => Found::Nothing,
            Ok(Some(value)) => {
                let found = keep_snapshot(&isolate, Tier::Kv, source, &value);
                note_found(&isolate, source, &found, value);
                found
            }
        }
    }
    .boxed_local()
}

/// Reads KV's marker, learns from it, and brings it up to date where nobody else has.
pub(in crate::cache) async fn read_marker(isolate: &Isolate) -> Result<(), TierError> {
    let begun = isolate.now();
    let marker = isolate.keys.marker();
    let read = kv(isolate, KvOperation::Read, isolate.ports.kv.get(&marker)).await?;
    let marker = read.as_deref().and_then(Control::read);
    let is_due = isolate.state.borrow_mut().knowledge.learn_marker(marker, begun);
    if is_due && isolate.mode() == Mode::Active {
        // What was read may be a minute old. Who is cut off from Redis cannot know what was raised and written meanwhile.
        read_control(isolate).await?;
        raise_marker(isolate).await?;
    }
    Ok(())
}

/// Brings KV's marker up to what is known of control, which the caller has just read and learned from: it never goes back.
/// Somebody may have raised control and written the marker meanwhile, so control is read once more, until it stands still.
pub(in crate::cache) async fn raise_marker(isolate: &Isolate) -> Result<(), TierError> {
    for _ in 0..MARKER_WRITES_MAX {
        let written = isolate.state.borrow().knowledge.control();
        write_marker(isolate).await?;
        read_control(isolate).await?;
        if isolate.state.borrow().knowledge.control() == written {
            break;
        }
    }
    Ok(())
}

async fn read_control(isolate: &Isolate) -> Result<(), TierError> {
    let begun = isolate.now();
    let control = redis(isolate, async |session| redis::control(session).await).await?;
    isolate.state.borrow_mut().knowledge.learn_control(control, begun);
    Ok(())
}

async fn write_marker(isolate: &Isolate) -> Result<(), TierError> {
    let text = isolate.state.borrow().knowledge.control().to_text();
    let key = isolate.keys.marker();
    kv_write(isolate, isolate.ports.kv.put(&key, &[&text], &text, None)).await
}
