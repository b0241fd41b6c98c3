//! The index: of each offer what filters compare, as numbers, and what each model is called.

use std::{borrow::Cow, cell::OnceCell, ops::Range};

use super::{
    scanner::Scanner,
    strings::{NONE, Numbered, Strings},
};
use crate::catalog::unique::price::Price;

/// What an offer can do besides answering with text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Sends an answer while it is made.
    Streaming,
    /// Calls functions.
    FunctionCalling,
    /// Takes images.
    Vision,
}

impl Capability {
    /// Every one, in the order in which offers have them.
    pub const ALL: [Self; 3] = [Self::Streaming, Self::FunctionCalling, Self::Vision];

    /// The word that queries and counts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Streaming => "streaming",
            Self::FunctionCalling => "function_calling",
            Self::Vision => "vision",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Streaming => 1,
            Self::FunctionCalling => 2,
            Self::Vision => 4,
        }
    }

    /// Reads a word of a query; letter case matters.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.as_str() == word)
    }
}

/// What is compared of an offer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// The prompt price in USD per token, as the cheapest offer is found by it; not a number where it is none.
    pub(super) price: f64,
    /// In tokens; 0 where it is not known.
    pub(super) context: u64,
    pub(super) provider: u16,
    pub(super) modality: u16,
    pub(super) health: u16,
    /// Its capabilities, a bit each.
    can: u8,
}

impl Default for Facts {
    /// Of an offer that says nothing.
    fn default() -> Self {
        let price = f64::NAN;
        Self { price, context: 0, provider: NONE, modality: NONE, health: NONE, can: 0 }
    }
}

impl Facts {
    pub(super) fn can(&self, capability: Capability) -> bool {
        self.can & capability.bit() != 0
    }
}

/// What filters, counts and relations are made of, by the positions of models in their snapshot.
#[derive(Debug, Default)]
pub struct Index {
    pub(super) slugs: Box<[Box<str>]>,
    /// The name of each provider, of the first of its offers.
    pub(super) provider_names: Vec<Option<Box<str>>>,
    pub(super) modalities: Box<[Box<str>]>,
    pub(super) healths: Box<[Box<str>]>,
    offers: Box<[Facts]>,
    /// Where the offers of each model end.
    ends: Box<[usize]>,
    pub(super) names: Strings,
    pub(super) names_lower: Strings,
    pub(super) ids: Strings,
}

impl Index {
    /// Reads the models of a catalog, each the JSON of one, whose shape was checked.
    pub(in crate::catalog) fn read<'a, M: Iterator<Item = &'a str>>(models: M) -> Self {
        let (mut index, mut known) = (Self::default(), Known::default());
        let (mut offers, mut ends) = (Vec::new(), Vec::new());
        for model in models {
            // What cannot be read is a model without a name and offers: positions stay what they are.
            let _ = index.read_model(&mut Scanner::new(model), &mut known, &mut offers);
            ends.push(offers.len());
            for strings in [&mut index.names, &mut index.names_lower, &mut index.ids] {
                strings.fill(ends.len());
            }
        }
        // It is kept for as long as the snapshot: without the room that what grows takes ahead.
        (index.offers, index.ends) = (offers.into(), ends.into());
        for strings in [&mut index.names, &mut index.names_lower, &mut index.ids] {
            strings.shrink();
        }
        index.slugs = known.slugs.finish();
        index.modalities = known.modalities.finish();
        index.healths = known.healths.finish();
        index
    }

    fn read_model(
        &mut self,
        from: &mut Scanner<'_>,
        known: &mut Known,
        offers: &mut Vec<Facts>,
    ) -> Option<()> {
        from.open(b'{')?;
        while let Some(key) = from.next_key() {
            match key {
                // Of a foreign text either can be null.
                "id" => self.ids.push(&text(from.value()?).unwrap_or_default()),
                "name" => {
                    let name = text(from.value()?).unwrap_or_default();
                    self.names.push(&name);
                    self.names_lower.push(&name.to_lowercase());
                }
                "providers" => {
                    from.open(b'[')?;
                    while from.next_element().is_some() {
                        let (facts, name) = known.facts(from)?;
                        if usize::from(facts.provider) == self.provider_names.len() {
                            let name = text(name);
                            let name = name.map(|name| name.into_owned().into_boxed_str());
                            self.provider_names.push(name);
                        }
                        offers.push(facts);
                    }
                }
                _ => {
                    from.value()?;
                }
            }
        }
        Some(())
    }

    /// The number of models.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The offers of the model at a position.
    pub(super) fn offers(&self, position: usize) -> &[Facts] {
        let end = |position: usize| self.ends.get(position).copied();
        let start = position.checked_sub(1).and_then(end).unwrap_or_default();
        let offers: Option<Range<usize>> = end(position).map(|end| start..end);
        offers.and_then(|range| self.offers.get(range)).unwrap_or_default()
    }

    /// What this takes in memory, in bytes, but for a few dozen texts.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        let offers = size_of_val(&*self.offers);
        let ends = size_of_val(&*self.ends);
        let names = [&self.names, &self.names_lower, &self.ids].map(Strings::bytes);
        names.into_iter().chain([ends]).fold(offers, usize::saturating_add)
    }
}

/// An index that is read when it is first asked for. It follows from the text, so it is no part of what a snapshot is.
#[derive(Debug, Default)]
pub(in crate::catalog) struct LazyIndex(OnceCell<Index>);

impl LazyIndex {
    pub(in crate::catalog) fn get<'a, M: Iterator<Item = &'a str>>(&self, models: M) -> &Index {
        self.0.get_or_init(|| Index::read(models))
    }
}

impl Clone for LazyIndex {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for LazyIndex {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for LazyIndex {}

/// The texts that offers were read with.
#[derive(Default)]
struct Known {
    slugs: Numbered,
    modalities: Numbered,
    healths: Numbered,
}

impl Known {
    /// Reads an offer; with its provider's name as it is written.
    fn facts<'a>(&mut self, from: &mut Scanner<'a>) -> Option<(Facts, &'a str)> {
        let (mut facts, mut name) = (Facts::default(), "null");
        from.open(b'{')?;
        while let Some(key) = from.next_key() {
            if key == "pricing" {
                facts.price = price(from)?;
                continue;
            }
            let value = from.value()?;
            let mut can = |capability: Capability| {
                facts.can |= if value == "true" { capability.bit() } else { 0 };
            };
            match key {
                "slug" => facts.provider = self.slugs.number(text(value).as_deref()),
                "name" => name = value,
                "context_length" => facts.context = value.parse().unwrap_or(0),
                "health_status" => facts.health = self.healths.number(text(value).as_deref()),
                "modality" => facts.modality = self.modalities.number(text(value).as_deref()),
                "supports_streaming" => can(Capability::Streaming),
                "supports_function_calling" => can(Capability::FunctionCalling),
                "supports_vision" => can(Capability::Vision),
                _ => {}
            }
        }
        Some((facts, name))
    }
}

/// The prompt price, as the cheapest offer is found by it; not a number where it is none.
fn price(from: &mut Scanner<'_>) -> Option<f64> {
    let mut price = f64::NAN;
    from.open(b'{')?;
    while let Some(key) = from.next_key() {
        let value = from.value()?;
        if key == "prompt" {
            price = Price::of(value).shown().unwrap_or(f64::NAN);
        }
    }
    Some(price)
}

/// The text of a JSON string; none of what is no string.
fn text(token: &str) -> Option<Cow<'_, str>> {
    let inner = token.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(token).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::catalog::snapshot;

    #[test]
    fn an_index_takes_less_than_its_part_of_the_text() {
        let snapshot = snapshot(1, 300);
        let (index, text) = (snapshot.index().unwrap(), snapshot.text().len());
        assert_eq!(index.len(), 300);
        // The names of an offer's fields alone are eight times as long as what is kept of it.
        assert!(index.bytes() < text / 8, "{} of {text}", index.bytes());
    }

    #[test]
    fn what_cannot_be_read_is_a_model_without_anything() {
        let whole = r#"{"id":"a\u0062","name":"N","providers":[{"slug":"p","name":"P","pricing":{"prompt":"free"},"context_length":7.5,"health_status":3,"modality":null,"supports_streaming":true,"supports_function_calling":"true","supports_vision":false}]}"#;
        let unnamed = r#"{"id":null,"name":null,"providers":[{"slug":"p","name":"P"}]}"#;
        let index = Index::read(["7", whole, unnamed].into_iter());
        assert_eq!(index.ids.iter().collect::<Vec<_>>(), ["", "ab", ""]);
        assert_eq!(index.names.iter().collect::<Vec<_>>(), ["", "N", ""]);
        assert_eq!([0, 1, 2, 3].map(|model| index.offers(model).len()), [0, 1, 1, 0]);
        assert_eq!(index.len(), 3);
        let [offer] = index.offers(1) else { panic!("one offer") };
        assert!(offer.price.is_nan());
        assert_eq!((offer.context, offer.provider), (0, 0));
        assert_eq!((offer.health, offer.modality), (u16::MAX, u16::MAX));
        let can = Capability::ALL.map(|capability| offer.can(capability));
        assert_eq!(can, [true, false, false]);
    }
}
