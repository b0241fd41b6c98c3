//! Every entry of a source in the origin's order: the one thing the origin is asked for, and what every listing is
//! derived from.

use std::{io::BufRead, ops::Range};

use super::{
    json_array::JsonArray,
    malformed::Malformed,
    provider::{self, Registry, RegistryEntry, registry},
    source::{Extent, Source, View},
    text::{Text, read_bytes},
    unique::{
        self, Assembled, Assembly, ChangeSet, Changes, Facets, Index, LazyIndex, unpack_u32s,
    },
};

/// A source's entries and what its views filter and sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    array: JsonArray,
    hash: u64,
    facets: KindFacets,
    /// Read of the text when a filter is first asked for.
    index: LazyIndex,
}

/// What views are made by, of each kind.
#[derive(Clone, Debug, PartialEq, Eq)]
enum KindFacets {
    Unique(Facets),
    Registry(Registry),
    Provider(provider::Facets),
    #[cfg(test)]
    Toy,
}

impl Snapshot {
    /// The models that rows were made into: what [`Self::decode`] makes of their text, without reading it.
    pub fn assembled(assembly: Assembly<'_>) -> Result<Self, Malformed> {
        let Assembled { text, spans, keys } = assembly.finish()?;
        Ok(Self::new(text, spans, KindFacets::Unique(Facets::of(&keys))))
    }

    /// What a provider offers, or all of them, as the rows were made into.
    pub fn of_provider(assembly: provider::Assembly) -> Result<Self, Malformed> {
        let provider::Assembled { text, spans, facets } = assembly.finish()?;
        Ok(Self::new(text, spans, KindFacets::Provider(facets)))
    }

    /// The registry of these providers.
    pub fn of_registry(entries: Vec<RegistryEntry>) -> Result<Self, Malformed> {
        let (text, spans) = registry::assemble(entries)?;
        let registry = Registry::read(&text.to_string())?;
        Ok(Self::new(text, spans, KindFacets::Registry(registry)))
    }

    /// Reads the text of a snapshot of a source; what is not whole and well-formed is refused.
    pub fn decode(source: Source, text: String) -> Result<Self, Malformed> {
        let (spans, facets) = match source {
            Source::Unique(_) => {
                let (spans, keys) = unique::records(&text)?;
                (spans, KindFacets::Unique(Facets::of(&keys)))
            }
            Source::Registry => {
                (registry::records(&text)?, KindFacets::Registry(Registry::read(&text)?))
            }
            Source::Provider(_) | Source::Full => {
                let (spans, facets) = provider::records(&text)?;
                (spans, KindFacets::Provider(facets))
            }
            #[cfg(test)]
            Source::Toy => (super::toy::records(&text)?, KindFacets::Toy),
        };
        Ok(Self::new(text.into(), spans, facets))
    }

    fn new(text: Text, spans: Vec<Range<u32>>, facets: KindFacets) -> Self {
        let hash = text.hash();
        Self { array: JsonArray::new(text, spans), hash, facets, index: LazyIndex::default() }
    }

    /// What belongs to the text, as bytes that stand before it: the entries' places and their facets.
    pub(super) fn to_prefix(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for span in self.array.spans() {
            bytes.extend_from_slice(&span.start.to_le_bytes());
            bytes.extend_from_slice(&span.end.to_le_bytes());
        }
        match &self.facets {
            KindFacets::Unique(facets) => facets.pack(&mut bytes),
            KindFacets::Provider(facets) => facets.pack(&mut bytes),
            KindFacets::Registry(_) => {}
            #[cfg(test)]
            KindFacets::Toy => {}
        }
        bytes
    }

    /// Reads the prefix and the text of so many entries, whose text has this hash; none where that cannot be.
    pub(super) fn read(
        source: Source,
        mut from: impl BufRead,
        entries: usize,
        hash: u64,
    ) -> Option<Self> {
        let bytes = entries.checked_mul(Self::prefix_bytes(source))?;
        let prefix = read_bytes(&mut from, bytes)?;
        let (places, rest) = unpack_u32s(entries.checked_mul(2)?, &prefix)?;
        let spans: Vec<Range<u32>> =
            places.as_chunks().0.iter().map(|[start, end]| *start..*end).collect();
        let ends = spans.iter().filter_map(|span| usize::try_from(span.end).ok());
        let array = JsonArray::new(Text::read(from, ends)?, spans);
        let facets = match source {
            Source::Unique(_) => KindFacets::Unique(Facets::unpack(entries, rest)?),
            Source::Registry => {
                KindFacets::Registry(Registry::read(&array.text().to_string()).ok()?)
            }
            Source::Provider(_) | Source::Full => {
                KindFacets::Provider(provider::Facets::unpack(entries, rest)?)
            }
            #[cfg(test)]
            Source::Toy => KindFacets::Toy,
        };
        let index = LazyIndex::default();
        array.is_sound().then_some(Self { array, hash, facets, index })
    }

    /// How many bytes of the prefix an entry has: its place and its facets.
    fn prefix_bytes(source: Source) -> usize {
        const PLACE: usize = 8;
        match source {
            Source::Unique(_) => Facets::BYTES.saturating_add(PLACE),
            Source::Provider(_) | Source::Full => provider::Facets::BYTES.saturating_add(PLACE),
            Source::Registry => PLACE,
            #[cfg(test)]
            Source::Toy => PLACE,
        }
    }

    /// The hash of the text: what tells two snapshots apart.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The text with its spans.
    pub(super) fn array(&self) -> &JsonArray {
        &self.array
    }

    /// How many entries a view holds.
    pub fn count(&self, view: &View) -> usize {
        match (&self.facets, view) {
            (KindFacets::Unique(facets), View::Unique(selection)) => facets.count(selection),
            (KindFacets::Registry(_), View::Registry)
            | (KindFacets::Provider(_), View::Provider(_) | View::Full) => self.len(),
            #[cfg(test)]
            (KindFacets::Toy, View::Toy) => self.len(),
            _ => 0,
        }
    }

    /// The positions of a view's entries in this snapshot, in the view's order: its filter and a stable sort.
    pub fn order(&self, view: &View) -> Vec<u32> {
        match (&self.facets, view) {
            (KindFacets::Unique(facets), View::Unique(selection)) => facets.order(selection),
            (KindFacets::Registry(_), View::Registry)
            | (KindFacets::Provider(_), View::Provider(_) | View::Full) => self.whole(),
            #[cfg(test)]
            (KindFacets::Toy, View::Toy) => self.whole(),
            _ => Vec::new(),
        }
    }

    /// The providers, where these are its entries.
    pub fn registry(&self) -> Option<&Registry> {
        match &self.facets {
            KindFacets::Registry(registry) => Some(registry),
            _ => None,
        }
    }

    /// What a provider's entries are filtered by, where this is a provider's.
    pub fn provider_facets(&self) -> Option<&provider::Facets> {
        match &self.facets {
            KindFacets::Provider(facets) => Some(facets),
            _ => None,
        }
    }

    /// What filters and relations are made of; none of other kinds.
    pub fn index(&self) -> Option<&Index> {
        match &self.facets {
            KindFacets::Unique(_) => Some(self.index.get(self.array.elements())),
            _ => None,
        }
    }

    /// Every position, in the origin's order.
    fn whole(&self) -> Vec<u32> {
        (0..self.len()).filter_map(|index| u32::try_from(index).ok()).collect()
    }

    /// The JSON array, in the origin's order.
    pub fn text(&self) -> &Text {
        self.array.text()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// Whether there is no entry: most sources never publish such a snapshot ([`Source::may_be_empty`]).
    pub fn is_empty(&self) -> bool {
        self.array.is_empty()
    }

    /// How large it is.
    pub fn extent(&self) -> Extent {
        let offers_max = match &self.facets {
            KindFacets::Unique(facets) => facets.offers_max(),
            KindFacets::Registry(_) | KindFacets::Provider(_) => 0,
            #[cfg(test)]
            KindFacets::Toy => 0,
        };
        Extent { models: self.len(), offers_max }
    }

    /// What this changed against the snapshot before it; without one every entry is new.
    pub fn changes_since(&self, before: Option<&Self>) -> Changes {
        let before = before.map(|before| &before.array);
        match &self.facets {
            KindFacets::Unique(_) => Changes::between(before, &self.array),
            _ => provider::changes_between(before, &self.array),
        }
    }

    /// The same, change by change, in a form that makes this of the one before it.
    pub fn change_set_since(&self, before: &Self) -> ChangeSet {
        ChangeSet::between(before.hash, &before.array, &self.array)
    }

    /// What this takes in memory, in bytes. The index takes an eighth of the text more at most, once a filter was asked for.
    pub fn bytes(&self) -> usize {
        let facets = match &self.facets {
            KindFacets::Unique(facets) => facets.bytes(),
            KindFacets::Provider(facets) => facets.bytes(),
            // Taken apart it is about as large again.
            KindFacets::Registry(_) => self.text().len(),
            #[cfg(test)]
            KindFacets::Toy => 0,
        };
        self.array.bytes().saturating_add(facets)
    }
}
