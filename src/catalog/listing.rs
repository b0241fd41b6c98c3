//! A view's entries in its order, without a copy of them: positions in the text of a snapshot, or a text that came under the
//! view's own key.

use std::rc::Rc;

use xxhash_rust::xxh3::xxh3_64;

use super::{
    json_array::JsonArray,
    page::Page,
    provider::served::{Marks, Row},
    snapshot::Snapshot,
    source::{Source, View},
    unique::{FacetCounts, Filter, Index},
};

/// What is served of a view.
#[derive(Clone, Debug)]
pub enum Listing {
    /// Entries of a snapshot, by their positions in it.
    Ordered(Rc<Snapshot>, Rc<[u32]>),
    /// A text of its own, as the backend or another edge wrote it.
    Foreign(Rc<JsonArray>),
}

impl Snapshot {
    /// The listing of a view over this snapshot.
    pub fn listing(self: &Rc<Self>, view: &View) -> Listing {
        Listing::Ordered(Rc::clone(self), self.order(view).into())
    }
}

impl Listing {
    /// The number of entries: the `total` of the API.
    pub fn len(&self) -> usize {
        match self {
            Self::Ordered(_, order) => order.len(),
            Self::Foreign(array) => array.len(),
        }
    }

    /// The hash of the snapshot that this is of; none of a text of its own.
    pub fn version(&self) -> Option<u64> {
        match self {
            Self::Ordered(snapshot, _) => Some(snapshot.hash()),
            Self::Foreign(_) => None,
        }
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What tells the entries of a page from those of another: their texts, and their order.
    pub fn digest(&self, page: &Page) -> u64 {
        let end = page.offset.saturating_add(page.limit).min(self.len());
        let mut digests = Vec::with_capacity(end.saturating_sub(page.offset).saturating_mul(8));
        let mut add = |array: &JsonArray, position: usize| {
            digests.extend_from_slice(&array.digest(position).to_le_bytes());
        };
        match self {
            Self::Foreign(array) => (page.offset..end).for_each(|position| add(array, position)),
            Self::Ordered(snapshot, order) => {
                for position in order.get(page.offset..end).unwrap_or_default() {
                    add(snapshot.array(), usize::try_from(*position).unwrap_or(usize::MAX));
                }
            }
        }
        xxh3_64(&digests)
    }

    /// The entries of a page as they stand in the text.
    pub fn page(&self, page: &Page) -> Entries<'_> {
        let (snapshot, order) = match self {
            Self::Foreign(array) => return Entries(array.page(page)),
            Self::Ordered(snapshot, order) => (snapshot, order),
        };
        let end = page.offset.saturating_add(page.limit).min(order.len());
        let chosen = order.get(page.offset..end).unwrap_or_default();
        let mut pieces = Vec::with_capacity(chosen.len());
        for run in chosen.chunk_by(|position, next| position.checked_add(1) == Some(*next)) {
            let first = run.first().and_then(|position| usize::try_from(*position).ok());
            let Some(first) = first else { continue };
            snapshot.array().slices(first..first.saturating_add(run.len()), &mut pieces);
        }
        Entries(pieces)
    }

    /// The entries of a page, each by itself.
    pub fn records(&self, page: &Page) -> impl Iterator<Item = &str> {
        let end = page.offset.saturating_add(page.limit).min(self.len());
        (page.offset..end).filter_map(|at| match self {
            Self::Foreign(array) => array.element(at),
            Self::Ordered(snapshot, order) => {
                snapshot.array().element(usize::try_from(*order.get(at)?).ok()?)
            }
        })
    }

    /// The entries of a provider, with what tells whether they are shown: a snapshot knows it, of a text of its own it is read.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let facets = match self {
            Self::Ordered(snapshot, _) => snapshot.provider_facets(),
            Self::Foreign(_) => None,
        };
        let whole = Page { limit: self.len(), offset: 0 };
        let Some(facets) = facets else { return self.records(&whole).map(Row::read).collect() };
        // A provider's snapshot has one view, which is all of it in its order.
        let marked = self.records(&whole).enumerate().map(|(position, text)| {
            let blank = facets.is_blank(position);
            let (down, private) = (facets.is_down(position), facets.is_private(position));
            Row { text, marks: Marks { blank, down, private } }
        });
        marked.collect()
    }

    /// The whole listing as a JSON array, for the key that others read.
    pub fn to_text(&self) -> String {
        self.text_pieces().concat()
    }

    /// The pieces that [`Self::to_text`] puts together.
    pub fn text_pieces(&self) -> Vec<&str> {
        if let Self::Foreign(array) = self {
            return array.text().pieces().collect();
        }
        let mut pieces = vec!["["];
        for (index, piece) in self.whole().0.into_iter().enumerate() {
            if index > 0 {
                pieces.push(",");
            }
            pieces.push(piece);
        }
        pieces.push("]");
        pieces
    }

    /// The same entries in the same order over a snapshot: a text of its own is read for one. It was read as a listing before, so it can
    /// be; else it would list nothing.
    #[must_use]
    pub fn over_snapshot(&self, source: Source) -> Self {
        let Self::Foreign(array) = self else { return self.clone() };
        let Ok(snapshot) = Snapshot::decode(source, array.text().to_string()) else {
            return Self::Foreign(Rc::default());
        };
        let order = (0..u32::try_from(snapshot.len()).unwrap_or(u32::MAX)).collect();
        Self::Ordered(Rc::new(snapshot), order)
    }

    /// The index of the entries, by their positions, and these; none where they are not over a snapshot.
    pub fn indexed(&self) -> Option<(&Index, &[u32])> {
        match self {
            Self::Ordered(snapshot, order) => Some((snapshot.index()?, order)),
            Self::Foreign(_) => None,
        }
    }

    /// The entries that pass a filter.
    #[must_use]
    pub fn filtered(&self, filter: &Filter) -> Self {
        match (self, self.indexed()) {
            (Self::Ordered(snapshot, _), Some((index, order))) if !filter.is_empty() => {
                Self::Ordered(Rc::clone(snapshot), index.matching(filter, order).into())
            }
            _ => self.clone(),
        }
    }

    /// The entries at these positions of the snapshot.
    #[must_use]
    pub fn at(&self, positions: Vec<u32>) -> Self {
        match self {
            Self::Ordered(snapshot, _) => Self::Ordered(Rc::clone(snapshot), positions.into()),
            Self::Foreign(_) => self.clone(),
        }
    }

    /// How many of the entries have what.
    pub fn counts(&self) -> Option<FacetCounts<'_>> {
        self.indexed().map(|(index, order)| index.counts(order))
    }

    fn whole(&self) -> Entries<'_> {
        self.page(&Page { limit: self.len(), offset: 0 })
    }

    /// The bytes of [`Self::to_text`], without making it.
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Foreign(array) => array.text().len(),
            Self::Ordered(..) => self.whole().bytes().saturating_add(2),
        }
    }
}

/// Entries in pieces of text: those that stand beside each other in it are one, with the commas between them.
#[derive(Debug)]
pub struct Entries<'a>(Vec<&'a str>);

impl Entries<'_> {
    /// How many bytes [`Self::write`] appends.
    pub fn bytes(&self) -> usize {
        let commas = self.0.len().saturating_sub(1);
        self.0.iter().map(|piece| piece.len()).fold(commas, usize::saturating_add)
    }

    /// Appends the entries, with commas between them.
    pub fn write(&self, into: &mut Vec<u8>) {
        for (index, piece) in self.0.iter().enumerate() {
            if index > 0 {
                into.push(b',');
            }
            into.extend_from_slice(piece.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalog::Selection,
        support::catalog::{decoded, snapshot},
    };

    #[test]
    fn neighbours_are_one_piece() {
        let listing = |order: &[u32]| Listing::Ordered(Rc::new(snapshot(1, 8)), order.into());
        let pieces = |order: &[u32]| listing(order).whole().0.len();
        assert_eq!(pieces(&[3, 4, 5, 1, 0, 7]), 4);
        assert_eq!(pieces(&[]), 0);
    }

    #[test]
    fn a_page_is_as_long_as_it_says_and_part_of_the_whole() {
        let listing = Rc::new(snapshot(1, 8)).listing(&Selection::default().into());
        let whole = listing.to_text();
        for (limit, offset) in [(3, 0), (3, 5), (100, 0), (1, 7), (5, 8), (1, usize::MAX)] {
            let (page, mut text) = (listing.page(&Page { limit, offset }), Vec::new());
            page.write(&mut text);
            assert_eq!(page.bytes(), text.len(), "{limit} from {offset}");
            assert!(whole.contains(std::str::from_utf8(&text).unwrap()), "{limit} from {offset}");
        }
    }

    #[test]
    fn a_page_is_written_as_long_as_it_says() {
        let snapshot = Rc::new(snapshot(1, 7));
        let entries: Vec<&str> = snapshot.array().elements().collect();
        let order: Rc<[u32]> = Rc::from([2, 3, 0, 6]);
        let listing = Listing::Ordered(Rc::clone(&snapshot), order);
        assert_eq!((listing.len(), listing.is_empty()), (4, false));
        for (limit, offset, positions) in [
            (100, 0, vec![2, 3, 0, 6]),
            (2, 0, vec![2, 3]),
            (2, 1, vec![3, 0]),
            (1, 3, vec![6]),
            (1, 4, vec![]),
            (usize::MAX, usize::MAX, vec![]),
        ] {
            let page = Page { limit, offset };
            let expected: Vec<&str> = positions.iter().map(|at: &usize| entries[*at]).collect();
            let expected = expected.join(",");
            let mut written = Vec::new();
            listing.page(&page).write(&mut written);
            assert_eq!(String::from_utf8(written).unwrap(), expected);
            assert_eq!(listing.page(&page).bytes(), expected.len());
        }
        let text = listing.to_text();
        let all = [entries[2], entries[3], entries[0], entries[6]].join(",");
        assert_eq!(text, format!("[{all}]"));
        assert_eq!(listing.text_bytes(), text.len());
    }

    #[test]
    fn a_pages_digest_is_that_of_its_entries_wherever_they_stand() {
        let snapshot = Rc::new(snapshot(1, 8));
        let ordered = |order: &[u32]| Listing::Ordered(Rc::clone(&snapshot), order.into());
        let all = ordered(&[0, 1, 2, 3, 4, 5, 6, 7]);
        let page = |limit, offset| Page { limit, offset };
        let foreign = Listing::Foreign(Rc::new(decoded(&snapshot.text().to_string())));
        for (limit, offset) in [(100, 0), (3, 0), (2, 5), (5, 6), (1, 8), (1, usize::MAX)] {
            let page = page(limit, offset);
            assert_eq!(all.digest(&page), foreign.digest(&page), "{limit} from {offset}");
        }
        assert_eq!(all.digest(&page(2, 3)), ordered(&[3, 4]).digest(&page(9, 0)));
        assert_ne!(all.digest(&page(2, 3)), ordered(&[4, 3]).digest(&page(9, 0)), "in order");
        assert_ne!(all.digest(&page(2, 3)), all.digest(&page(2, 4)));
        assert_eq!(all.digest(&page(2, 8)), ordered(&[]).digest(&page(2, 0)), "nothing");
    }

    #[test]
    fn a_foreign_listing_is_served_as_it_stands() {
        let text = snapshot(1, 3).text().to_string();
        let foreign = decoded(&text);
        let listing = Listing::Foreign(Rc::new(foreign));
        assert_eq!((listing.len(), listing.is_empty()), (3, false));
        assert_eq!((listing.to_text(), listing.text_bytes()), (text.clone(), text.len()));
        let empty = Listing::Foreign(Rc::new(decoded("[]")));
        assert!(empty.is_empty());
    }
}
