//! The parameters that the backend does not know: which of a listing's models, and what of them. They are no part of a key; what is asked for
//! is cut out of a listing that is there.

use std::fmt::Write;

use form_urlencoded::byte_serialize;
use serde_json::json;

use crate::catalog::{Capability, Fields, Filter};
use crate::http::params::{
    coercion::{boolean, integer, number},
    integer::Integer,
    mistake::Mistake,
    parameter::{Bounds, Parameter},
};

/// What a client may send: so many values of a parameter that takes several, so many words, and so many characters of each text.
pub(crate) const VALUES_MAX: usize = 20;
pub(crate) const WORDS_MAX: usize = 8;
pub(crate) const TEXT_MAX: usize = 200;
/// The bounds of `min_context`.
pub(crate) const MIN_CONTEXT: Bounds = Bounds { least: 1, most: None };
/// The words of `view`.
pub(crate) const VIEWS: [&str; 2] = [FULL, STABLE];
const FULL: &str = "full";
const STABLE: &str = "stable";

/// What is cut out of a listing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Excerpt {
    /// Which models.
    pub(crate) filter: Filter,
    /// Which fields of them; all where there are none.
    pub(crate) fields: Option<Fields>,
    /// Whether to count who has what.
    pub(crate) facets: bool,
    /// The parameters once more, in one form, for links: nothing of it stands as it was sent.
    pub(crate) asked: String,
}

/// The values as they were sent.
#[derive(Default)]
pub(super) struct Raw {
    name: Option<String>,
    q: Option<String>,
    provider: Vec<String>,
    capability: Vec<String>,
    modality: Vec<String>,
    min_context: Option<String>,
    max_price: Option<String>,
    health: Vec<String>,
    fields: Vec<String>,
    facets: Option<String>,
    view: Option<String>,
}

impl Raw {
    /// Notes a value. Of what takes one the last counts; what takes several may be repeated, or have commas between.
    pub(super) fn note(&mut self, parameter: Parameter, value: String) {
        let (one, several) = match parameter {
            Parameter::Name => (Some(&mut self.name), None),
            Parameter::Q => (Some(&mut self.q), None),
            Parameter::MinContext => (Some(&mut self.min_context), None),
            Parameter::MaxPrice => (Some(&mut self.max_price), None),
            Parameter::Facets => (Some(&mut self.facets), None),
            Parameter::View => (Some(&mut self.view), None),
            Parameter::Provider => (None, Some(&mut self.provider)),
            Parameter::Capability => (None, Some(&mut self.capability)),
            Parameter::Modality => (None, Some(&mut self.modality)),
            Parameter::Health => (None, Some(&mut self.health)),
            Parameter::Fields => (None, Some(&mut self.fields)),
            _ => (None, None),
        };
        if let Some(all) = several {
            let values = value.split(',');
            // One more than may be, to be told so.
            let room = VALUES_MAX.saturating_add(1).saturating_sub(all.len());
            all.extend(values.take(room).map(str::to_owned));
        } else if let Some(one) = one {
            *one = Some(value);
        }
    }

    /// What was asked for; none where it is nothing but the whole.
    pub(super) fn check(self, mistakes: &mut Vec<Mistake>) -> Option<Box<Excerpt>> {
        let mut check = Check { mistakes, asked: String::new() };
        let filter = Filter {
            name: check.text(Parameter::Name, self.name),
            words: check.words(self.q),
            providers: check.texts(Parameter::Provider, &self.provider),
            capabilities: check.capabilities(&self.capability),
            modalities: check.texts(Parameter::Modality, &self.modality),
            min_context: check.min_context(self.min_context),
            max_price: check.max_price(self.max_price),
            healths: check.texts(Parameter::Health, &self.health),
        };
        let fields = check.fields(&self.fields);
        let facets = boolean(check.mistakes, Parameter::Facets.as_str(), self.facets) == Some(true);
        if facets {
            check.note(Parameter::Facets, "true");
        }
        let is_stable = check.is_stable(self.view.as_deref());
        let fields = match (fields, is_stable) {
            (Some(fields), true) => Some(fields.and(&Fields::stable())),
            (None, true) => Some(Fields::stable()),
            (fields, false) => fields,
        };
        let excerpt = Excerpt { filter, fields, facets, asked: check.asked };
        (excerpt != Excerpt::default()).then(|| Box::new(excerpt))
    }
}

/// The mistakes so far, and what was understood.
struct Check<'m> {
    mistakes: &'m mut Vec<Mistake>,
    asked: String,
}

impl Check<'_> {
    /// Notes what was understood.
    fn note(&mut self, parameter: Parameter, value: &str) {
        for part in [parameter.as_str(), "="].into_iter().chain(byte_serialize(value.as_bytes())) {
            self.asked.push_str(part);
        }
        self.asked.push('&');
    }

    fn is_too_long(&mut self, parameter: Parameter, text: &str) -> bool {
        let is_too_long = text.chars().count() > TEXT_MAX;
        if is_too_long {
            let sentence = format!("String should have at most {TEXT_MAX} characters");
            let mistake = Mistake::of_query("string_too_long", parameter.as_str(), &sentence, text);
            self.mistakes.push(mistake.with_context(json!({ "max_length": TEXT_MAX })));
        }
        is_too_long
    }

    fn are_too_many(&mut self, parameter: Parameter, values: &[String], most: usize) -> bool {
        let are_too_many = values.len() > most;
        if are_too_many {
            let sentence = format!("List should have at most {most} items after validation");
            let (name, input) = (parameter.as_str(), values.join(","));
            let mistake = Mistake::of_query("too_long", name, &sentence, &input);
            self.mistakes.push(mistake.with_context(json!({ "max_length": most })));
        }
        are_too_many
    }

    fn not_among(&mut self, parameter: Parameter, value: &str, words: &[impl AsRef<str>]) {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.as_ref())).collect();
        let (last, others) = quoted.split_last().map_or(("", &[][..]), |(last, rest)| (last, rest));
        let expected = format!("{} or {last}", others.join(", "));
        let sentence = format!("Input should be {expected}");
        let mistake = Mistake::of_query("literal_error", parameter.as_str(), &sentence, value);
        self.mistakes.push(mistake.with_context(json!({ "expected": expected })));
    }

    fn text(&mut self, parameter: Parameter, raw: Option<String>) -> Option<String> {
        let text = raw.filter(|raw| !raw.is_empty())?;
        if self.is_too_long(parameter, &text) {
            return None;
        }
        self.note(parameter, &text);
        Some(text)
    }

    /// Texts without the white space around them; empty ones say nothing.
    fn texts(&mut self, parameter: Parameter, values: &[String]) -> Vec<String> {
        if self.are_too_many(parameter, values, VALUES_MAX) {
            return Vec::new();
        }
        let mut texts = Vec::new();
        for value in values {
            let text = value.trim();
            if !self.is_too_long(parameter, value) && !text.is_empty() {
                self.note(parameter, text);
                texts.push(text.to_owned());
            }
        }
        texts
    }

    fn words(&mut self, raw: Option<String>) -> Vec<String> {
        let Some(text) = raw.filter(|raw| !self.is_too_long(Parameter::Q, raw)) else {
            return Vec::new();
        };
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() || self.are_too_many(Parameter::Q, &words, WORDS_MAX) {
            return Vec::new();
        }
        self.note(Parameter::Q, &words.join(" "));
        words
    }

    fn capabilities(&mut self, values: &[String]) -> Vec<Capability> {
        let mut capabilities = Vec::new();
        if self.are_too_many(Parameter::Capability, values, VALUES_MAX) {
            return capabilities;
        }
        for value in values {
            if let Some(capability) = Capability::parse(value) {
                self.note(Parameter::Capability, value);
                capabilities.push(capability);
            } else {
                let words = Capability::ALL.map(Capability::as_str);
                self.not_among(Parameter::Capability, value, &words);
            }
        }
        capabilities
    }

    fn min_context(&mut self, raw: Option<String>) -> Option<u64> {
        let least = integer(self.mistakes, Parameter::MinContext.as_str(), raw, MIN_CONTEXT)?;
        self.note(Parameter::MinContext, least.as_str());
        Some(tokens(&least))
    }

    fn max_price(&mut self, raw: Option<String>) -> Option<f64> {
        let (name, input) = (Parameter::MaxPrice.as_str(), raw.clone()?);
        let most = number(self.mistakes, name, raw)?;
        if most < 0.0 {
            let sentence = "Input should be greater than or equal to 0";
            let mistake = Mistake::of_query("greater_than_equal", name, sentence, &input);
            self.mistakes.push(mistake.with_context(json!({ "ge": 0 })));
            return None;
        }
        self.note(Parameter::MaxPrice, &most.to_string());
        Some(most)
    }

    fn fields(&mut self, values: &[String]) -> Option<Fields> {
        if values.is_empty() || self.are_too_many(Parameter::Fields, values, VALUES_MAX) {
            return None;
        }
        let mut fields = Fields::least();
        for value in values {
            if !fields.add(value) {
                let names: Vec<String> = Fields::names().collect();
                self.not_among(Parameter::Fields, value, &names);
            }
        }
        self.note(Parameter::Fields, &values.join(","));
        Some(fields)
    }

    fn is_stable(&mut self, raw: Option<&str>) -> bool {
        match raw {
            None | Some(FULL) => false,
            Some(STABLE) => {
                self.note(Parameter::View, STABLE);
                true
            }
            Some(other) => {
                self.not_among(Parameter::View, other, &VIEWS);
                false
            }
        }
    }
}

/// No context is as long as the largest number.
fn tokens(number: &Integer) -> u64 {
    number.as_str().parse().unwrap_or(u64::MAX)
}

impl Excerpt {
    /// The filters as they were understood, as members that follow others of a JSON object; nothing where there are none.
    pub(crate) fn echo(&self) -> String {
        let Filter {
            name,
            words,
            providers,
            capabilities,
            modalities,
            min_context,
            max_price,
            healths,
        } = &self.filter;
        let capabilities: Vec<&str> = capabilities.iter().map(|it| it.as_str()).collect();
        let several = |values: &[String]| (!values.is_empty()).then(|| json!(values));
        let members = [
            (Parameter::Name, name.as_ref().map(|name| json!(name))),
            (Parameter::Q, (!words.is_empty()).then(|| json!(words.join(" ")))),
            (Parameter::Provider, several(providers)),
            (Parameter::Capability, (!capabilities.is_empty()).then(|| json!(capabilities))),
            (Parameter::Modality, several(modalities)),
            (Parameter::MinContext, min_context.map(|least| json!(least))),
            (Parameter::MaxPrice, max_price.map(|most| json!(most))),
            (Parameter::Health, several(healths)),
        ];
        let mut echo = String::new();
        for (parameter, value) in members {
            if let Some(value) = value {
                let _ = write!(echo, ",\"{}\":{value}", parameter.as_str());
            }
        }
        echo
    }
}
