//! The same filters and counts as anyone would write them over parsed JSON: what the Worker's are compared with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// What was asked for, taken apart anew.
pub(super) struct Naive<'a>(pub(super) &'a [(&'static str, String)]);

impl Naive<'_> {
    /// The values of a parameter that takes several, in lower case.
    fn several(&self, name: &str) -> Vec<String> {
        let sent = self.0.iter().filter(|(sent, _)| *sent == name);
        let values = sent.flat_map(|(_, value)| value.split(','));
        values.map(|value| value.trim().to_lowercase()).filter(|value| !value.is_empty()).collect()
    }

    /// The last value of a parameter that takes one.
    fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(sent, _)| *sent == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.one(name).map(|value| value.parse().unwrap())
    }

    fn passes_offer(&self, offer: &Value) -> bool {
        let among = |name: &str, value: &Value| {
            let wanted = self.several(name);
            let lower = value.as_str().map(str::to_lowercase);
            wanted.is_empty() || lower.is_some_and(|value| wanted.contains(&value))
        };
        let has = |capability: &String| offer[format!("supports_{capability}")] == json!(true);
        let context = self.one("min_context").map(|least| least.parse::<u64>().unwrap());
        let price = offer["pricing"]["prompt"].as_str().unwrap().trim().parse::<f64>();
        let price = price.ok().filter(|price| price.is_finite());
        among("provider", &offer["slug"])
            && among("modality", &offer["modality"])
            && among("health", &offer["health_status"])
            && self.several("capability").iter().all(has)
            && context.is_none_or(|least| offer["context_length"].as_u64() >= Some(least))
            && self.number("max_price").is_none_or(|most| price.is_some_and(|price| price <= most))
    }

    fn asks_of_offers(&self) -> bool {
        let names = ["provider", "capability", "modality", "min_context", "max_price", "health"];
        self.0.iter().any(|(name, _)| names.contains(name))
    }

    fn passes(&self, model: &Value) -> bool {
        let name = model["name"].as_str().unwrap().to_lowercase();
        let words = self.one("q").unwrap_or_default().to_lowercase();
        let offers = model["providers"].as_array().unwrap();
        words.split_whitespace().all(|word| name.contains(word))
            && (!self.asks_of_offers() || offers.iter().any(|offer| self.passes_offer(offer)))
    }

    /// Those of the models that pass.
    pub(super) fn filtered<'m>(&self, models: &'m [Value]) -> Vec<&'m Value> {
        models.iter().filter(|model| self.passes(model)).collect()
    }
}

/// How many of the models have an offer with what.
pub(super) fn facets(models: &[&Value]) -> Value {
    let values = |of: &dyn Fn(&Value) -> Vec<String>| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for model in models {
            let offers = model["providers"].as_array().unwrap();
            let different: BTreeSet<String> = offers.iter().flat_map(of).collect();
            for value in different {
                *counts.entry(value).or_default() += 1;
            }
        }
        counts
    };
    let text = |field: &'static str| {
        move |offer: &Value| offer[field].as_str().map(str::to_owned).into_iter().collect()
    };
    let capabilities = ["streaming", "function_calling", "vision"];
    let can = |offer: &Value| {
        let has = |it: &&&str| offer[format!("supports_{it}")] == json!(true);
        capabilities.iter().filter(has).map(|it| (*it).to_owned()).collect()
    };
    let counted = values(&can);
    let capability: BTreeMap<&str, usize> =
        capabilities.iter().map(|it| (*it, counted.get(*it).copied().unwrap_or(0))).collect();
    json!({
        "provider": values(&text("slug")),
        "modality": values(&text("modality")),
        "capability": capability,
    })
}
