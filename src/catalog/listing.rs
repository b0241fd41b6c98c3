//! A view's entries in its order, without a copy of them: positions in the text of a snapshot, or a text that came under the
//! view's own key.

use std::{ops::Range, rc::Rc};

use super::{json_array::JsonArray, page::Page, snapshot::Snapshot, source::View};

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

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes [`Self::write_page`] appends.
    pub fn page_bytes(&self, page: &Page) -> usize {
        let pieces = self.pieces(page);
        let commas = pieces.len().saturating_sub(1);
        pieces.iter().map(|piece| piece.len()).fold(commas, usize::saturating_add)
    }

    /// Appends the entries of a page as they stand in the text, with commas between them.
    pub fn write_page(&self, page: &Page, into: &mut Vec<u8>) {
        for (index, piece) in self.pieces(page).into_iter().enumerate() {
            if index > 0 {
                into.push(b',');
            }
            into.extend_from_slice(piece.as_bytes());
        }
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
        for (index, piece) in self.pieces(&self.whole()).into_iter().enumerate() {
            if index > 0 {
                pieces.push(",");
            }
            pieces.push(piece);
        }
        pieces.push("]");
        pieces
    }

    fn whole(&self) -> Page {
        Page { limit: self.len(), offset: 0 }
    }

    /// The bytes of [`Self::to_text`], without making it.
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Foreign(array) => array.text().len(),
            Self::Ordered(..) => self.page_bytes(&self.whole()).saturating_add(2),
        }
    }

    /// The pieces of text that make a page; entries that stand beside each other are one, if they are in one piece
    /// of the snapshot's.
    fn pieces(&self, page: &Page) -> Vec<&str> {
        let (snapshot, order) = match self {
            Self::Foreign(array) => return array.page(page),
            Self::Ordered(snapshot, order) => (snapshot, order),
        };
        let end = page.offset.saturating_add(page.limit).min(order.len());
        let chosen = order.get(page.offset..end).unwrap_or_default();
        let mut pieces = Vec::new();
        for run in runs(chosen) {
            snapshot.array().slices(run, &mut pieces);
        }
        pieces
    }
}

/// Positions that follow each other, joined.
fn runs(order: &[u32]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for position in order.iter().filter_map(|position| usize::try_from(*position).ok()) {
        match runs.last_mut() {
            Some(run) if run.end == position => run.end = position.saturating_add(1),
            _ => runs.push(position..position.saturating_add(1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_run() {
        assert_eq!(runs(&[3, 4, 5, 1, 0, 7]), [3..6, 1..2, 0..1, 7..8]);
        assert_eq!(runs(&[]), []);
    }
}
