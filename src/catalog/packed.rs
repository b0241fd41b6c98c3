//! A snapshot as it is shared: compressed, with the places and the facets of its entries, so that who reads it scans nothing. As
//! text, since Redis is asked and answers in JSON.

use std::io::{self, BufRead, Read, Write};

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use snap::{
    raw::{Decoder, decompress_len},
    write::FrameEncoder,
};
use xxhash_rust::xxh3::xxh3_64;

use super::{snapshot::Snapshot, source::Source};

/// No catalog on record packs to more than this part of it.
const PACKED_TO: usize = 2;
/// A catalog that unpacks to more is none of ours.
const BYTES_MAX: usize = 64 * 1024 * 1024;

impl Snapshot {
    /// Packs it; with a checksum of what was packed.
    pub fn pack(&self) -> Option<(String, u64)> {
        // Piece by piece: a copy of the whole would be as large as the catalog. What grows is held twice while it does.
        let room = self.text().len().checked_div(PACKED_TO).unwrap_or_default();
        let mut encoder = FrameEncoder::new(Vec::with_capacity(room));
        encoder.write_all(&self.to_prefix()).ok()?;
        for piece in self.text().pieces() {
            encoder.write_all(piece.as_bytes()).ok()?;
        }
        let packed = encoder.into_inner().ok()?;
        let checksum = xxh3_64(&packed);
        Some((BASE64_STANDARD_NO_PAD.encode(packed), checksum))
    }

    /// Unpacks a snapshot of so many entries, whose text has this hash. None of what is not whole, or not what was packed: the
    /// checksum vouches for the text's shape and hash, which were checked before it was packed.
    pub fn unpack(
        source: Source,
        text: &str,
        checksum: u64,
        entries: usize,
        hash: u64,
    ) -> Option<Self> {
        let packed = BASE64_STANDARD_NO_PAD.decode(text).ok()?;
        if xxh3_64(&packed) != checksum {
            return None;
        }
        let most = u64::try_from(BYTES_MAX).ok()?;
        Self::read(source, Frames::of(&packed).take(most), entries, hash)
    }
}

/// Takes Snappy's frames apart without looking at their checksums, a fifth of what a read costs: whoever reads has checked the
/// whole.
struct Frames<'a> {
    rest: &'a [u8],
    plain: Vec<u8>,
    /// How much of `plain` was read.
    taken: usize,
}

impl<'a> Frames<'a> {
    /// The chunks that hold data, each with its own checksum before it.
    const COMPRESSED: u8 = 0;
    const PLAIN: u8 = 1;
    const CHECKSUM_BYTES: usize = 4;
    /// What stands at the beginning.
    const STREAM_IDENTIFIER: u8 = 0xff;
    /// No chunk holds more.
    const CHUNK_BYTES_MAX: usize = 65_536;

    fn of(framed: &'a [u8]) -> Self {
        Self { rest: framed, plain: Vec::new(), taken: 0 }
    }

    /// Inflates the next chunk; none where there is no such chunk.
    fn inflate_next(&mut self) -> Option<()> {
        let ([kind, length @ ..], chunks) = self.rest.split_first_chunk::<4>()?;
        let [low, middle, high] = *length;
        let length = usize::try_from(u32::from_le_bytes([low, middle, high, 0])).ok()?;
        let (chunk, rest) = chunks.split_at_checked(length)?;
        (self.rest, self.taken) = (rest, 0);
        match *kind {
            Self::STREAM_IDENTIFIER => self.plain.clear(),
            Self::PLAIN => {
                self.plain.clear();
                self.plain.extend_from_slice(chunk.get(Self::CHECKSUM_BYTES..)?);
            }
            Self::COMPRESSED => {
                let packed = chunk.get(Self::CHECKSUM_BYTES..)?;
                let length = decompress_len(packed).ok()?;
                self.plain.resize(Some(length).filter(|it| *it <= Self::CHUNK_BYTES_MAX)?, 0);
                Decoder::new().decompress(packed, &mut self.plain).ok()?;
            }
            _ => return None,
        }
        Some(())
    }
}

impl Read for Frames<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Frames<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.taken == self.plain.len() && !self.rest.is_empty() {
            self.inflate_next().ok_or(io::ErrorKind::InvalidData)?;
        }
        Ok(self.plain.get(self.taken..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.taken = self.taken.saturating_add(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalog::Scope, support::catalog::snapshot};

    const ACTIVE: Source = Source::Unique(Scope::Active);

    #[test]
    fn what_is_unpacked_is_what_was_packed() {
        for models in [1, 7, 300] {
            let whole = snapshot(1, models);
            let (text, checksum) = whole.pack().unwrap();
            let (entries, hash) = (whole.len(), whole.hash());
            let unpacked = Snapshot::unpack(ACTIVE, &text, checksum, entries, hash).unwrap();
            assert_eq!(unpacked, whole);
            assert!(models < 300 || text.len() * 3 < whole.text().len(), "{}", text.len());
        }
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let whole = snapshot(1, 7);
        let (text, checksum) = whole.pack().unwrap();
        let unpack = |text: &str, checksum, entries| {
            Snapshot::unpack(ACTIVE, text, checksum, entries, whole.hash())
        };
        for cut in 0..text.len() {
            let text: String = text.chars().take(cut).collect();
            assert_eq!(unpack(&text, checksum, 7), None, "cut at {cut}");
        }
        for text in [format!("{text}A"), text.replacen('A', "B", 1), "☃".to_owned()] {
            assert_eq!(unpack(&text, checksum, 7), None);
        }
        assert_eq!(unpack(&text, checksum ^ 1, 7), None);
        for entries in [0, 6, 8, usize::MAX] {
            assert_eq!(unpack(&text, checksum, entries), None, "{entries} entries");
        }
    }
}
