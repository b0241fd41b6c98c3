//! Which derived listings Redis has, as the isolates of a data center tell each other. Every one of them has the same to send, and
//! would ask Redis by itself whether that is there.

use serde::{Deserialize, Serialize};

use crate::{
    cache::{
        isolate::Isolate,
        tiers::{READ, WRITE, get_near, life, put_near},
    },
    catalog::{Source, View},
    config::Mode,
    ports::Timestamp,
};

/// The record as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    v: u32,
    /// When Redis was asked last, and how many bytes were derived by then.
    looked_at: Timestamp,
    bytes: usize,
    /// Keys of listings, and when each was found there or published.
    listings: Vec<(String, Timestamp)>,
}

const FORMAT: u32 = 1;

/// Learns which listings of these views need not be sent, as far as others of this data center know. `base` is the content under its
/// epoch that they are derived from.
pub(super) async fn hear_derived(
    isolate: &Isolate,
    source: Source,
    base: (u64, u64),
    views: &[View],
) {
    if life(isolate).is_none() {
        return;
    }
    let Ok(Some(text)) = get_near(isolate, &name(source, base), READ).await else { return };
    let record = serde_json::from_str::<Record>(&text).ok();
    let Some(record) = record.filter(|record| record.v == FORMAT) else { return };
    let (now, ttl) = (isolate.now(), isolate.policy.ttl);
    let mut state = isolate.state.borrow_mut();
    // No clock that is ahead makes it count for longer.
    state.publishing.note_looked(source, base, record.looked_at.min(now), record.bytes);
    for view in views {
        let key = isolate.keys.listing(view);
        let there = record.listings.iter().find(|(known, _)| *known == key);
        if let Some((_, at)) = there
            && now.since(*at) < ttl
            && state.publishing.is_wanted(view, base, now)
        {
            state.publishing.note_derived(*view, base, (*at).min(now), ttl);
        }
    }
}

/// Leaves to the others which listings are there, as far as this isolate knows.
pub(super) async fn leave_derived(isolate: &Isolate, source: Source, base: (u64, u64)) {
    if life(isolate).is_none() || isolate.mode() != Mode::Active {
        return;
    }
    let ttl = isolate.policy.ttl;
    let record = {
        let state = isolate.state.borrow();
        let Some((looked_at, bytes)) = state.publishing.looked(source, base) else { return };
        let known = state.publishing.derived(source, base);
        let listings = known.map(|(view, until)| (isolate.keys.listing(&view), until.minus(ttl)));
        Record { v: FORMAT, looked_at, bytes, listings: listings.collect() }
    };
    // A record of numbers and keys cannot fail to be written.
    let text = serde_json::to_string(&record).unwrap_or_default();
    // What fails has been noted, and costs the others a look.
    let _ = put_near(isolate, &name(source, base), &text, ttl, WRITE).await;
}

fn name(source: Source, (hash, epoch): (u64, u64)) -> String {
    format!("derived/{}/{hash:016x}-{epoch}", source.as_str())
}
