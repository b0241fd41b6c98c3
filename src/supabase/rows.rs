//! Every row of a query, read page by page, and whether each counted row was read exactly once.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use super::client::{Client, parse_content_range};
use crate::ports::{HttpResponse, OriginError};

/// Supabase's own `db-max-rows`: asking for more gets no more.
const PAGE_ROWS_MAX: usize = 1000;
/// A Worker may have six connections open (PLATFORM.md §5); two are left to Redis and KV.
const PAGES_AT_ONCE: usize = 4;

/// Ten times what the largest catalog on record has (REFERENCE.md §8): more is none.
const ROWS_MAX: usize = 200_000;

/// Every row of a query that orders by a unique column.
pub(super) async fn read(
    client: &Client,
    query: &str,
    timeout: Duration,
) -> Result<Rows, OriginError> {
    let first = client.page(query, 0, PAGE_ROWS_MAX, true, timeout).await?;
    let range = first.content_range.as_deref().and_then(parse_content_range);
    let (received, total) = range.ok_or(OriginError::Malformed)?;
    if total > ROWS_MAX {
        return Err(OriginError::Malformed);
    }
    if received == 0 && total > 0 {
        return Err(OriginError::CountMismatch { expected: total, distinct: 0 });
    }
    // A first page shorter than asked, with more to come, shows the server's own cap.
    let offsets = (received..total).step_by(received.max(1));
    let pages =
        stream::iter(offsets.map(|offset| client.page(query, offset, received, false, timeout)));
    let rest: Vec<HttpResponse> = pages.buffered(PAGES_AT_ONCE).try_collect().await?;
    let bodies: Vec<String> =
        std::iter::once(first).chain(rest).map(|response| response.body).collect();
    Ok(Rows { bodies, total })
}

pub(super) struct Rows {
    pub(super) bodies: Vec<String>,
    pub(super) total: usize,
}

impl Rows {
    pub(super) fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<Vec<T>, OriginError> {
        let mut rows = Vec::new();
        for body in &self.bodies {
            let page: Vec<T> = serde_json::from_str(body).map_err(|_| OriginError::Malformed)?;
            rows.extend(page);
        }
        Ok(rows)
    }
}

/// The first half of the integrity gate (DESIGN.md §6): every row that was counted was read, once.
pub(super) fn check_ids(
    ids: impl ExactSizeIterator<Item = i64>,
    expected: usize,
) -> Result<(), OriginError> {
    let rows = ids.len();
    let distinct = ids.collect::<BTreeSet<i64>>().len();
    if distinct < rows {
        return Err(OriginError::DuplicateIds { rows, distinct });
    }
    if distinct != expected {
        return Err(OriginError::CountMismatch { expected, distinct });
    }
    Ok(())
}
