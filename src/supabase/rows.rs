//! Every row of a query, read page by page, and whether each counted row was read exactly once.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use super::client::{Client, parse_content_range};
use crate::ports::{HttpResponse, OriginError};

/// Supabase's own cap: asking for more gets no more (docs/platform.md, "PostgREST pages and counts").
const PAGE_ROWS_MAX: usize = 1000;
/// An isolate may have six connections open (docs/platform.md, "Limits of an isolate"); two are left to Redis and KV.
const PAGES_AT_ONCE: usize = 4;
/// More than ten times the largest catalog on record (docs/backend.md, "Catalog sizes on record"): more rows are no
/// catalog.
const ROWS_MAX: usize = 200_000;

/// Reads every row of a query, which must order by a unique column: otherwise pages lose rows (docs/backend.md, "Offset
/// pages without an order lose rows").
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

/// The rows of a query, not parsed yet: what they become borrows from them.
pub(super) struct Rows {
    /// The pages, in order.
    pub(super) bodies: Vec<String>,
    /// How many rows the server counted.
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

/// Whether every row that was counted was read, and none twice: the half of the integrity gate that only an adapter can
/// see (docs/design.md, "The integrity gate").
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
