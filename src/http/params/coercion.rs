//! Values of a query as pydantic coerces them; what cannot be coerced is a mistake (docs/backend.md, "Query parameters").

use serde_json::json;

use super::{
    integer::{Integer, IntegerError},
    mistake::Mistake,
    parameter::{Bounds, FALSE_WORDS, TRUE_WORDS},
};
use crate::catalog::python_float;

/// A whole number of any size.
pub(super) fn whole(
    mistakes: &mut Vec<Mistake>,
    name: &str,
    raw: Option<String>,
) -> Option<Integer> {
    read_whole(mistakes, name, &raw?)
}

fn read_whole(mistakes: &mut Vec<Mistake>, name: &str, raw: &str) -> Option<Integer> {
    let (kind, text) = match Integer::parse(raw) {
        Ok(value) => return Some(value),
        Err(IntegerError::Parsing) => {
            ("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
        }
        Err(IntegerError::Size) => (
            "int_parsing_size",
            "Unable to parse input string as an integer, exceeded maximum size",
        ),
    };
    mistakes.push(Mistake::of_query(kind, name, text, raw));
    None
}

/// A whole number within bounds.
pub(super) fn integer(
    mistakes: &mut Vec<Mistake>,
    name: &str,
    raw: Option<String>,
    Bounds { least, most }: Bounds,
) -> Option<Integer> {
    let raw = raw?;
    let value = read_whole(mistakes, name, &raw)?;
    let mistake = if value.is_below(least) {
        let text = format!("Input should be greater than or equal to {least}");
        Mistake::of_query("greater_than_equal", name, &text, &raw)
            .with_context(json!({ "ge": least }))
    } else {
        let Some(most) = most.filter(|most| value.is_above(*most)) else { return Some(value) };
        let text = format!("Input should be less than or equal to {most}");
        Mistake::of_query("less_than_equal", name, &text, &raw).with_context(json!({ "le": most }))
    };
    mistakes.push(mistake);
    None
}

/// A boolean: by its words, in any letter case, and without trimming.
pub(super) fn boolean(
    mistakes: &mut Vec<Mistake>,
    name: &str,
    raw: Option<String>,
) -> Option<bool> {
    let raw = raw?;
    match raw.to_ascii_lowercase().as_str() {
        word if TRUE_WORDS.contains(&word) => Some(true),
        word if FALSE_WORDS.contains(&word) => Some(false),
        _ => {
            let text = "Input should be a valid boolean, unable to interpret input";
            mistakes.push(Mistake::of_query("bool_parsing", name, text, &raw));
            None
        }
    }
}

/// A number that is finite: no price is anything else, and JSON has no other.
pub(super) fn number(mistakes: &mut Vec<Mistake>, name: &str, raw: Option<String>) -> Option<f64> {
    let raw = raw?;
    let (kind, text) = match python_float(&raw) {
        Some(value) if value.is_finite() => return Some(value),
        Some(_) => ("finite_number", "Input should be a finite number"),
        None => {
            ("float_parsing", "Input should be a valid number, unable to parse string as a number")
        }
    };
    mistakes.push(Mistake::of_query(kind, name, text, &raw));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_finite() {
        let read = |raw: &str| {
            let mut mistakes = Vec::new();
            let value = number(&mut mistakes, "min_price", Some(raw.to_owned()));
            (value, json!(mistakes)[0]["type"].as_str().map(str::to_owned))
        };
        let mistake = |kind: &str| (None, Some(kind.to_owned()));
        for (raw, expected) in [
            (" 1e-6 ", (Some(1e-6), None)),
            ("-1", (Some(-1.0), None)),
            ("inf", mistake("finite_number")),
            ("1e999", mistake("finite_number")),
            ("free", mistake("float_parsing")),
            ("", mistake("float_parsing")),
        ] {
            assert_eq!(read(raw), expected, "{raw}");
        }
    }
}
