//! `GET /v1/models/search`: the entries that meet every condition, in an order of the client's choice, as they are stored.

use std::cmp::Ordering;

use super::{
    draft::Draft,
    entry::{Members, Row},
    filter::Filter,
    list::Part,
};
use crate::catalog::python_float;

/// What found entries are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchBy {
    /// The mean of the prompt's and the completion's price; entries without one come last.
    #[default]
    Price,
    /// The number of tokens.
    Context,
    /// Nothing is known of it, so that entries stay in the order of the catalog.
    Popularity,
    /// The name, by code point.
    Name,
}

impl SearchBy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Price, Self::Context, Self::Popularity, Self::Name];

    /// The word in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Context => "context",
            Self::Popularity => "popularity",
            Self::Name => "name",
        }
    }

    /// Reads the word; others are the default.
    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|by| by.as_str() == word).unwrap_or_default()
    }
}

/// What is searched for. Whole numbers are texts, as they are echoed.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// What stands in an id, a name or a description.
    pub query: Option<&'a str>,
    /// What stands in the modality.
    pub modality: Option<&'a str>,
    /// Only private ones, or only others.
    pub is_private: Option<bool>,
    /// At least so many tokens.
    pub min_context: Option<&'a str>,
    /// At most so many tokens.
    pub max_context: Option<&'a str>,
    /// At least this price.
    pub min_price: Option<f64>,
    /// At most this price.
    pub max_price: Option<f64>,
    /// The gateway, as the client wrote it.
    pub gateway: &'a str,
    /// What they are ordered by.
    pub sort: SearchBy,
    /// The direction as the client wrote it: `desc` in any letter case, or else ascending.
    pub order: &'a str,
    /// Which part of them.
    pub part: Part<'a>,
}

/// The page of what is found among these entries.
pub fn search(rows: &[Row<'_>], search: &Search<'_>) -> Draft {
    let filter = Filter { provider: None, is_private: search.is_private };
    let shown = filter.of(rows).into_iter();
    let mut found: Vec<Found<'_>> =
        shown.filter_map(|row| Found::read(row.text)).filter(|found| search.finds(found)).collect();
    search.sort(&mut found);
    let page = search.part.of(&found);
    Draft::new()
        .with("success", &true)
        .with_each("data", page, |found, into| into.extend_from_slice(found.text.as_bytes()))
        .with_written("meta", |into| {
            let meta = Draft::new()
                .with("total", &found.len())
                .with("limit", &search.part.page.limit)
                .with_written("offset", |into| search.part.write_offset(into))
                .with("returned", &page.len())
                .with_written("filters_applied", |into| into.extend(search.applied().finish()));
            into.extend(meta.finish());
        })
        .timed()
}

/// An entry, and what it is searched and ordered by.
struct Found<'a> {
    text: &'a str,
    words: [String; 3],
    name: String,
    modality: String,
    context: Option<f64>,
    price: Option<f64>,
}

impl<'a> Found<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let members = Members::read(text)?;
        let of = |name| members.text(name).unwrap_or_default();
        let pricing = members.get("pricing").and_then(Members::read);
        Some(Self {
            text,
            words: ["id", "name", "description"].map(|name| of(name).to_lowercase()),
            name: of("name").into_owned(),
            modality: of("modality").to_lowercase(),
            context: members.get("context_length").and_then(|tokens| tokens.parse().ok()),
            price: pricing.as_ref().and_then(price),
        })
    }
}

/// The mean of two prices, of which one may be missing; none where one is text that is no number.
fn price(pricing: &Members<'_>) -> Option<f64> {
    let part = |name| match pricing.get(name) {
        None | Some("null") => Some(0.0),
        Some(number) => match pricing.text(name) {
            Some(text) => python_float(&text),
            None => number.parse().ok(),
        },
    };
    Some(f64::midpoint(part("prompt")?, part("completion")?)).filter(|price| !price.is_nan())
}

impl Search<'_> {
    /// Whether an entry meets every condition; what is not known of it meets none.
    fn finds(&self, found: &Found<'_>) -> bool {
        let least = |bound: Option<f64>, value: Option<f64>| {
            bound.is_none_or(|bound| value.is_some_and(|value| value >= bound))
        };
        let most = |bound: Option<f64>, value: Option<f64>| {
            bound.is_none_or(|bound| value.is_some_and(|value| value <= bound))
        };
        let tokens = |bound: Option<&str>| bound.and_then(|bound| bound.parse().ok());
        let holds = |wanted: Option<&str>, texts: &[String]| {
            wanted.is_none_or(|wanted| {
                let wanted = wanted.to_lowercase();
                texts.iter().any(|text| text.contains(&wanted))
            })
        };
        holds(self.query, &found.words)
            && holds(self.modality, std::slice::from_ref(&found.modality))
            && least(tokens(self.min_context), found.context)
            && most(tokens(self.max_context), found.context)
            && least(self.min_price, found.price)
            && most(self.max_price, found.price)
    }

    /// Sorts stably; what has no price comes last in both directions.
    fn sort(&self, found: &mut [Found<'_>]) {
        let is_descending = self.order.eq_ignore_ascii_case("desc");
        let directed = |order: Ordering| if is_descending { order.reverse() } else { order };
        found.sort_by(|a, b| match self.sort {
            SearchBy::Price => match (a.price, b.price) {
                (Some(a), Some(b)) => directed(a.total_cmp(&b)),
                (a, b) => b.is_some().cmp(&a.is_some()),
            },
            SearchBy::Context => {
                directed(a.context.unwrap_or(0.0).total_cmp(&b.context.unwrap_or(0.0)))
            }
            SearchBy::Popularity => Ordering::Equal,
            SearchBy::Name => directed(a.name.cmp(&b.name)),
        });
    }

    fn applied(&self) -> Draft {
        let number = |value: Option<&str>| value.unwrap_or("null").as_bytes().to_vec();
        Draft::new()
            .with("query", &self.query)
            .with("modality", &self.modality)
            .with("is_private", &self.is_private)
            .with_written("min_context", |into| into.extend(number(self.min_context)))
            .with_written("max_context", |into| into.extend(number(self.max_context)))
            .with("min_price", &self.min_price)
            .with("max_price", &self.max_price)
            .with("gateway", self.gateway)
            .with("sort_by", self.sort.as_str())
            .with("order", self.order)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::catalog::Page;

    const ENTRIES: [&str; 6] = [
        r#"{"id":"a/cheap","name":"b","description":null,"modality":"text->text","context_length":null,"pricing":{"prompt":"1e-7","completion":"3e-7"}}"#,
        r#"{"id":"a/none","name":"Z","description":"Cheap words","modality":null,"context_length":8,"pricing":null}"#,
        r#"{"id":"a/free","name":null,"modality":"text->IMAGE","context_length":100,"pricing":{"prompt":"0"}}"#,
        r#"{"id":"a/words","name":"a","context_length":9,"pricing":{"prompt":"free","completion":"0"}}"#,
        r#"{"id":"a/down","name":"a","health_status":"down","pricing":{"prompt":"0"}}"#,
        r#"{"id":"a/dear","name":"Ü","context_length":7,"pricing":{"prompt":"0.000_85","completion":" 0.9 "}}"#,
    ];

    fn everything() -> Search<'static> {
        Search {
            query: None,
            modality: None,
            is_private: None,
            min_context: None,
            max_context: None,
            min_price: None,
            max_price: None,
            gateway: "all",
            sort: SearchBy::Price,
            order: "asc",
            part: Part { page: Page { limit: 20, offset: 0 }, offset: "0" },
        }
    }

    fn ids(asked: &Search<'_>) -> String {
        let rows = ENTRIES.map(Row::read);
        let answer: Value = serde_json::from_slice(&search(&rows, asked).finish()).unwrap();
        let data = answer["data"].as_array().unwrap();
        assert_eq!(answer["meta"]["returned"], data.len());
        let ids = data.iter().map(|entry| entry["id"].as_str().unwrap().trim_start_matches("a/"));
        ids.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_not_known_meets_no_condition() {
        let all = everything();
        for (asked, expected) in [
            (all, "free cheap dear none words"),
            (Search { query: Some("CHEAP"), ..all }, "cheap none"),
            (Search { modality: Some("image"), ..all }, "free"),
            (Search { min_context: Some("8"), ..all }, "free none words"),
            (Search { min_context: Some("-1"), max_context: Some("8"), ..all }, "dear none"),
            (Search { min_context: Some("99999999999999999999"), ..all }, ""),
            (Search { min_price: Some(0.0), ..all }, "free cheap dear"),
            (Search { min_price: Some(2e-7), max_price: Some(2e-7), ..all }, "cheap"),
            (Search { is_private: Some(true), ..all }, ""),
        ] {
            assert_eq!(ids(&asked), expected, "{asked:?}");
        }
    }

    #[test]
    fn an_order_is_stable_and_what_has_no_price_comes_last() {
        let by = |sort, order| ids(&Search { sort, order, ..everything() });
        assert_eq!(by(SearchBy::Price, "DESC"), "dear cheap free none words");
        assert_eq!(by(SearchBy::Price, "sideways"), "free cheap dear none words");
        assert_eq!(by(SearchBy::Name, "asc"), "free none words cheap dear");
        assert_eq!(by(SearchBy::Context, "desc"), "free words none dear cheap");
        for order in ["asc", "desc"] {
            assert_eq!(by(SearchBy::Popularity, order), "cheap none free words dear");
        }
        let part = Part { page: Page { limit: 2, offset: 1 }, offset: "1" };
        assert_eq!(ids(&Search { part, ..everything() }), "cheap dear");
    }

    #[test]
    fn an_order_is_read_by_its_word() {
        for by in SearchBy::ALL {
            assert_eq!(SearchBy::parse(by.as_str()), by);
        }
        assert_eq!(SearchBy::parse("Name"), SearchBy::Price);
    }
}
