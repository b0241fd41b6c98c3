//! What the listings of the unique catalog are derived by: what each model of a snapshot filters and sorts by.

use std::cmp::Ordering;

use super::{
    selection::{Order, Selection, SortBy},
    shape::SortKey,
};

/// What the models of a snapshot filter and sort by, in the snapshot's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facets(pub(in crate::catalog) Box<[SortKey]>);

impl Facets {
    /// Filters and sorts (docs/backend.md, "Filter and sort"): the positions of the models in the snapshot, ties in
    /// the snapshot's order in both directions.
    pub(crate) fn order(&self, selection: &Selection) -> Vec<u32> {
        let mut chosen: Vec<(usize, &SortKey)> = self.matching(selection).collect();
        chosen.sort_by(|(_, a), (_, b)| match selection.order {
            Order::Asc => compare(selection.sort, a, b),
            Order::Desc => compare(selection.sort, b, a),
        });
        chosen.into_iter().filter_map(|(index, _)| u32::try_from(index).ok()).collect()
    }

    /// How many models a selection holds.
    pub(crate) fn count(&self, selection: &Selection) -> usize {
        self.matching(selection).count()
    }

    /// The largest number of offers of any model: beyond it a listing is empty and has no key.
    pub(crate) fn offers_max(&self) -> u32 {
        self.0.iter().map(|key| key.provider_count).max().unwrap_or(0)
    }

    /// What this takes in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let names: usize = self.0.iter().map(|key| key.name_lower.len()).sum();
        size_of_val(&*self.0).saturating_add(names)
    }

    fn matching(&self, selection: &Selection) -> impl Iterator<Item = (usize, &SortKey)> {
        let minimum = selection.min_providers.unwrap_or(0);
        self.0.iter().enumerate().filter(move |(_, key)| key.provider_count >= minimum)
    }
}

fn compare(sort: SortBy, a: &SortKey, b: &SortKey) -> Ordering {
    match sort {
        SortBy::ProviderCount => a.provider_count.cmp(&b.provider_count),
        SortBy::Name => a.name_lower.cmp(&b.name_lower),
        // JSON has no NaN, and -0.0 must tie with 0.0 as in Python, so not `total_cmp`.
        SortBy::CheapestPrice => {
            a.cheapest_price.partial_cmp(&b.cheapest_price).unwrap_or(Ordering::Equal)
        }
    }
}
