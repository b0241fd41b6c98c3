//! Every row of a query, read page by page, and whether each counted row was read exactly once.

use std::{cell::Cell, collections::BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    client::{Client, Page, parse_content_range},
    retry::{Allowance, Remedy},
};
use crate::{
    catalog::Malformed,
    ports::{HttpResponse, OriginError},
};

/// Supabase's own cap: asking for more gets no more (docs/platform.md, "PostgREST pages and counts").
const PAGE_ROWS_MAX: usize = 1000;
/// An isolate may have six connections open (docs/platform.md, "Limits of an isolate"); two are left to Redis and KV.
const PAGES_AT_ONCE: usize = 4;
/// More than ten times the largest catalog on record (docs/backend.md, "Catalog sizes on record"): more rows are no
/// catalog.
const ROWS_MAX: usize = 200_000;

/// Reads the rows of queries for one load.
pub(super) struct Reader<'a> {
    client: &'a Client,
    allowance: &'a Allowance,
    requests: Cell<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(client: &'a Client, allowance: &'a Allowance) -> Self {
        Self { client, allowance, requests: Cell::new(0) }
    }

    /// How many requests were made, those that were made again included.
    pub(super) fn requests(&self) -> usize {
        self.requests.get()
    }

    /// Reads every row of a query, which must order by a unique column: otherwise pages lose rows (docs/backend.md,
    /// "Offset pages without an order lose rows"). Each page is given away as soon as those before it were, so that the catalog
    /// is never held as rows; how many rows the server counted.
    pub(super) async fn read(
        &self,
        query: &str,
        mut take: impl FnMut(&str) -> Result<(), Malformed>,
    ) -> Result<usize, OriginError> {
        let mut take = |parts: Vec<HttpResponse>| {
            parts.iter().try_for_each(|part| take(&part.body)).map_err(OriginError::from)
        };
        let first = Page { offset: 0, limit: PAGE_ROWS_MAX, is_counted: true };
        let first = self.page(query, first).await?;
        let range = first.iter().find_map(|response| response.content_range.as_deref());
        let (received, total) =
            range.and_then(parse_content_range).ok_or(OriginError::Malformed)?;
        if total > ROWS_MAX {
            return Err(OriginError::Malformed);
        }
        if received == 0 && total > 0 {
            return Err(OriginError::CountMismatch { expected: total, distinct: 0 });
        }
        // A first page shorter than asked, with more to come, shows the server's own cap.
        let offsets = (received..total).step_by(received.max(1));
        let pages = offsets
            .map(|offset| self.page(query, Page { offset, limit: received, is_counted: false }));
        take(first)?;
        let mut rest = stream::iter(pages).buffered(PAGES_AT_ONCE);
        while let Some(page) = rest.try_next().await? {
            take(page)?;
        }
        Ok(total)
    }

    /// Reads a page, asking again where that helps. One that the database has no time for comes in two halves, in order;
    /// of the counted one the first half alone, since from there on pages are as long as the first.
    async fn page(&self, query: &str, page: Page) -> Result<Vec<HttpResponse>, OriginError> {
        let (mut parts, mut received) = (vec![page], Vec::new());
        while let Some(part) = parts.pop() {
            let timeout = self.allowance.time_left().ok_or(OriginError::Timeout)?;
            self.requests.set(self.requests.get().saturating_add(1));
            let failure = match self.client.ask(query, part, timeout).await {
                Ok(response) => {
                    received.push(response);
                    continue;
                }
                Err(failure) => failure,
            };
            match Remedy::of(&failure) {
                Remedy::AskAgain if self.allowance.take_retry(&failure).await => parts.push(part),
                Remedy::AskForLess if part == page && self.allowance.take_retry(&failure).await => {
                    let (half, other) = halves(page);
                    parts.extend(other.filter(|_| !page.is_counted));
                    parts.push(half);
                }
                _ => return Err(failure.error),
            }
        }
        Ok(received)
    }
}

/// The first half of a page, which is never empty, and the rest of it, if there is any.
fn halves(page: Page) -> (Page, Option<Page>) {
    let limit = page.limit.div_ceil(2);
    let rest = page.limit.saturating_sub(limit);
    let offset = page.offset.saturating_add(limit);
    (Page { limit, ..page }, (rest > 0).then_some(Page { offset, limit: rest, ..page }))
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
