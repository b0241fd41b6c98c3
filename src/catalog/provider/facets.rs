//! What the listings of a provider's catalog are filtered by: a few bits an entry.

/// What one entry is filtered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facet(u8);

impl Facet {
    const BLANK: u8 = 1;
    const DOWN: u8 = 2;
    const PRIVATE: u8 = 4;

    /// Of an entry's id, its health and whether its metadata call it private. Rows are judged by themselves: nothing but "down"
    /// hides one, and no other row does (docs/backend.md, "The health gate hides rows by name").
    pub(super) fn of(id: Option<&str>, health_status: Option<&str>, is_private: bool) -> Self {
        let is_blank = id.is_none_or(is_blank);
        let is_down = health_status.is_some_and(|status| status.eq_ignore_ascii_case("down"));
        let bits = [(is_blank, Self::BLANK), (is_down, Self::DOWN), (is_private, Self::PRIVATE)];
        Self(bits.into_iter().filter(|(is_set, _)| *is_set).fold(0, |all, (_, bit)| all | bit))
    }
}

/// What `str.strip()` leaves nothing of; Python also counts the four ASCII separators as white space.
fn is_blank(id: &str) -> bool {
    id.chars().all(|c| c.is_whitespace() || matches!(c, '\x1c'..='\x1f'))
}

/// What the entries of a snapshot are filtered by, in the snapshot's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets(Box<[u8]>);

impl Facets {
    /// How many bytes an entry takes of what is packed.
    pub const BYTES: usize = 1;

    /// The facets of entries in the snapshot's order.
    pub(super) fn new(facets: impl IntoIterator<Item = Facet>) -> Self {
        Self(facets.into_iter().map(|Facet(bits)| bits).collect())
    }

    /// Whether the entry at a position has no id, or a blank one: it is stored, and never listed.
    pub fn is_blank(&self, position: usize) -> bool {
        self.has(position, Facet::BLANK)
    }

    /// Whether the health gate hides the entry at a position.
    pub fn is_down(&self, position: usize) -> bool {
        self.has(position, Facet::DOWN)
    }

    /// Whether the metadata of the entry at a position call it private.
    pub fn is_private(&self, position: usize) -> bool {
        self.has(position, Facet::PRIVATE)
    }

    fn has(&self, position: usize, bit: u8) -> bool {
        self.0.get(position).is_some_and(|bits| bits & bit != 0)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What this takes in memory, in bytes.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// Appends all of it, to be read by [`Self::unpack`].
    pub fn pack(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.0);
    }

    /// Reads the facets of so many entries; none where that is too short.
    pub fn unpack(entries: usize, packed: &[u8]) -> Option<Self> {
        Some(Self(packed.get(..entries)?.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_judged_by_itself() {
        for (id, health, is_private, expected) in [
            (Some("a"), None, false, [false, false, false]),
            (Some("a"), Some("healthy"), true, [false, false, true]),
            (Some("a"), Some("dOWn"), false, [false, true, false]),
            (Some("a"), Some(" down"), false, [false, false, false]),
            (Some("a"), Some(""), false, [false, false, false]),
            (None, Some("down"), true, [true, true, true]),
            (Some(""), None, false, [true, false, false]),
            (Some(" \t\u{a0}\x1c"), None, false, [true, false, false]),
            (Some("\u{200b}"), None, false, [false, false, false]),
        ] {
            let facets = Facets::new([Facet::of(id, health, is_private)]);
            let told = [facets.is_blank(0), facets.is_down(0), facets.is_private(0)];
            assert_eq!(told, expected, "{id:?} {health:?} {is_private}");
        }
        assert!(!Facets::default().is_blank(0) && Facets::default().is_empty());
    }

    #[test]
    fn what_is_packed_is_read_again() {
        let facets = Facets::new([
            Facet::of(None, None, false),
            Facet::of(Some("a"), Some("down"), false),
            Facet::of(Some("b"), None, true),
        ]);
        let mut packed = Vec::new();
        facets.pack(&mut packed);
        assert_eq!(packed.len(), facets.len() * Facets::BYTES);
        assert_eq!(facets.bytes(), packed.len());
        assert_eq!(Facets::unpack(3, &packed), Some(facets.clone()));
        assert_eq!(Facets::unpack(2, &packed).map(|some| some.len()), Some(2));
        assert_eq!(Facets::unpack(4, &packed), None);
    }
}
