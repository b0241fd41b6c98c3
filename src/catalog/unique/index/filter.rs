//! Which models of a listing a client wants besides what a view can say. The conditions on offers hold for one and the same offer.

use super::{
    facts::{Capability, Facts, Index},
    strings::Strings,
};

/// The conditions. Those that are not there hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// The model is called exactly so.
    pub name: Option<String>,
    /// All of them are in the model's name, in any letter case.
    pub words: Vec<String>,
    /// An offer is of one of these providers, in any letter case.
    pub providers: Vec<String>,
    /// An offer has all of these.
    pub capabilities: Vec<Capability>,
    /// An offer is of one of these modalities, in any letter case.
    pub modalities: Vec<String>,
    /// An offer takes at least so many tokens.
    pub min_context: Option<u64>,
    /// The prompt price of an offer is a number, and at most so many USD per token.
    pub max_price: Option<f64>,
    /// An offer is of one of these states of health, in any letter case.
    pub healths: Vec<String>,
}

impl Filter {
    /// Whether every model passes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Index {
    /// Those of the models at these positions that pass, in their order.
    pub(in crate::catalog) fn matching(&self, filter: &Filter, positions: &[u32]) -> Vec<u32> {
        let (names, offers) = (Names::of(filter), Offers::of(filter, self));
        let passes = |position: &u32| {
            let Ok(position) = usize::try_from(*position) else { return false };
            names.admit(position, &self.names, &self.names_lower)
                && offers
                    .as_ref()
                    .is_none_or(|offers| self.offers(position).iter().any(|it| offers.admit(it)))
        };
        positions.iter().copied().filter(passes).collect()
    }
}

/// The conditions on what a model is called.
struct Names<'f> {
    name: Option<&'f str>,
    words: Vec<String>,
}

impl<'f> Names<'f> {
    fn of(filter: &'f Filter) -> Self {
        let words = filter.words.iter().map(|word| word.to_lowercase()).collect();
        Self { name: filter.name.as_deref(), words }
    }

    fn admit(&self, position: usize, names: &Strings, lower: &Strings) -> bool {
        self.name.is_none_or(|name| names.get(position) == name)
            && self.words.iter().all(|word| lower.get(position).contains(word))
    }
}

/// The conditions on offers, in the numbers of an index.
struct Offers<'f> {
    providers: Option<Vec<bool>>,
    modalities: Option<Vec<bool>>,
    healths: Option<Vec<bool>>,
    capabilities: &'f [Capability],
    min_context: u64,
    max_price: Option<f64>,
}

impl<'f> Offers<'f> {
    /// None where there are no conditions: a model without offers passes as well.
    fn of(filter: &'f Filter, index: &Index) -> Option<Self> {
        let offers = Self {
            providers: chosen(&filter.providers, &index.slugs),
            modalities: chosen(&filter.modalities, &index.modalities),
            healths: chosen(&filter.healths, &index.healths),
            capabilities: &filter.capabilities,
            min_context: filter.min_context.unwrap_or_default(),
            max_price: filter.max_price,
        };
        let is_needed = offers.providers.is_some()
            || offers.modalities.is_some()
            || offers.healths.is_some()
            || !offers.capabilities.is_empty()
            || filter.min_context.is_some()
            || offers.max_price.is_some();
        is_needed.then_some(offers)
    }

    fn admit(&self, offer: &Facts) -> bool {
        let among = |chosen: &Option<Vec<bool>>, number: u16| {
            let is_chosen = |chosen: &Vec<bool>| chosen.get(usize::from(number)).copied();
            chosen.as_ref().is_none_or(|chosen| is_chosen(chosen).unwrap_or(false))
        };
        offer.context >= self.min_context
            && self.max_price.is_none_or(|most| offer.price <= most)
            && among(&self.providers, offer.provider)
            && among(&self.modalities, offer.modality)
            && among(&self.healths, offer.health)
            && self.capabilities.iter().all(|capability| offer.can(*capability))
    }
}

/// Which of the known texts are wanted, by their numbers; none where any will do.
fn chosen(wanted: &[String], known: &[Box<str>]) -> Option<Vec<bool>> {
    let lower: Vec<String> = wanted.iter().map(|text| text.to_lowercase()).collect();
    let is_wanted = |text: &str| lower.contains(&text.to_lowercase());
    (!wanted.is_empty()).then(|| known.iter().map(|text| is_wanted(text)).collect())
}
