//! Rows as the origin sends them: a provider's models, and what other rows have of prices (docs/backend.md, "Requests of a
//! provider's catalog").

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::catalog::unique::Object;

/// A row of `models` with its provider and its prices embedded. What is passed on verbatim is kept as the origin wrote it.
#[derive(Deserialize)]
pub(super) struct ModelRow<'a> {
    /// Primary key.
    pub(super) id: i64,
    /// Whose it is, where rows of several are asked for.
    #[serde(default)]
    pub(super) provider_id: Option<i64>,
    #[serde(borrow)]
    pub(super) provider_model_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) model_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) context_length: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) description: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) modality: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) health_status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) average_response_time_ms: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) providers: ProviderPart<'a>,
    #[serde(borrow)]
    pub(super) model_pricing: Option<&'a RawValue>,
}

/// What an entry needs of its provider.
#[derive(Deserialize)]
pub(super) struct ProviderPart<'a> {
    #[serde(borrow)]
    pub(super) site_url: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) logo_url: Option<&'a RawValue>,
}

/// What a row of `models` says of its price, whosever it is.
#[derive(Deserialize)]
pub(super) struct PriceRow<'a> {
    /// Primary key.
    pub(super) id: i64,
    #[serde(borrow)]
    pub(super) provider_model_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) model_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) pricing_raw: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) pricing: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) model_pricing: Option<&'a RawValue>,
}

/// The members of `models.metadata` that are read.
#[derive(Clone, Copy, Default, Deserialize)]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    pub(super) pricing_raw: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) pricing: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) is_private: Option<&'a RawValue>,
}

impl<'a> Metadata<'a> {
    /// Reads the column; what is no object has no members.
    pub(super) fn read(column: Option<&'a RawValue>) -> Self {
        object(column).unwrap_or_default()
    }

    pub(super) fn is_private(self) -> bool {
        self.is_private.is_some_and(|value| value.get() == "true")
    }
}

/// The id of an entry: the provider's own, or else the model's name; none where both are missing or empty.
pub(super) fn id_of<'r>(
    provider_model_id: Option<&'r str>,
    model_name: Option<&'r str>,
) -> Option<&'r str> {
    provider_model_id.filter(|id| !id.is_empty()).or(model_name)
}

/// Reads a value as an object of a kind; none where it is not one.
pub(super) fn object<'a, T: Deserialize<'a>>(value: Option<&'a RawValue>) -> Option<T> {
    let Object(object) = serde_json::from_str(value?.get()).ok()?;
    Some(object)
}

/// Whether Python takes a value that is not null for false.
pub(super) fn is_falsy(value: &RawValue) -> bool {
    let text = value.get();
    match text.as_bytes() {
        [b'f', ..] | [b'"', b'"'] => true,
        [b'{', within @ .., b'}'] | [b'[', within @ .., b']'] => within.trim_ascii().is_empty(),
        [b'-' | b'0'..=b'9', ..] => text.parse::<f64>().is_ok_and(|number| number == 0.0),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_false() {
        for (text, expected) in [
            ("false", true),
            ("true", false),
            ("0", true),
            ("-0.0", true),
            ("0.1", false),
            ("\"\"", true),
            ("\"0\"", false),
            ("{}", true),
            ("[ ]", true),
            ("[0]", false),
            ("{\"a\":0}", false),
        ] {
            let value = RawValue::from_string(text.to_owned()).unwrap();
            assert_eq!(is_falsy(&value), expected, "{text}");
        }
    }

    #[test]
    fn an_id_is_the_providers_own_or_else_the_name() {
        for (own, name, expected) in [
            (Some("a"), Some("b"), Some("a")),
            (Some(" "), Some("b"), Some(" ")),
            (Some(""), Some("b"), Some("b")),
            (None, Some(""), Some("")),
            (Some(""), None, None),
        ] {
            assert_eq!(id_of(own, name), expected, "{own:?} {name:?}");
        }
    }
}
