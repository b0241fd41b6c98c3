//! How many models of a listing have what: the counts beside a filtered page.

use std::cmp::Reverse;

use super::facts::{Capability, Facts, Index};

/// A value, and how many models have an offer with it.
pub type Count<'a> = (&'a str, usize);

/// The counts, the most frequent first, equals by code point. A model counts once for each value that any of its offers has.
#[derive(Debug)]
pub struct FacetCounts<'a> {
    /// By the provider's slug.
    pub providers: Vec<Count<'a>>,
    /// By modality.
    pub modalities: Vec<Count<'a>>,
    /// By capability: all of them, in their order.
    pub capabilities: [Count<'static>; 3],
}

impl Index {
    /// Counts the models at these positions.
    pub(in crate::catalog) fn counts(&self, positions: &[u32]) -> FacetCounts<'_> {
        let (mut providers, mut modalities) =
            (Counter::new(self.slugs.len()), Counter::new(self.modalities.len()));
        let mut capabilities = Capability::ALL.map(|capability| (capability.as_str(), 0_usize));
        for position in positions {
            let offers = self.offers(usize::try_from(*position).unwrap_or(usize::MAX));
            for Facts { provider, modality, .. } in offers {
                providers.count(*provider, *position);
                modalities.count(*modality, *position);
            }
            for ((_, count), capability) in capabilities.iter_mut().zip(Capability::ALL) {
                let has = offers.iter().any(|offer| offer.can(capability));
                *count = count.saturating_add(usize::from(has));
            }
        }
        FacetCounts {
            providers: providers.finish(&self.slugs),
            modalities: modalities.finish(&self.modalities),
            capabilities,
        }
    }
}

/// Counts values by their numbers, each once a model.
struct Counter(Vec<(usize, Option<u32>)>);

impl Counter {
    fn new(values: usize) -> Self {
        Self(vec![(0, None); values])
    }

    fn count(&mut self, value: u16, model: u32) {
        let Some((count, last)) = self.0.get_mut(usize::from(value)) else { return };
        if last.replace(model) != Some(model) {
            *count = count.saturating_add(1);
        }
    }

    fn finish<'a>(self, values: &'a [Box<str>]) -> Vec<Count<'a>> {
        let counted = values.iter().zip(self.0).map(|(value, (count, _))| (&**value, count));
        let mut counts: Vec<Count<'a>> = counted.filter(|(_, count)| *count > 0).collect();
        counts.sort_unstable_by_key(|(value, count)| (Reverse(*count), *value));
        counts
    }
}
