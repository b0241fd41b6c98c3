//! The query string of a listing: coercion and 422 items to the letter of FastAPI (REFERENCE.md §3), and `order`
//! checked, which the backend does not (DESIGN.md §3, difference 1).

use serde_json::{Value, json};

use super::integer::{Integer, IntegerError};
use crate::catalog::{Order, Page, Scope, Selection, SortBy};

/// The backend's bounds.
const LIMIT_MAX: usize = 1000;
const LIMIT_DEFAULT: usize = 100;

/// A query that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// Which listing.
    pub(crate) selection: Selection,
    /// Which part of it.
    pub(crate) page: Page,
    /// `offset` as it is echoed: it can be larger than any listing.
    pub(crate) offset: Integer,
    /// `min_providers` as it is echoed, likewise.
    pub(crate) min_providers: Option<Integer>,
}

/// Reads a query string. Of a repeated parameter the last counts, unknown ones are ignored; every mistake becomes
/// one item, in the backend's order of declaration.
pub(crate) fn parse(query: &str) -> Result<Query, Vec<Value>> {
    let mut raw = Raw::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let field = match &*name {
            "limit" => &mut raw.limit,
            "offset" => &mut raw.offset,
            "min_providers" => &mut raw.min_providers,
            "sort_by" => &mut raw.sort_by,
            "order" => &mut raw.order,
            "include_inactive" => &mut raw.include_inactive,
            _ => continue,
        };
        *field = Some(value.into_owned());
    }
    raw.check()
}

#[derive(Default)]
struct Raw {
    limit: Option<String>,
    offset: Option<String>,
    min_providers: Option<String>,
    sort_by: Option<String>,
    order: Option<String>,
    include_inactive: Option<String>,
}

impl Raw {
    fn check(self) -> Result<Query, Vec<Value>> {
        let mut faults = Vec::new();
        let limit = integer(&mut faults, "limit", self.limit, 1, Some(LIMIT_MAX));
        let offset = integer(&mut faults, "offset", self.offset, 0, None);
        let min_providers = integer(&mut faults, "min_providers", self.min_providers, 1, None);
        let order = order(&mut faults, self.order);
        let scope = scope(&mut faults, self.include_inactive);
        if !faults.is_empty() {
            return Err(faults);
        }
        let offset = offset.unwrap_or(Integer::of(0));
        let minimum = min_providers.as_ref().map(Integer::saturating);
        Ok(Query {
            selection: Selection {
                scope,
                min_providers: minimum.map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
                sort: self.sort_by.as_deref().map(SortBy::parse).unwrap_or_default(),
                order,
            },
            page: Page {
                limit: limit.as_ref().map_or(LIMIT_DEFAULT, Integer::saturating),
                offset: offset.saturating(),
            },
            offset,
            min_providers,
        })
    }
}

fn integer(
    faults: &mut Vec<Value>,
    name: &str,
    raw: Option<String>,
    least: usize,
    most: Option<usize>,
) -> Option<Integer> {
    let raw = raw?;
    let fault = match Integer::parse(&raw) {
        Err(IntegerError::Parsing) => {
            let text = "Input should be a valid integer, unable to parse string as an integer";
            fault("int_parsing", name, text, &raw, None)
        }
        Err(IntegerError::Size) => {
            let text = "Unable to parse input string as an integer, exceeded maximum size";
            fault("int_parsing_size", name, text, &raw, None)
        }
        Ok(value) if value.is_below(least) => {
            let text = format!("Input should be greater than or equal to {least}");
            fault("greater_than_equal", name, &text, &raw, Some(json!({ "ge": least })))
        }
        Ok(value) => match most.filter(|most| value.is_above(*most)) {
            None => return Some(value),
            Some(most) => {
                let text = format!("Input should be less than or equal to {most}");
                fault("less_than_equal", name, &text, &raw, Some(json!({ "le": most })))
            }
        },
    };
    faults.push(fault);
    None
}

fn order(faults: &mut Vec<Value>, raw: Option<String>) -> Order {
    let Some(raw) = raw else { return Order::default() };
    Order::parse(&raw).unwrap_or_else(|| {
        let expected = json!({ "expected": "'asc' or 'desc'" });
        let text = "Input should be 'asc' or 'desc'";
        faults.push(fault("literal_error", "order", text, &raw, Some(expected)));
        Order::default()
    })
}

/// pydantic's bool: by these words, in any letter case, and without trimming.
fn scope(faults: &mut Vec<Value>, raw: Option<String>) -> Scope {
    let Some(raw) = raw else { return Scope::Active };
    match raw.to_ascii_lowercase().as_str() {
        "1" | "on" | "t" | "true" | "y" | "yes" => Scope::All,
        "0" | "off" | "f" | "false" | "n" | "no" => Scope::Active,
        _ => {
            let text = "Input should be a valid boolean, unable to interpret input";
            faults.push(fault("bool_parsing", "include_inactive", text, &raw, None));
            Scope::Active
        }
    }
}

fn fault(kind: &str, name: &str, text: &str, input: &str, context: Option<Value>) -> Value {
    let mut item = json!({ "type": kind, "loc": ["query", name], "msg": text, "input": input });
    if let (Value::Object(item), Some(context)) = (&mut item, context) {
        item.insert("ctx".to_owned(), context);
    }
    item
}
