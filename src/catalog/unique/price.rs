//! What Python makes of a price: its text (`str(v)`) and its number (`float(v)`), as docs/backend.md, "Price text" and "Price number", have them.

use serde_json::value::RawValue;

/// Where a price is looked for that an offer does not have itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriceFallback {
    /// Nowhere: what is shown is what the backend shows.
    #[default]
    Off,
    /// In the row of `model_pricing` that belongs to the offer's model. Offers are ordered by what is shown then.
    ModelPricing,
}

/// One of the four prices of an offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// What the API shows: always a string.
    pub text: String,
    /// `float()` of the stored value, by which offers are sorted. `None` (absent or no number) sorts last.
    pub stored: Option<f64>,
}

impl Price {
    /// Reads the stored value: a JSON token, or nothing. No value is ever an error: one bad price must not cost a
    /// model (docs/backend.md, "One bad price costs a model").
    pub fn read(raw: Option<&RawValue>) -> Self {
        Self::of(raw.map_or("null", RawValue::get))
    }

    /// The same of a JSON token.
    pub(super) fn of(token: &str) -> Self {
        let token = token.trim();
        match token.bytes().next() {
            Some(b'"') => {
                let text: String = serde_json::from_str(token).unwrap_or_default();
                let stored = python_float(&text);
                Self { text, stored }
            }
            Some(b'-' | b'0'..=b'9') => Self::number(token),
            Some(b't') => Self { text: "True".into(), stored: Some(1.0) },
            Some(b'f') => Self { text: "False".into(), stored: Some(0.0) },
            Some(b'n') | None => Self { text: "0".into(), stored: None },
            Some(_) => Self { text: token.to_owned(), stored: None },
        }
    }

    /// `float()` of the shown text, by which the cheapest offer is found: an absent price counts as 0 here
    /// (docs/backend.md, "Unpriced counts as free"). Only finite numbers count.
    pub fn shown(&self) -> Option<f64> {
        python_float(&self.text).filter(|value| value.is_finite())
    }

    /// Whether this says nothing: zero, which stands for a price that is not known, or what is no number.
    pub(super) fn is_unknown(&self) -> bool {
        self.shown().is_none_or(|value| value == 0.0)
    }

    fn number(token: &str) -> Self {
        let value: Option<f64> = token.parse().ok();
        if token.contains(['.', 'e', 'E']) {
            let text = value.map(python_repr).unwrap_or_default();
            return Self { text, stored: value };
        }
        let text = if token == "-0" { "0" } else { token };
        // Python refuses to make a float of an integer that is too large for one; ours sorts it last.
        Self { text: text.to_owned(), stored: value.filter(|value| value.is_finite()) }
    }
}

/// Python's `float(str)`: Unicode white space around it, a sign, digits with single underscores between them, a
/// point, an exponent, or infinity and nan by name. NaN is no price, so it is `None` here.
pub fn python_float(text: &str) -> Option<f64> {
    // Python also counts the four ASCII separators as white space.
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\x1c'..='\x1f'));
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
        return Some(f64::INFINITY * sign);
    }
    let mut digits = String::with_capacity(unsigned.len());
    let mut previous = ' ';
    let mut rest = unsigned.chars().peekable();
    while let Some(c) = rest.next() {
        let next_is_digit = rest.peek().is_some_and(char::is_ascii_digit);
        match c {
            '_' if previous.is_ascii_digit() && next_is_digit => {}
            '0'..='9' | '.' | 'e' | 'E' => digits.push(c),
            '+' | '-' if matches!(previous, 'e' | 'E') => digits.push(c),
            _ => return None,
        }
        previous = c;
    }
    // Rust's grammar for what is left is Python's: `.5`, `5.`, exponents, and an error for anything else.
    digits.parse::<f64>().ok().map(|value| value * sign)
}

/// Python's `repr(float)`: the shortest digits that read back the same, in positional notation from 1e-4 up to 1e16.
pub(in crate::catalog) fn python_repr(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(token: &str) -> Price {
        Price::read(Some(&RawValue::from_string(token.to_owned()).unwrap()))
    }

    #[test]
    fn prices_are_shown_as_python_prints_them() {
        for (token, text) in [
            ("null", "0"),
            (r#"" 0.9 ""#, " 0.9 "),
            (r#""1.5E-7""#, "1.5E-7"),
            ("1e-6", "1e-06"),
            ("0.000001", "1e-06"),
            ("0.000000150000000", "1.5e-07"),
            ("0.0001", "0.0001"),
            ("1e16", "1e+16"),
            ("123456789012345680.0", "1.2345678901234568e+17"),
            ("1e15", "1000000000000000.0"),
            ("0.00012345678901234567", "0.00012345678901234567"),
            ("1.0", "1.0"),
            ("0.5", "0.5"),
            ("2", "2"),
            ("-0", "0"),
            ("-0.0", "-0.0"),
            ("1e400", "inf"),
            ("true", "True"),
            ("99999999999999999999999", "99999999999999999999999"),
        ] {
            assert_eq!(read(token).text, text, "{token}");
        }
        assert_eq!(Price::read(None), Price { text: "0".into(), stored: None });
    }

    #[test]
    fn the_float_grammar_is_pythons() {
        for (text, value) in [
            ("0.000_85", Some(0.00085)),
            (" 0.9 ", Some(0.9)),
            ("\u{a0}1\u{2003}", Some(1.0)),
            ("+0.8", Some(0.8)),
            ("7.", Some(7.0)),
            (".5", Some(0.5)),
            ("1E-7", Some(1e-7)),
            ("1_0e1_0", Some(1e11)),
            ("-1", Some(-1.0)),
            ("INF", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("nan", None),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("1_.5", None),
            ("", None),
            (".", None),
            ("+-1", None),
            ("1e", None),
            ("0x10", None),
            ("free", None),
            ("infinit", None),
        ] {
            assert_eq!(python_float(text), value, "{text:?}");
        }
    }

    #[test]
    fn an_absurd_integer_is_only_itself_unpriced() {
        let absurd = read(&"9".repeat(400));
        assert_eq!(absurd.stored, None);
        assert_eq!(absurd.shown(), None);
        assert_eq!(absurd.text.len(), 400);
    }
}
