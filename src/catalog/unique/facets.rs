//! What the listings of the unique catalog are made by: what each model of a snapshot filters and sorts by, as numbers.

use super::{
    selection::{Order, Selection, SortBy},
    shape::SortKey,
};

/// What the models of a snapshot filter and sort by, in the snapshot's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facets {
    counts: Box<[u32]>,
    /// Where each lower-cased name stands among all: names are compared once a snapshot.
    names: Box<[u32]>,
    /// Prices as bits that are ordered as they are.
    prices: Box<[u64]>,
}

impl Facets {
    /// The facets of models in the snapshot's order.
    pub(in crate::catalog) fn of(keys: &[SortKey]) -> Self {
        Self {
            counts: keys.iter().map(|key| key.provider_count).collect(),
            names: ranks(keys),
            prices: keys.iter().map(|key| ordered_bits(key.cheapest_price)).collect(),
        }
    }

    /// Filters and sorts (docs/backend.md, "Filter and sort"): the positions of the models in the snapshot, ties in
    /// the snapshot's order in both directions.
    pub(crate) fn order(&self, selection: &Selection) -> Vec<u32> {
        let key = |position: usize| match selection.sort {
            SortBy::ProviderCount => self.counts.get(position).copied().map(u64::from),
            SortBy::Name => self.names.get(position).copied().map(u64::from),
            SortBy::CheapestPrice => self.prices.get(position).copied(),
        };
        let directed = |key: u64| match selection.order {
            Order::Asc => key,
            Order::Desc => !key,
        };
        let mut chosen: Vec<(u64, u32)> = self
            .matching(selection)
            .filter_map(|position| Some((directed(key(position)?), u32::try_from(position).ok()?)))
            .collect();
        // Positions differ, so that ties are in their order without a stable sort.
        chosen.sort_unstable();
        chosen.into_iter().map(|(_, position)| position).collect()
    }

    /// How many models a selection holds.
    pub(crate) fn count(&self, selection: &Selection) -> usize {
        self.matching(selection).count()
    }

    /// The largest number of offers of any model: beyond it a listing is empty and has no key.
    pub(crate) fn offers_max(&self) -> u32 {
        self.counts.iter().copied().max().unwrap_or(0)
    }

    /// What this takes in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        [size_of_val(&*self.counts), size_of_val(&*self.names), size_of_val(&*self.prices)]
            .into_iter()
            .fold(0, usize::saturating_add)
    }

    /// How many bytes a model takes of what is packed.
    pub(in crate::catalog) const BYTES: usize = 16;

    /// Appends all of it, to be read by [`Self::unpack`].
    pub(in crate::catalog) fn pack(&self, into: &mut Vec<u8>) {
        for number in self.counts.iter().chain(&self.names) {
            into.extend_from_slice(&number.to_le_bytes());
        }
        for number in &self.prices {
            into.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Reads the facets of so many models; none where that is too short.
    pub(in crate::catalog) fn unpack(models: usize, packed: &[u8]) -> Option<Self> {
        let (counts, rest) = unpack_u32s(models, packed)?;
        let (names, rest) = unpack_u32s(models, rest)?;
        let (prices, _) = rest.split_at_checked(models.checked_mul(8)?)?;
        let prices = prices.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        Some(Self { counts, names, prices })
    }

    fn matching(&self, selection: &Selection) -> impl Iterator<Item = usize> {
        let minimum = selection.min_providers.unwrap_or(0);
        let counts = self.counts.iter().enumerate();
        counts.filter(move |(_, count)| **count >= minimum).map(|(position, _)| position)
    }
}

/// Reads so many numbers from the start of what was packed; with what follows.
pub(in crate::catalog) fn unpack_u32s(count: usize, packed: &[u8]) -> Option<(Box<[u32]>, &[u8])> {
    let (numbers, rest) = packed.split_at_checked(count.checked_mul(4)?)?;
    let numbers = numbers.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    Some((numbers, rest))
}

/// Where each name stands among all; equal ones stand at the same place.
fn ranks(keys: &[SortKey]) -> Box<[u32]> {
    let mut sorted: Vec<&str> = keys.iter().map(|key| &*key.name_lower).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let rank = |key: &SortKey| sorted.binary_search(&&*key.name_lower).unwrap_or(0);
    keys.iter().map(|key| u32::try_from(rank(key)).unwrap_or(u32::MAX)).collect()
}

/// The bits of a number, changed so that they are ordered as the numbers are. JSON has no NaN, and −0 ties with 0 as in Python.
fn ordered_bits(number: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    let bits = if number == 0.0 { 0 } else { number.to_bits() };
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn negative_zero_ties_with_zero() {
        assert_eq!(ordered_bits(-0.0), ordered_bits(0.0));
        assert!(ordered_bits(f64::INFINITY) > ordered_bits(f64::MAX));
    }

    #[test]
    fn models_are_filtered_and_sorted() {
        let key = |provider_count, name: &str, cheapest_price| SortKey {
            provider_count,
            name_lower: name.into(),
            cheapest_price,
        };
        let facets = Facets::of(&[
            key(2, "b", 0.5),
            key(0, "d", f64::INFINITY),
            key(5, "a", -0.0),
            key(2, "c", 0.0),
            key(3, "a", 1.5),
        ]);
        let (counts, names, prices) = (SortBy::ProviderCount, SortBy::Name, SortBy::CheapestPrice);
        for (min_providers, sort, order, expected) in [
            (None, counts, Order::Desc, vec![2, 4, 0, 3, 1]),
            (None, counts, Order::Asc, vec![1, 0, 3, 4, 2]),
            (None, names, Order::Asc, vec![2, 4, 0, 3, 1]),
            (None, names, Order::Desc, vec![1, 3, 0, 2, 4]),
            (None, prices, Order::Asc, vec![2, 3, 0, 4, 1]),
            (None, prices, Order::Desc, vec![1, 4, 0, 2, 3]),
            (Some(2), counts, Order::Desc, vec![2, 4, 0, 3]),
            (Some(3), names, Order::Asc, vec![2, 4]),
            (Some(6), names, Order::Asc, vec![]),
        ] {
            let selection = Selection { min_providers, sort, order, ..Selection::default() };
            assert_eq!(facets.order(&selection), expected, "{selection:?}");
            assert_eq!(facets.count(&selection), expected.len(), "{selection:?}");
        }
        assert_eq!(facets.offers_max(), 5);
        assert_eq!(facets.bytes(), 5 * Facets::BYTES);
        assert_eq!((Facets::default().offers_max(), Facets::default().bytes()), (0, 0));
    }

    proptest! {
        #[test]
        fn bits_are_ordered_as_numbers_are(a in -1e300f64..1e300, b in -1e-300f64..1e-300) {
            for (a, b) in [(a, b), (a, a), (b, a), (b, -b)] {
                prop_assert_eq!(ordered_bits(a).cmp(&ordered_bits(b)), a.partial_cmp(&b).unwrap());
            }
        }

        #[test]
        fn what_is_packed_is_read_again(models in prop::collection::vec((0u32..9, "[a-cA-C]{0,2}", 0.0f64..9.0), 0..20)) {
            let keys: Vec<SortKey> = models
                .into_iter()
                .map(|(provider_count, name, cheapest_price)| SortKey {
                    provider_count,
                    name_lower: name.to_lowercase().into_boxed_str(),
                    cheapest_price,
                })
                .collect();
            let facets = Facets::of(&keys);
            let mut packed = Vec::new();
            facets.pack(&mut packed);
            prop_assert_eq!(Facets::unpack(keys.len(), &packed), Some(facets.clone()));
            prop_assert_eq!(Facets::unpack(keys.len().saturating_add(1), &packed), None);
            let by_name = Selection { sort: SortBy::Name, order: Order::Asc, ..Selection::default() };
            let names: Vec<&str> = facets
                .order(&by_name)
                .into_iter()
                .map(|position| &*keys[usize::try_from(position).unwrap()].name_lower)
                .collect();
            prop_assert!(names.is_sorted());
        }
    }
}
