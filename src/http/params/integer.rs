//! Whole numbers of a query as pydantic reads them: `01`, `+1`, `1.0`, `1_0`, white space around, and no upper bound,
//! since the backend has none and echoes what it read (docs/backend.md, "Query parameters").

/// pydantic refuses longer ones.
const DIGITS_MAX: usize = 4300;

/// A whole number of any size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Integer {
    negative: bool,
    /// Without leading zeros; `0` for zero.
    digits: String,
}

/// Why a text is no whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntegerError {
    /// It does not read as one.
    Parsing,
    /// It has more digits than pydantic takes.
    Size,
}

impl Integer {
    /// Reads the value of a parameter.
    pub(crate) fn parse(text: &str) -> Result<Self, IntegerError> {
        let text = text.trim();
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let whole = match unsigned.split_once('.') {
            Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
            Some(_) => return Err(IntegerError::Parsing),
            None => unsigned,
        };
        let grouped = !whole.starts_with('_') && !whole.ends_with('_') && !whole.contains("__");
        let digits: String = whole.chars().filter(|c| *c != '_').collect();
        if !grouped || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(IntegerError::Parsing);
        }
        if digits.len() > DIGITS_MAX {
            return Err(IntegerError::Size);
        }
        let significant = digits.trim_start_matches('0');
        let is_zero = significant.is_empty();
        let digits = if is_zero { "0" } else { significant }.to_owned();
        Ok(Self { negative: negative && !is_zero, digits })
    }

    /// A number that fits.
    pub(crate) fn of(value: usize) -> Self {
        Self { negative: false, digits: value.to_string() }
    }

    /// Whether this is less than a bound.
    pub(crate) fn is_below(&self, bound: usize) -> bool {
        self.negative || self.saturating() < bound
    }

    /// Whether this is greater than a bound.
    pub(crate) fn is_above(&self, bound: usize) -> bool {
        !self.negative && self.saturating() > bound
    }

    /// The value as a `usize`: the largest one when it is larger, and 0 when it is negative.
    pub(crate) fn saturating(&self) -> usize {
        if self.negative { 0 } else { self.digits.parse().unwrap_or(usize::MAX) }
    }

    /// The number as JSON writes it.
    pub(crate) fn to_json(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{}", self.digits)
    }

    /// The digits as JSON writes them, without a sign: nothing negative passes the bounds, so none is ever echoed.
    pub(crate) fn as_str(&self) -> &str {
        &self.digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_pydantics() {
        for (text, digits) in [
            ("0", "0"),
            ("000", "0"),
            ("-0", "0"),
            ("007", "7"),
            ("+1", "1"),
            ("1.0", "1"),
            ("1.000", "1"),
            ("1_0", "10"),
            (" 5\t", "5"),
            ("\u{a0}5\u{2003}", "5"),
            ("99999999999999999999999", "99999999999999999999999"),
        ] {
            assert_eq!(Integer::parse(text).unwrap().as_str(), digits, "{text:?}");
        }
        for text in [
            "",
            " ",
            "+",
            "-",
            "--1",
            "+-1",
            "1.",
            ".0",
            "1.5",
            "1.0.0",
            "1e2",
            "0x10",
            "_1",
            "1_",
            "1__0",
            "1_.0",
            "true",
            "\u{661}",
            "1 0",
            "\u{feff}1",
        ] {
            assert_eq!(Integer::parse(text), Err(IntegerError::Parsing), "{text:?}");
        }
    }

    #[test]
    fn length_is_bounded_in_digits() {
        let longest = "9".repeat(DIGITS_MAX);
        assert_eq!(Integer::parse(&longest).unwrap().as_str(), longest);
        assert_eq!(Integer::parse(&format!("{longest}9")), Err(IntegerError::Size));
        assert_eq!(Integer::parse(&format!("0{longest}")), Err(IntegerError::Size));
    }

    #[test]
    fn bounds_hold_for_numbers_of_any_size() {
        for (text, is_below_1, is_above_1000) in [
            ("-99999999999999999999999", true, false),
            ("-1", true, false),
            ("0", true, false),
            ("1", false, false),
            ("1000", false, false),
            ("1001", false, true),
            ("99999999999999999999999", false, true),
        ] {
            let value = Integer::parse(text).unwrap();
            assert_eq!(value.is_below(1), is_below_1, "{text}");
            assert_eq!(value.is_above(1000), is_above_1000, "{text}");
        }
        assert_eq!(Integer::parse("99999999999999999999999").unwrap().saturating(), usize::MAX);
        assert_eq!(Integer::of(7), Integer::parse("7").unwrap());
        assert_eq!(Integer::parse("-007").unwrap().to_json(), "-7");
    }
}
