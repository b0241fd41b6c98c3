//! The text of a catalog in pieces of about a megabyte. In one piece a large catalog would need as much free memory side by side,
//! which is seldom there, and what is taken instead is kept for good (docs/platform.md, "Wasm memory never shrinks").

use std::{fmt, io::BufRead, ops::Range};

use xxhash_rust::xxh3::Xxh3;

/// A piece ends behind the first entry that makes it as long, in bytes.
const PIECE_BYTES: usize = 1 << 20;
/// What the entry that makes a piece as long may add before it moves.
const ENTRY_BYTES: usize = 1 << 16;

/// A text. No entry lies in two of its pieces.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text {
    pieces: Vec<Box<str>>,
    /// Where each piece begins in the whole, in bytes.
    starts: Vec<usize>,
    len: usize,
}

impl Text {
    fn push(&mut self, piece: Box<str>) {
        self.starts.push(self.len);
        self.len = self.len.saturating_add(piece.len());
        self.pieces.push(piece);
    }

    /// How long it is, in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The pieces, in order.
    pub fn pieces(&self) -> impl ExactSizeIterator<Item = &str> {
        self.pieces.iter().map(|piece| &**piece)
    }

    /// What stands at a place, in bytes; none where that is not within one piece.
    pub(super) fn get(&self, place: Range<usize>) -> Option<&str> {
        let index = self.piece_at(place.start)?;
        let (start, piece) = (self.starts.get(index)?, self.pieces.get(index)?);
        piece.get(place.start.checked_sub(*start)?..place.end.checked_sub(*start)?)
    }

    fn piece_at(&self, place: usize) -> Option<usize> {
        self.starts.partition_point(|start| *start <= place).checked_sub(1)
    }

    /// Where the piece ends that a place is in.
    pub(super) fn piece_end(&self, place: usize) -> Option<usize> {
        let index = self.piece_at(place)?;
        self.starts.get(index)?.checked_add(self.pieces.get(index)?.len())
    }

    /// Tells texts apart, in whatever pieces they are.
    pub fn hash(&self) -> u64 {
        let mut hash = Xxh3::new();
        for piece in self.pieces() {
            hash.update(piece.as_bytes());
        }
        hash.digest()
    }

    /// Reads a text whose entries end at these places; none where it ends before or with the last of them, is not UTF-8, or cannot be
    /// read.
    pub(super) fn read(mut from: impl BufRead, ends: impl Iterator<Item = usize>) -> Option<Self> {
        let mut text = Self::default();
        let mut last = 0_usize;
        for end in ends {
            last = end;
            let long = end.checked_sub(text.len)?;
            if long < PIECE_BYTES {
                continue;
            }
            let piece = read_bytes(&mut from, long)?;
            text.push(String::from_utf8(piece).ok()?.into_boxed_str());
        }
        // The array's bracket follows the last entry.
        let long = last.saturating_sub(text.len).saturating_add(1);
        let mut rest = read_bytes(&mut from, long)?;
        from.read_to_end(&mut rest).ok()?;
        text.push(String::from_utf8(rest).ok()?.into_boxed_str());
        Some(text)
    }
}

/// Reads so many bytes; none where there are fewer. Not `read_exact`, for which they would have to be there as zeros first.
pub(super) fn read_bytes(from: &mut impl BufRead, count: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(count.min(PIECE_BYTES.saturating_mul(2)));
    while bytes.len() < count {
        let buffered = from.fill_buf().ok()?;
        let wanted = count.saturating_sub(bytes.len()).min(buffered.len());
        bytes.extend_from_slice(buffered.get(..wanted).filter(|part| !part.is_empty())?);
        from.consume(wanted);
    }
    Some(bytes)
}

impl From<String> for Text {
    fn from(whole: String) -> Self {
        let mut text = Self::default();
        text.push(whole.into_boxed_str());
        text
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces().try_for_each(|piece| f.write_str(piece))
    }
}

impl fmt::Debug for Text {
    /// Its length: it may be megabytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text").field("len", &self.len).finish_non_exhaustive()
    }
}

/// A text that is being written.
#[derive(Debug, Default)]
pub(super) struct TextWriter {
    text: Text,
    piece: Vec<u8>,
}

impl TextWriter {
    /// Where the next byte will stand. No catalog is of four gigabytes: its rows are bounded, and so are their pages.
    pub(super) fn position(&self) -> u32 {
        u32::try_from(self.text.len.saturating_add(self.piece.len())).unwrap_or(u32::MAX)
    }

    /// What follows is appended to this.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.piece
    }

    /// An entry is written.
    pub(super) fn end_entry(&mut self) {
        if self.piece.len() >= PIECE_BYTES {
            let next = Vec::with_capacity(PIECE_BYTES.saturating_add(ENTRY_BYTES));
            self.end_piece(next);
        }
    }

    /// All is written.
    pub(super) fn finish(mut self) -> Text {
        self.end_piece(Vec::new());
        self.text
    }

    fn end_piece(&mut self, next: Vec<u8>) {
        let piece = std::mem::replace(&mut self.piece, next);
        // What was written is JSON, which is UTF-8.
        self.text.push(String::from_utf8(piece).unwrap_or_default().into_boxed_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries of a third of a piece each, and what was written of them.
    fn written(entries: usize) -> (Text, Vec<Range<usize>>) {
        let (mut writer, mut places) = (TextWriter::default(), Vec::new());
        for entry in 0..entries {
            let start = usize::try_from(writer.position()).unwrap();
            let long = PIECE_BYTES.div_ceil(3).saturating_add(entry);
            writer.end().extend(std::iter::repeat_n(b'a', long));
            places.push(start..usize::try_from(writer.position()).unwrap());
            writer.end_entry();
        }
        writer.end().push(b']');
        (writer.finish(), places)
    }

    #[test]
    fn pieces_are_one_text() {
        for entries in [0, 1, 2, 3, 4, 10] {
            let (text, places) = written(entries);
            let whole = text.to_string();
            assert_eq!(text.len(), whole.len());
            assert!(!text.is_empty() && Text::default().is_empty());
            assert_eq!(text.pieces().len(), 1 + entries / 3, "{entries} entries");
            assert_eq!(text.hash(), Text::from(whole.clone()).hash());
            for place in &places {
                assert_eq!(text.get(place.clone()), whole.get(place.clone()));
            }
            let ends = places.iter().map(|place| place.end);
            assert!(Text::read(whole.as_bytes(), ends.clone()) == Some(text.clone()));
            if entries > 2 {
                let cut = places[2].end - 1;
                assert_eq!(Text::read(&whole.as_bytes()[..cut], ends), None);
                assert_eq!(text.get(places[2].start..places[2].end + 1), None, "in two pieces");
            }
        }
    }
}
