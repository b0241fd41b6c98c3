//! A request to PostgREST taken apart: what is selected, filtered and ordered by. Only the grammar that the adapter uses; anything
//! else is a panic, as PostgREST would refuse it.

use percent_encoding::percent_decode_str;

/// What a request asks a table for.
pub struct Query {
    pub table: String,
    pub select: Vec<Item>,
    pub filters: Vec<Condition>,
    /// Columns, all in ascending order.
    pub order: Vec<String>,
    pub limit: usize,
    pub offset: usize,
}

/// Something that is selected.
pub enum Item {
    /// A column, or a member of one, under a name.
    Column { name: String, path: Vec<String> },
    /// Rows of another table; inner ones must be there.
    Embed { table: String, is_inner: bool, items: Vec<Item> },
}

/// What a row must be like.
pub enum Condition {
    Any(Vec<Condition>),
    /// A column of the row, or of a row that it embeds.
    Of {
        table: Option<String>,
        column: String,
        test: Test,
    },
}

/// What a column must be like.
pub enum Test {
    Equal(String),
    In(Vec<String>),
    IsTrue,
    IsNull,
}

impl Query {
    pub fn read(url: &str) -> Self {
        let (_, target) = url.split_once("/rest/v1/").expect("the REST path");
        let (table, pairs) = target.split_once('?').unwrap();
        let (mut select, mut filters, mut order) = (Vec::new(), Vec::new(), Vec::new());
        let (mut limit, mut offset) = (usize::MAX, 0);
        for pair in pairs.split('&') {
            let (name, value) = pair.split_once('=').unwrap();
            let value = percent_decode_str(value).decode_utf8().unwrap();
            match name {
                "select" => select = items(&value),
                "order" => order = value.split(',').map(column_of_order).collect(),
                "limit" => limit = value.parse().unwrap(),
                "offset" => offset = value.parse().unwrap(),
                "or" => filters.push(Condition::Any(alternatives(&value))),
                _ => filters.push(condition(name, &value, false)),
            }
        }
        Self { table: table.to_owned(), select, filters, order, limit, offset }
    }
}

fn column_of_order(term: &str) -> String {
    let (column, direction) = term.split_once('.').unwrap_or((term, "asc"));
    assert_eq!(direction, "asc", "{term}");
    column.to_owned()
}

fn items(select: &str) -> Vec<Item> {
    parts(select).into_iter().filter(|part| !part.is_empty()).map(item).collect()
}

fn item(part: &str) -> Item {
    if let Some((table, inside)) = part.split_once('(') {
        let items = items(inside.strip_suffix(')').unwrap());
        let (table, is_inner) =
            table.strip_suffix("!inner").map_or((table, false), |it| (it, true));
        return Item::Embed { table: table.to_owned(), is_inner, items };
    }
    let (name, path) = part.split_once(':').unwrap_or((part, part));
    Item::Column { name: name.to_owned(), path: path.split("->").map(str::to_owned).collect() }
}

fn alternatives(group: &str) -> Vec<Condition> {
    let inside = group.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).expect(group);
    let alternative = |part: &str| {
        let (column, test) = part.split_once('.').expect(part);
        condition(column, test, true)
    };
    parts(inside).into_iter().map(alternative).collect()
}

/// A value in quotes is one in a list or a group; otherwise it is what stands there, quotes included.
fn condition(name: &str, test: &str, is_grouped: bool) -> Condition {
    let (table, column) =
        name.split_once('.').map_or((None, name), |(table, rest)| (Some(table), rest));
    let (operator, value) = test.split_once('.').expect(test);
    let test = match (operator, value) {
        ("is", "true") => Test::IsTrue,
        ("is", "null") => Test::IsNull,
        ("eq", _) if is_grouped => Test::Equal(unquoted(value)),
        ("eq", _) => Test::Equal(value.to_owned()),
        ("in", _) => {
            let list =
                value.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).expect(value);
            Test::In(parts(list).into_iter().map(unquoted).collect())
        }
        _ => panic!("{name}={operator}.{value}"),
    };
    Condition::Of { table: table.map(str::to_owned), column: column.to_owned(), test }
}

fn unquoted(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"') else {
        assert!(!value.contains(['"', '(', ')']), "{value}");
        return value.to_owned();
    };
    let inside = inside.strip_suffix('"').expect(value);
    let (mut text, mut escaped) = (String::new(), false);
    for c in inside.chars() {
        escaped = c == '\\' && !escaped;
        if !escaped {
            text.push(c);
        }
    }
    text
}

/// What stands between the commas that are in no brackets and no quotes.
fn parts(text: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                found.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    found.extend(text.get(start..));
    found
}
