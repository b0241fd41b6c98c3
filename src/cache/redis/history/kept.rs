//! A snapshot by its hash, whether it is published or was replaced a moment ago.

use crate::{
    cache::{
        protocol::Control,
        redis::{
            scripts::KEPT,
            session::{Session, eval},
        },
    },
    catalog::{Resource, Source},
    ports::TierError,
};

/// Reads a snapshot of a source, as it is stored, and control, by which it is judged.
pub async fn read_kept(
    session: Session<'_>,
    source: Source,
    hash: u64,
) -> Result<(Option<Control>, Option<String>), TierError> {
    let names = session.keys;
    let snapshot = names.resource(&Resource::Snapshot(source));
    let keys = vec![names.control(), snapshot, names.kept(source)];
    let hash = format!("{hash:016x}");
    let mut replies = session.run(vec![eval("EVAL_RO", KEPT, keys, [hash])]).await?.array()?;
    let control = replies.control()?;
    Ok((control, replies.text()?.filter(|text| !text.is_empty())))
}
