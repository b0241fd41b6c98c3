//! Integers of the query as pydantic reads them (REFERENCE.md §3): `01`, `+1`, `1.0`, `1_0`, white space around,
//! and no upper bound, since the backend has none and echoes what it read.

/// pydantic refuses longer ones.
const DIGITS_MAX: usize = 4300;

/// A whole number of any size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Integer {
    negative: bool,
    /// Without leading zeros; `0` for zero.
    digits: String,
}

/// Why a text is no integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntegerError {
    /// It does not read as one.
    Parsing,
    /// It has more digits than pydantic takes.
    Size,
}

impl Integer {
    /// Reads a query value.
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

    /// A small number.
    pub(crate) fn of(value: usize) -> Self {
        Self { negative: false, digits: value.to_string() }
    }

    /// Whether this is less than a small number.
    pub(crate) fn is_below(&self, bound: usize) -> bool {
        self.negative || self.saturating() < bound
    }

    /// Whether this is greater than a small number.
    pub(crate) fn is_above(&self, bound: usize) -> bool {
        !self.negative && self.saturating() > bound
    }

    /// The value; the largest there is when it is larger, and 0 when it is negative.
    pub(crate) fn saturating(&self) -> usize {
        if self.negative { 0 } else { self.digits.parse().unwrap_or(usize::MAX) }
    }

    /// As JSON writes it.
    pub(crate) fn as_str(&self) -> &str {
        // Bounds are checked before anything is echoed, so a sign never is.
        &self.digits
    }
}
