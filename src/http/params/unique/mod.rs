//! The query of a listing. Values are coerced as the backend coerces them (docs/backend.md, "Query parameters"); `order` is
//! checked, which the backend does not do (docs/backend.md, "Clients mint cache keys").

pub(crate) mod cursor;
pub(crate) mod excerpt;
pub(super) mod shape;

use serde_json::json;

use self::{cursor::Cursor, excerpt::Excerpt, shape::Shape};
use super::{
    coercion::{boolean, integer},
    integer::Integer,
    mistake::Mistake,
    parameter::{LIMIT, LIMIT_DEFAULT, MIN_PROVIDERS, OFFSET, Parameter},
};
use crate::catalog::{Order, Page, Scope, Selection, SortBy};

/// A query without mistakes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Query {
    /// Which listing.
    pub(crate) selection: Selection,
    /// Which part of it.
    pub(crate) page: Page,
    /// `offset` as it is echoed: it can be larger than any listing.
    pub(crate) offset: Integer,
    /// `min_providers` as it is echoed: it can be larger than any number of offers.
    pub(crate) min_providers: Option<Integer>,
    /// Whether it walks one version.
    pub(crate) walk: Option<Walk>,
    /// What is cut out of the listing, where it is not the whole.
    pub(crate) excerpt: Option<Box<Excerpt>>,
}

impl Query {
    /// What was understood of the backend's parameters, defaults included, as far as a route has them.
    pub(crate) fn understood(&self, shape: Shape) -> Vec<(&'static str, String)> {
        let minimum = self.min_providers.as_ref().map_or("null", |minimum| minimum.as_str());
        let understood = [
            (Parameter::Limit, self.page.limit.to_string()),
            (Parameter::Offset, self.offset.as_str().to_owned()),
            (Parameter::MinProviders, minimum.to_owned()),
            (Parameter::SortBy, self.selection.sort.as_str().to_owned()),
            (Parameter::Order, self.selection.order.as_str().to_owned()),
            (Parameter::IncludeInactive, (self.selection.scope == Scope::All).to_string()),
        ];
        let known = understood.into_iter().filter(|(parameter, _)| shape.has(*parameter));
        known.map(|(parameter, text)| (parameter.as_str(), text)).collect()
    }
}

/// A walk over one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walk {
    /// Over what is published now.
    Begin,
    /// Over the version with this hash.
    Continue(u64),
}

/// Reads a query string. Of a repeated parameter the last counts, unknown ones are ignored. Every mistake is reported,
/// in the order in which the backend declares its parameters; those that it does not know come last.
pub(crate) fn parse(shape: Shape, query: &str) -> Result<Query, Vec<Mistake>> {
    let mut raw = Raw::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let known = Parameter::parse(&name).filter(|parameter| shape.has(*parameter));
        let Some(parameter) = known else { continue };
        let field = match parameter {
            Parameter::Limit => &mut raw.limit,
            Parameter::Offset => &mut raw.offset,
            Parameter::MinProviders => &mut raw.min_providers,
            Parameter::SortBy => &mut raw.sort_by,
            Parameter::Order => &mut raw.order,
            Parameter::IncludeInactive => &mut raw.include_inactive,
            Parameter::Cursor => &mut raw.cursor,
            other => {
                raw.excerpt.get_or_insert_default().note(other, value.into_owned());
                continue;
            }
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
    cursor: Option<String>,
    excerpt: Option<Box<excerpt::Raw>>,
}

impl Raw {
    fn check(mut self) -> Result<Query, Vec<Mistake>> {
        match self.cursor.take() {
            None => self.check_page(),
            Some(cursor) => self.check_walk(&cursor),
        }
    }

    /// A walk: what else is asked for must be what its cursor has.
    fn check_walk(self, text: &str) -> Result<Query, Vec<Mistake>> {
        let chosen = [&self.min_providers, &self.sort_by, &self.order, &self.include_inactive];
        let is_chosen = chosen.iter().any(|raw| raw.is_some());
        let offset = self.offset.clone();
        let (query, mut mistakes) = match self.check_page() {
            Ok(query) => (Some(query), Vec::new()),
            Err(mistakes) => (None, mistakes),
        };
        let cursor = Cursor::parse(text);
        let begins = matches!(text, "" | "*");
        let mut add = |parameter: Parameter, sentence: &str, input: &str| {
            let name = parameter.as_str();
            mistakes.push(Mistake::of_query("value_error", name, sentence, input));
        };
        if let Some(offset) = offset.filter(|_| query.is_some()) {
            add(Parameter::Offset, "A walk by cursor has no offset", &offset);
        }
        let is_other = |cursor: Cursor| {
            query.as_ref().is_some_and(|query| is_chosen && query.selection != cursor.selection)
        };
        if query.as_ref().is_some_and(|query| query.excerpt.is_some()) {
            add(Parameter::Cursor, "A walk by cursor is of a whole listing", text);
        } else if cursor.is_none() && !begins {
            add(Parameter::Cursor, "This is no cursor that was given here", text);
        } else if cursor.is_some_and(is_other) {
            add(Parameter::Cursor, "The cursor is of another selection", text);
        }
        let query = query.filter(|_| mistakes.is_empty()).ok_or(mistakes)?;
        let Some(Cursor { version, selection, position }) = cursor else {
            return Ok(Query { walk: Some(Walk::Begin), ..query });
        };
        let (walk, offset) = (Some(Walk::Continue(version)), size(position));
        let min_providers = selection.min_providers.map(|minimum| Integer::of(size(minimum)));
        let page = Page { offset, ..query.page };
        Ok(Query {
            selection,
            page,
            offset: Integer::of(offset),
            min_providers,
            walk,
            excerpt: None,
        })
    }

    fn check_page(self) -> Result<Query, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let limit = integer(&mut mistakes, Parameter::Limit.as_str(), self.limit, LIMIT);
        let offset = integer(&mut mistakes, Parameter::Offset.as_str(), self.offset, OFFSET);
        let min_providers = integer(
            &mut mistakes,
            Parameter::MinProviders.as_str(),
            self.min_providers,
            MIN_PROVIDERS,
        );
        let order = order(&mut mistakes, self.order);
        let scope = scope(&mut mistakes, self.include_inactive);
        let excerpt = self.excerpt.and_then(|raw| raw.check(&mut mistakes));
        if !mistakes.is_empty() {
            return Err(mistakes);
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
            walk: None,
            excerpt,
        })
    }
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn order(mistakes: &mut Vec<Mistake>, raw: Option<String>) -> Order {
    let Some(raw) = raw else { return Order::default() };
    Order::parse(&raw).unwrap_or_else(|| {
        let expected = "'asc' or 'desc'";
        let text = format!("Input should be {expected}");
        let mistake = Mistake::of_query("literal_error", Parameter::Order.as_str(), &text, &raw);
        mistakes.push(mistake.with_context(json!({ "expected": expected })));
        Order::default()
    })
}

pub(super) fn scope(mistakes: &mut Vec<Mistake>, raw: Option<String>) -> Scope {
    let name = Parameter::IncludeInactive.as_str();
    if boolean(mistakes, name, raw) == Some(true) { Scope::All } else { Scope::Active }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::SortBy;

    fn parse(query: &str) -> Result<Query, Vec<Mistake>> {
        super::parse(Shape::Listing, query)
    }

    #[test]
    fn a_query_is_a_selection_and_a_page() {
        let query = parse("").unwrap();
        assert_eq!(query.selection, Selection::default());
        assert_eq!(query.page, Page { limit: 100, offset: 0 });
        let query = parse(
            "limit=7&offset=3&min_providers=2&sort_by=name&order=ASC&include_inactive=Yes&x=1",
        );
        let query = query.unwrap();
        assert_eq!(
            query.selection,
            Selection {
                scope: Scope::All,
                min_providers: Some(2),
                sort: SortBy::Name,
                order: Order::Asc,
            }
        );
        assert_eq!(query.page, Page { limit: 7, offset: 3 });
    }

    #[test]
    fn values_are_coerced_as_the_backend_coerces_them() {
        let limit = |query: &str| parse(query).ok().map(|query| query.page.limit);
        for (query, expected) in [
            ("limit=1&limit=2", Some(2)),
            ("limit=+5", Some(5)),
            ("limit=%2B5", Some(5)),
            ("limit=%20%2005%20", Some(5)),
            ("limit=5.0", Some(5)),
            ("limit=1_0", Some(10)),
            ("limit=1000", Some(1000)),
            ("limit=1001", None),
            ("limit=0", None),
            ("limit=-0", None),
            ("limit=1e2", None),
            ("limit=", None),
            ("LIMIT=5", Some(100)),
            ("limit=5;offset=1", None),
        ] {
            assert_eq!(limit(query), expected, "{query}");
        }
        assert_eq!(parse("sort_by=Name").unwrap().selection.sort, SortBy::default());
    }

    #[test]
    fn numbers_beyond_every_listing_are_echoed_and_saturate() {
        let query = parse("offset=99999999999999999999999&min_providers=0004294967296").unwrap();
        assert_eq!(query.page.offset, usize::MAX);
        assert_eq!(query.offset.as_str(), "99999999999999999999999");
        assert_eq!(query.selection.min_providers, Some(u32::MAX));
        assert_eq!(query.min_providers.unwrap().as_str(), "4294967296");
    }

    #[test]
    fn every_mistake_is_an_item_in_declared_order() {
        let query = "include_inactive=x&order=up&min_providers=0&offset=-1&limit=1001";
        let mistakes = parse(query).unwrap_err();
        let shown: Vec<String> = mistakes.iter().map(|item| json!(item).to_string()).collect();
        assert_eq!(
            shown,
            [
                r#"{"type":"less_than_equal","loc":["query","limit"],"msg":"Input should be less than or equal to 1000","input":"1001","ctx":{"le":1000}}"#,
                r#"{"type":"greater_than_equal","loc":["query","offset"],"msg":"Input should be greater than or equal to 0","input":"-1","ctx":{"ge":0}}"#,
                r#"{"type":"greater_than_equal","loc":["query","min_providers"],"msg":"Input should be greater than or equal to 1","input":"0","ctx":{"ge":1}}"#,
                r#"{"type":"literal_error","loc":["query","order"],"msg":"Input should be 'asc' or 'desc'","input":"up","ctx":{"expected":"'asc' or 'desc'"}}"#,
                r#"{"type":"bool_parsing","loc":["query","include_inactive"],"msg":"Input should be a valid boolean, unable to interpret input","input":"x"}"#,
            ]
        );
    }

    #[test]
    fn what_is_no_number_is_told_apart_from_one_that_is_too_long() {
        let shown = |query: &str| {
            let mistakes = parse(query).unwrap_err();
            mistakes.iter().map(|item| json!(item).to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            shown("limit=x"),
            [
                r#"{"type":"int_parsing","loc":["query","limit"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"}"#
            ]
        );
        let long = "9".repeat(4301);
        assert_eq!(
            shown(&format!("offset={long}")),
            [format!(
                r#"{{"type":"int_parsing_size","loc":["query","offset"],"msg":"Unable to parse input string as an integer, exceeded maximum size","input":"{long}"}}"#
            )]
        );
    }

    #[test]
    fn a_scope_is_read_by_its_words() {
        let scope = |word: &str| {
            let query = parse(&format!("include_inactive={word}")).ok()?;
            Some(query.selection.scope)
        };
        for word in ["1", "on", "t", "true", "y", "yes", "TRUE", "On"] {
            assert_eq!(scope(word), Some(Scope::All), "{word}");
        }
        for word in ["0", "off", "f", "false", "n", "no", "False"] {
            assert_eq!(scope(word), Some(Scope::Active), "{word}");
        }
        for word in ["", "2", "%20true", "none"] {
            assert_eq!(scope(word), None, "{word}");
        }
    }
}
