//! The price of an entry: what its own row says of it, and what it is shown as (docs/backend.md, "Prices of a provider's
//! model"). A value that is no number is unknown: it is never shown as "0".

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::rows::{is_falsy, object};
use crate::catalog::unique::{Price, python_float, python_repr};

/// Prices by name, as texts, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pricing(Vec<(&'static str, String)>);

impl Serialize for Pricing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, text)| (name, text)))
    }
}

/// An object of prices as a row has it.
#[derive(Clone, Copy, Default, Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    prompt: Option<&'a RawValue>,
    #[serde(borrow)]
    completion: Option<&'a RawValue>,
    #[serde(borrow)]
    image: Option<&'a RawValue>,
    #[serde(borrow)]
    request: Option<&'a RawValue>,
}

/// A row of `model_pricing`.
#[derive(Deserialize)]
struct Table<'a> {
    #[serde(borrow)]
    price_per_input_token: Option<&'a RawValue>,
    #[serde(borrow)]
    price_per_output_token: Option<&'a RawValue>,
}

/// What a row's metadata say of its price, and what `model_pricing` does.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) pricing_raw: Option<&'a RawValue>,
    pub(super) pricing: Option<&'a RawValue>,
    pub(super) model_pricing: Option<&'a RawValue>,
}

/// What an entry shows of its price.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// What its row says, in the row's own words.
    Own(Pricing),
    /// What the price table says of its row; such an entry names the database as its source.
    Table(Pricing),
    /// Its row says nothing that is a price, or only prices of zero for images and requests: another row's price may stand there.
    Unpriced(Option<Pricing>),
}

impl Said<'_> {
    /// What the entry of this row shows.
    pub(super) fn shown(self) -> Shown {
        let own = self.own();
        if own.0.iter().any(|(_, text)| is_priced(text)) {
            return Shown::Own(own);
        }
        if let Some(table) = self.table() {
            return Shown::Table(table);
        }
        let numbers = own.0.into_iter().filter(|(_, text)| python_float(text).is_some()).collect();
        Shown::Unpriced(Some(Pricing(numbers)).filter(|left| !left.0.is_empty()))
    }

    /// What the price table says of this row: `model_pricing` unless both of its prices are zero, else the metadata.
    pub(super) fn table(self) -> Option<Pricing> {
        self.of_model_pricing().or_else(|| self.of_metadata())
    }

    fn own(self) -> Pricing {
        let stored: Stored<'_> = object(self.pricing_raw).unwrap_or_default();
        let Stored { prompt, completion, image, request } = stored;
        let named = [
            ("prompt", prompt),
            ("completion", completion),
            ("image", image),
            ("request", request),
        ];
        Pricing(named.into_iter().filter_map(|(name, value)| Some((name, text(value?)?))).collect())
    }

    fn of_model_pricing(self) -> Option<Pricing> {
        let Table { price_per_input_token, price_per_output_token } = one(self.model_pricing?)?;
        let zero = || Some("0".to_owned());
        let [prompt, completion] = [price_per_input_token, price_per_output_token]
            .map(|column| column.map_or(Some(0.0), number));
        let is_zero = |price: Option<f64>| price.is_none_or(|price| price == 0.0);
        if is_zero(prompt) && is_zero(completion) {
            return None;
        }
        let shown = |price: Option<f64>| Some(in_table(price?, python_repr(price?)));
        Some(Pricing::of_table([shown(prompt), shown(completion), zero(), zero()]))
    }

    fn of_metadata(self) -> Option<Pricing> {
        let source = self.pricing_raw.filter(|value| !is_falsy(value)).or(self.pricing);
        let Stored { prompt, completion, image, request } = object(source)?;
        // What is absent is zero there; what is no number is unknown, and left out.
        let shown = |value: Option<&RawValue>| {
            let Some(value) = value else { return Some("0".to_owned()) };
            Some(in_table(number(value)?, text(value)?))
        };
        let is_known = |value: Option<&RawValue>| value.and_then(number).is_some();
        (is_known(prompt) || is_known(completion)).then(|| {
            Pricing::of_table([shown(prompt), shown(completion), shown(request), shown(image)])
        })
    }
}

impl Pricing {
    /// Prices as the price table has them, in its order.
    fn of_table(texts: [Option<String>; 4]) -> Self {
        let named = ["prompt", "completion", "request", "image"].into_iter().zip(texts);
        Self(named.filter_map(|(name, text)| Some((name, text?))).collect())
    }
}

/// What the price table shows of a number; a negative one, which some providers use for "dynamic", is zero there.
fn in_table(number: f64, text: String) -> String {
    if number < 0.0 { "0".to_owned() } else { text }
}

/// `str()` of a value that is not null; none of what is no scalar.
fn text(value: &RawValue) -> Option<String> {
    (!value.get().starts_with(['{', '['])).then(|| Price::read(Some(value)).text)
}

/// `float()` of a value, if that is finite.
fn number(value: &RawValue) -> Option<f64> {
    Price::read(Some(value)).stored.filter(|number| number.is_finite())
}

/// Whether a text is a number other than zero to `float()`, to which NaN is one.
fn is_priced(text: &str) -> bool {
    let unsigned = text.trim().trim_start_matches(['+', '-']);
    python_float(text).is_some_and(|number| number != 0.0) || unsigned.eq_ignore_ascii_case("nan")
}

/// The one row that is embedded: PostgREST shows it as an object where a constraint says that there is one at most, else in an
/// array.
fn one<'a>(embedded: &'a RawValue) -> Option<Table<'a>> {
    let rows =
        || serde_json::from_str::<Vec<&'a RawValue>>(embedded.get()).ok()?.into_iter().next();
    object(Some(embedded)).or_else(|| object(rows()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn raw(value: &str) -> Option<Box<RawValue>> {
        (value != "null").then(|| RawValue::from_string(value.to_owned()).unwrap())
    }

    /// What a row shows: the tag, and the prices.
    fn shown(pricing_raw: &str, pricing: &str, model_pricing: &str) -> (&'static str, String) {
        let [pricing_raw, pricing, model_pricing] = [pricing_raw, pricing, model_pricing].map(raw);
        let said = Said {
            pricing_raw: pricing_raw.as_deref(),
            pricing: pricing.as_deref(),
            model_pricing: model_pricing.as_deref(),
        };
        let json = |pricing: &Option<Pricing>| serde_json::to_string(pricing).unwrap();
        match said.shown() {
            Shown::Own(pricing) => ("own", json(&Some(pricing))),
            Shown::Table(pricing) => ("table", json(&Some(pricing))),
            Shown::Unpriced(pricing) => ("unpriced", json(&pricing)),
        }
    }

    #[test]
    fn a_rows_own_words_stay_where_one_of_them_is_a_price() {
        for (stored, prices) in [
            (r#"{"request":"0","prompt":"1.5E-7"}"#, r#"{"prompt":"1.5E-7","request":"0"}"#),
            (r#"{"prompt":" 0.9 "}"#, r#"{"prompt":" 0.9 "}"#),
            (r#"{"prompt":"-1","image":null}"#, r#"{"prompt":"-1"}"#),
            (r#"{"prompt":"NaN"}"#, r#"{"prompt":"NaN"}"#),
            (r#"{"prompt":1e-7,"completion":2}"#, r#"{"prompt":"1e-07","completion":"2"}"#),
            (
                r#"{"completion":"5","prompt":"call us"}"#,
                r#"{"prompt":"call us","completion":"5"}"#,
            ),
            (r#"{"prompt":"1","completion":{"usd":1},"image":[]}"#, r#"{"prompt":"1"}"#),
            (r#"{"prompt":"1","web_search":"2"}"#, r#"{"prompt":"1"}"#),
        ] {
            let table = r#"{"price_per_input_token":7,"price_per_output_token":7}"#;
            assert_eq!(shown(stored, "null", table), ("own", prices.to_owned()), "{stored}");
        }
    }

    #[test]
    fn the_table_has_four_prices() {
        let four = |prompt: &str, completion: &str| {
            let prices = format!(r#""prompt":"{prompt}","completion":"{completion}""#);
            ("table", format!(r#"{{{prices},"request":"0","image":"0"}}"#))
        };
        let columns = |input: &str, output: &str| {
            format!(r#"{{"price_per_input_token":{input},"price_per_output_token":{output}}}"#)
        };
        let zeros = r#"{"prompt":"0","completion":"0.000"}"#;
        for (stored, pricing, table, expected) in [
            ("null", "null", columns("0.000000150000000", "6e-07"), four("1.5e-07", "6e-07")),
            ("null", "null", format!("[{}]", columns("0", "2")), four("0.0", "2.0")),
            (zeros, "null", columns("1", "null"), four("1.0", "0.0")),
            (zeros, "null", columns("0", "0"), four("0", "0.000")),
            (zeros, "null", "[]".into(), four("0", "0.000")),
            (r#"{"prompt":0,"completion":0.0}"#, "null", "null".into(), four("0", "0.0")),
            (r#"{"prompt":true,"completion":false}"#, "null", "null".into(), four("True", "False")),
            ("{}", r#"{"prompt":"4","completion":null}"#, "null".into(), four("4", "0")),
            ("null", r#"{"prompt":"-4","completion":"1"}"#, "null".into(), four("0", "1")),
        ] {
            assert_eq!(shown(stored, pricing, &table), expected, "{stored} {pricing} {table}");
        }
    }

    #[test]
    fn what_is_no_number_is_unknown_and_not_zero() {
        let huge = "9".repeat(400);
        let absurd = format!(r#"{{"price_per_input_token":{huge},"price_per_output_token":0}}"#);
        let half = format!(r#"{{"prompt":{huge},"completion":"0.5"}}"#);
        for (stored, pricing, table, expected) in [
            (r#"{"prompt":"free","completion":"call us"}"#, "null", "null", "null"),
            (r#"{"prompt":"","completion":" "}"#, "null", "null", "null"),
            (r#"{"prompt":{"usd":1},"completion":["1"]}"#, "null", "null", "null"),
            (r#"{"image":"0","request":"free"}"#, "null", "null", r#"{"image":"0"}"#),
            (r#""0.1""#, "null", "null", "null"),
            (r#"["0.1"]"#, r#"{"prompt":"1"}"#, "null", "null"),
            ("null", r#"{"prompt":"free"}"#, "null", "null"),
            ("null", r#"{"image":"1"}"#, "null", "null"),
            ("null", "null", absurd.as_str(), "null"),
            (
                "null",
                "null",
                r#"{"price_per_input_token":"NaN","price_per_output_token":0}"#,
                "null",
            ),
            ("null", "null", "7", "null"),
        ] {
            let shown = shown(stored, pricing, table);
            assert_eq!(shown, ("unpriced", expected.to_owned()), "{stored} {pricing} {table}");
        }
        let one = r#"{"completion":"0.5","request":"0","image":"0"}"#;
        assert_eq!(
            shown("null", &half, "null"),
            ("table", one.to_owned()),
            "one price is lost, not two"
        );
        let one = r#"{"completion":"0","request":"0","image":"0"}"#;
        let stored = r#"{"prompt":"free","completion":"0"}"#;
        assert_eq!(shown(stored, "null", "null"), ("table", one.to_owned()));
    }

    fn scalar() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter_map("JSON has no NaN", |it| it.is_finite().then(|| json!(it))),
            "[ +-]?[0-9]{0,3}[.eE_]?[0-9]{0,3} ?".prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
            Just(json!({"usd": "1"})),
            Just(json!(["1", 2])),
        ]
    }

    proptest! {
        /// A price of the row's own is a stored text or number of the same name, and no price is made up: what is shown as zero
        /// was absent, negative, or zero.
        #[test]
        fn no_price_is_made_up(prompt in scalar(), completion in scalar(), image in scalar()) {
            let stored = json!({"prompt": prompt, "completion": completion, "image": image});
            let (tag, text) = shown(&stored.to_string(), "null", "null");
            let prices: Value = serde_json::from_str(&text).unwrap();
            for (name, price) in prices.as_object().into_iter().flatten() {
                let price = price.as_str().unwrap();
                let value = stored.get(name).unwrap_or(&Value::Null);
                if let Value::String(text) = value {
                    let is_negative = python_float(text).is_some_and(|number| number < 0.0);
                    prop_assert!(price == text || (tag == "table" && price == "0" && is_negative));
                }
                prop_assert!(!value.is_object() && !value.is_array());
                if tag != "own" {
                    let number = Price::read(raw(&value.to_string()).as_deref()).stored;
                    prop_assert!(number.is_some() || value.is_null(), "{name} of {stored}: {price}");
                }
            }
            let is_number = |value: &Value| {
                Price::read(raw(&value.to_string()).as_deref()).stored.is_some_and(f64::is_finite)
            };
            let is_priceless = ["prompt", "completion", "image"].iter().all(|name| !is_number(&stored[name]));
            if tag != "own" && is_priceless {
                prop_assert_eq!((tag, text.as_str()), ("unpriced", "null"));
            }
        }
    }
}
