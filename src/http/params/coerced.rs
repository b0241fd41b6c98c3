//! Numbers and booleans of a query, as pydantic reads them; what it does not read is noted as its mistake.

use serde_json::json;

use super::{
    integer::{Integer, IntegerError},
    mistake::Mistake,
    parameter::{Bounds, FALSE_WORDS, Parameter, TRUE_WORDS},
};

/// A whole number within its bounds.
pub(super) fn integer(
    mistakes: &mut Vec<Mistake>,
    parameter: Parameter,
    raw: Option<String>,
    Bounds { least, most }: Bounds,
) -> Option<Integer> {
    let (name, raw) = (parameter.as_str(), raw?);
    let mistake = match Integer::parse(&raw) {
        Err(IntegerError::Parsing) => {
            let text = "Input should be a valid integer, unable to parse string as an integer";
            Mistake::of_query("int_parsing", name, text, &raw)
        }
        Err(IntegerError::Size) => {
            let text = "Unable to parse input string as an integer, exceeded maximum size";
            Mistake::of_query("int_parsing_size", name, text, &raw)
        }
        Ok(value) if value.is_below(least) => {
            let text = format!("Input should be greater than or equal to {least}");
            Mistake::of_query("greater_than_equal", name, &text, &raw)
                .with_context(json!({ "ge": least }))
        }
        Ok(value) => match most.filter(|most| value.is_above(*most)) {
            None => return Some(value),
            Some(most) => {
                let text = format!("Input should be less than or equal to {most}");
                Mistake::of_query("less_than_equal", name, &text, &raw)
                    .with_context(json!({ "le": most }))
            }
        },
    };
    mistakes.push(mistake);
    None
}

/// pydantic's bool: by these words, in any letter case, and without trimming. False where it was not sent.
pub(super) fn boolean(
    mistakes: &mut Vec<Mistake>,
    parameter: Parameter,
    raw: Option<String>,
) -> bool {
    let Some(raw) = raw else { return false };
    match raw.to_ascii_lowercase().as_str() {
        word if TRUE_WORDS.contains(&word) => true,
        word if FALSE_WORDS.contains(&word) => false,
        _ => {
            let text = "Input should be a valid boolean, unable to interpret input";
            mistakes.push(Mistake::of_query("bool_parsing", parameter.as_str(), text, &raw));
            false
        }
    }
}
