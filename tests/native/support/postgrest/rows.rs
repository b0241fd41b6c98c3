//! The rows that a request selects of tables as text: what stands in them goes through verbatim, as large as its numbers may be.

use std::{cell::LazyCell, collections::BTreeMap, rc::Rc};

use serde_json::{Value, value::RawValue};

use super::query::{Condition, Item, Query, Test};

/// A row by its columns.
type Row = BTreeMap<String, Box<RawValue>>;

/// Rows that are read when they are first asked for: most tests ask for few tables.
type Rows = LazyCell<Vec<Row>, Box<dyn FnOnce() -> Vec<Row>>>;

/// Tables in the order in which rows were inserted.
pub struct Tables(BTreeMap<String, Rows>);

impl Tables {
    pub fn read(text: &str) -> Self {
        let tables: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap();
        Self::lazy(tables.into_iter().map(|(name, rows)| (name, move || rows.to_string())))
    }

    pub fn of(tables: &Rc<Value>) -> Self {
        let names: Vec<String> = tables.as_object().unwrap().keys().cloned().collect();
        Self::lazy(names.into_iter().map(|name| {
            let (tables, of) = (Rc::clone(tables), name.clone());
            (name, move || tables[of].to_string())
        }))
    }

    fn lazy<F: FnOnce() -> String + 'static>(tables: impl Iterator<Item = (String, F)>) -> Self {
        let rows = |text: F| -> Rows {
            LazyCell::new(Box::new(move || serde_json::from_str(&text()).unwrap()))
        };
        Self(tables.map(|(name, text)| (name, rows(text))).collect())
    }

    fn rows(&self, table: &str) -> &[Row] {
        self.0.get(table).map_or(&[], |rows| rows)
    }

    /// How many rows a query selects, and those of a page of them as JSON, in its order. Without an order, and among rows that are
    /// equal in it, the last comes first: an order that is not unique is no order to rely on.
    pub fn select(&self, query: &Query, rows_max: usize) -> (usize, Vec<String>) {
        let rows = self.rows(&query.table).iter().rev();
        let mut rows: Vec<&Row> = rows.filter(|row| self.is_selected(row, query)).collect();
        rows.sort_by_cached_key(|row| {
            query.order.iter().map(|column| Key::of(value(row, column))).collect::<Vec<_>>()
        });
        let page = rows.iter().skip(query.offset).take(query.limit.min(rows_max));
        (rows.len(), page.map(|row| self.json(row, &query.table, &query.select)).collect())
    }

    fn is_selected(&self, row: &Row, query: &Query) -> bool {
        let has_inner = |item: &Item| match item {
            Item::Embed { table, is_inner: true, .. } => {
                // A filter of an inner row is one of the row.
                let inner = self.embedded(row, &query.table, table);
                inner.is_some_and(|inner| {
                    query.filters.iter().all(|it| holds_of_embedded(it, table, inner))
                })
            }
            _ => true,
        };
        query.filters.iter().all(|condition| holds(condition, row))
            && query.select.iter().all(has_inner)
    }

    /// The row that one of a table has in another: its provider, or the one that is about it.
    fn embedded(&self, row: &Row, from: &str, table: &str) -> Option<&Row> {
        let (own, other) = match (from, table) {
            ("models", "providers") => ("provider_id", "id"),
            ("models", "model_pricing") => ("id", "model_id"),
            _ => panic!("no relationship between {from} and {table}"),
        };
        let key = value(row, own)?;
        self.rows(table).iter().find(|candidate| value(candidate, other) == Some(key))
    }

    fn json(&self, row: &Row, table: &str, items: &[Item]) -> String {
        let member = |item: &Item| match item {
            Item::Column { name, path } => Some(format!("\"{name}\":{}", at(row, path))),
            // An embedded table of which nothing is selected is only there to be filtered by.
            Item::Embed { items, .. } if items.is_empty() => None,
            Item::Embed { table: other, items, .. } => {
                let inner = self.embedded(row, table, other);
                let inner = inner.map_or("null".to_owned(), |inner| self.json(inner, other, items));
                Some(format!("\"{other}\":{inner}"))
            }
        };
        let members: Vec<String> = items.iter().filter_map(member).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// The text of a column; none where it is NULL. A column that no row of the vectors has is a mistake of the query.
fn value<'r>(row: &'r Row, column: &str) -> Option<&'r str> {
    let value = row.get(column).unwrap_or_else(|| panic!("column {column} does not exist")).get();
    (value != "null").then_some(value)
}

/// A column, or what its members lead to: NULL where it has none.
fn at(row: &Row, path: &[String]) -> String {
    let (column, keys) = path.split_first().unwrap();
    let text = value(row, column).unwrap_or("null").to_owned();
    keys.iter().fold(text, |text, key| {
        let object: Row = serde_json::from_str(&text).unwrap_or_default();
        object.get(key).map_or("null", |value| value.get()).to_owned()
    })
}

/// What a column is ordered by: numbers as numbers, texts by their bytes as in collation C, NULL last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(String),
    Null,
}

impl Key {
    fn of(value: Option<&str>) -> Self {
        let Some(value) = value else { return Self::Null };
        value.parse().map_or_else(|_| Self::Text(plain(value)), Self::Number)
    }
}

fn plain(value: &str) -> String {
    serde_json::from_str(value).unwrap_or_else(|_| value.to_owned())
}

fn holds_of_embedded(condition: &Condition, table: &str, inner: &Row) -> bool {
    match condition {
        Condition::Of { table: Some(of), column, test } if of == table => {
            is(value(inner, column), test)
        }
        _ => true,
    }
}

fn holds(condition: &Condition, row: &Row) -> bool {
    match condition {
        Condition::Any(alternatives) => alternatives.iter().any(|it| holds(it, row)),
        Condition::Of { table: Some(_), .. } => true,
        Condition::Of { table: None, column, test } => is(value(row, column), test),
    }
}

/// NULL is nothing but NULL.
fn is(value: Option<&str>, test: &Test) -> bool {
    match (value, test) {
        (value, Test::IsNull) => value.is_none(),
        (Some(value), Test::IsTrue) => value == "true",
        (Some(value), Test::Equal(other)) => plain(value) == *other,
        (Some(value), Test::In(others)) => others.contains(&plain(value)),
        (None, _) => false,
    }
}
