//! Who offers what: a model with its providers, a provider with its models, and every provider in short.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{facts::Index, nearest::nearest};

/// A model and who offers it.
#[derive(Debug, Serialize)]
pub struct ModelRelation<'a> {
    /// The model's name.
    pub model: &'a str,
    /// The provider of each of its offers, in their order.
    pub providers: Vec<&'a str>,
    /// The number of offers, as the model's record has it.
    pub provider_count: usize,
}

/// A provider and what it offers.
#[derive(Debug, Serialize)]
pub struct ProviderRelation<'a> {
    /// The provider's slug.
    pub provider: &'a str,
    /// The names of its models, in the catalog's order.
    pub models: Vec<&'a str>,
    /// Their number.
    pub count: usize,
}

/// A provider in short.
#[derive(Debug, Serialize)]
pub struct Provider<'a> {
    /// What it is called in offers and filters.
    pub slug: &'a str,
    /// Its name, of the first of its offers.
    pub name: Option<&'a str>,
    /// How many models it offers.
    pub model_count: usize,
    /// How many offers it has: more than models where it lists one twice.
    pub offer_count: usize,
    /// How many of its offers are in which state of health; those whose state is not known are in none.
    pub health: BTreeMap<&'a str, usize>,
    /// Its offer with the least prompt price, the first of equals; none where no price is a number.
    pub cheapest: Option<Cheapest<'a>>,
}

/// What a provider offers for the least.
#[derive(Debug, Serialize)]
pub struct Cheapest<'a> {
    /// The model's name.
    pub model: &'a str,
    /// In USD per token, as `cheapest_prompt_price` has it.
    pub prompt_price: f64,
}

impl Index {
    /// The positions of the models that a path names: of the one that is called exactly so, else of all that have it as their id.
    pub fn named(&self, text: &str) -> Vec<u32> {
        let position = |at: usize| u32::try_from(at).ok();
        if let Some(at) = self.names.iter().position(|name| name == text) {
            return position(at).into_iter().collect();
        }
        let shared = self.ids.iter().enumerate().filter(|(_, id)| *id == text);
        shared.filter_map(|(at, _)| position(at)).collect()
    }

    /// The names nearest to one that no model has, by what models are called and by their ids.
    pub fn nearest_models(&self, asked: &str) -> Vec<&str> {
        let ids = self.ids.iter().map(str::to_lowercase);
        let lower = self.names_lower.iter().map(str::to_owned);
        let texts = lower.zip(ids).map(|(name, id)| [name, id]);
        nearest(asked, self.names.iter().zip(texts))
    }

    /// The slugs nearest to one that no provider has, by slugs and by names.
    pub fn nearest_providers(&self, asked: &str) -> Vec<&str> {
        let lower = |name: &Option<Box<str>>| name.as_deref().unwrap_or_default().to_lowercase();
        let names = self.provider_names.iter().map(lower);
        let texts = self.slugs.iter().zip(names).map(|(slug, name)| [slug.to_lowercase(), name]);
        nearest(asked, self.slugs.iter().map(|slug| &**slug).zip(texts))
    }

    /// Who offers the model at a position.
    pub fn relation_of_model(&self, position: u32) -> ModelRelation<'_> {
        let at = usize::try_from(position).unwrap_or(usize::MAX);
        let offers = self.offers(at);
        let slug = |number: u16| self.slugs.get(usize::from(number)).map(|slug| &**slug);
        ModelRelation {
            model: self.names.get(at),
            providers: offers.iter().filter_map(|offer| slug(offer.provider)).collect(),
            provider_count: offers.len(),
        }
    }

    /// What a provider offers, by its slug in any letter case.
    pub fn relation_of_provider(&self, slug: &str) -> Option<ProviderRelation<'_>> {
        let lower = slug.to_lowercase();
        let is_meant: Vec<bool> =
            self.slugs.iter().map(|known| known.to_lowercase() == lower).collect();
        let provider = self.slugs.iter().zip(&is_meant).find(|(_, is_meant)| **is_meant)?.0;
        let is_of = |number: u16| is_meant.get(usize::from(number)).copied().unwrap_or(false);
        let offered = |at: &usize| self.offers(*at).iter().any(|offer| is_of(offer.provider));
        let models: Vec<&str> =
            (0..self.len()).filter(offered).map(|at| self.names.get(at)).collect();
        Some(ProviderRelation { provider, count: models.len(), models })
    }

    /// Every provider, by its slug.
    pub fn providers(&self) -> Vec<Provider<'_>> {
        let names = self.provider_names.iter().map(Option::as_deref);
        let mut providers: Vec<Provider<'_>> = self
            .slugs
            .iter()
            .zip(names)
            .map(|(slug, name)| Provider {
                slug,
                name,
                model_count: 0,
                offer_count: 0,
                health: BTreeMap::new(),
                cheapest: None,
            })
            .collect();
        let mut counted_at: Vec<Option<usize>> = vec![None; providers.len()];
        for at in 0..self.len() {
            for offer in self.offers(at) {
                let number = usize::from(offer.provider);
                let (Some(provider), Some(counted_at)) =
                    (providers.get_mut(number), counted_at.get_mut(number))
                else {
                    continue;
                };
                provider.offer_count = provider.offer_count.saturating_add(1);
                if counted_at.replace(at) != Some(at) {
                    provider.model_count = provider.model_count.saturating_add(1);
                }
                if let Some(health) = self.healths.get(usize::from(offer.health)) {
                    let count = provider.health.entry(health).or_default();
                    *count = count.saturating_add(1);
                }
                let least = provider.cheapest.as_ref().map_or(f64::INFINITY, |it| it.prompt_price);
                if offer.price < least {
                    let model = self.names.get(at);
                    provider.cheapest = Some(Cheapest { model, prompt_price: offer.price });
                }
            }
        }
        providers.sort_unstable_by_key(|provider| provider.slug);
        providers
    }
}
