//! `Link` (RFC 8288): where the pages around one are.

use crate::{
    catalog::{Order, Scope, SortBy},
    http::params::unique::Query,
};

/// What stands around a target, and an offset: more costs no more than another allocation.
const AROUND: usize = 28;

/// The first, the previous, the next and the last page of a listing of `total` models, as links relative to the host. What a client
/// asked for is written anew, in one form, and nothing of it is repeated as it came.
pub(in crate::http) fn link(path: &str, query: &Query, total: usize) -> String {
    let (limit, offset) = (query.page.limit.max(1), query.page.offset);
    let last = total.saturating_sub(1).checked_div(limit).unwrap_or(0).saturating_mul(limit);
    let next = offset.saturating_add(limit);
    let pages = [
        ("first", Some(0)),
        ("prev", (offset > 0).then(|| offset.saturating_sub(limit).min(last))),
        ("next", (next < total).then_some(next)),
        ("last", Some(last)),
    ];
    let target = [path, "?", &asked(query), "limit=", &limit.to_string(), "&offset="].concat();
    let mut links = String::with_capacity(target.len().saturating_add(AROUND).saturating_mul(4));
    for (relation, offset) in pages {
        let Some(offset) = offset else { continue };
        if !links.is_empty() {
            links.push_str(", ");
        }
        let offset = offset.to_string();
        for part in ["<", &target, &offset, ">; rel=\"", relation, "\""] {
            links.push_str(part);
        }
    }
    links
}

/// The parameters that choose and order, but for defaults.
fn asked(query: &Query) -> String {
    let (selection, mut asked) = (&query.selection, String::new());
    if let Some(minimum) = &query.min_providers {
        asked.push_str("min_providers=");
        asked.push_str(minimum.as_str());
        asked.push('&');
    }
    if selection.sort != SortBy::default() {
        asked.push_str("sort_by=");
        asked.push_str(selection.sort.as_str());
        asked.push('&');
    }
    if selection.order != Order::default() {
        asked.push_str("order=");
        asked.push_str(selection.order.as_str());
        asked.push('&');
    }
    if selection.scope == Scope::All {
        asked.push_str("include_inactive=true&");
    }
    if let Some(excerpt) = &query.excerpt {
        asked.push_str(&excerpt.asked);
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::params::{
        Shape,
        unique::{Query, parse},
    };

    fn parsed(query: &str) -> Query {
        parse(Shape::Listing, query).unwrap()
    }

    fn offsets(query: &str, total: usize) -> Vec<(String, usize)> {
        let links = link("/models/unique", &parsed(query), total);
        let each = links.split(", ").map(|link| {
            let (target, relation) = link.split_once(">; rel=").unwrap();
            let (_, offset) = target.split_once("offset=").unwrap();
            (relation.trim_matches('"').to_owned(), offset.parse().unwrap())
        });
        each.collect()
    }

    #[test]
    fn pages_lead_to_their_neighbours_and_to_the_ends() {
        let all = |pages: &[(&str, usize)]| -> Vec<(String, usize)> {
            pages.iter().map(|(relation, offset)| ((*relation).to_owned(), *offset)).collect()
        };
        for (query, total, expected) in [
            ("limit=10", 95, all(&[("first", 0), ("next", 10), ("last", 90)])),
            (
                "limit=10&offset=10",
                95,
                all(&[("first", 0), ("prev", 0), ("next", 20), ("last", 90)]),
            ),
            ("limit=10&offset=90", 95, all(&[("first", 0), ("prev", 80), ("last", 90)])),
            (
                "limit=10&offset=5",
                20,
                all(&[("first", 0), ("prev", 0), ("next", 15), ("last", 10)]),
            ),
            ("limit=10&offset=500", 95, all(&[("first", 0), ("prev", 90), ("last", 90)])),
            ("limit=10", 0, all(&[("first", 0), ("last", 0)])),
            ("limit=10", 10, all(&[("first", 0), ("last", 0)])),
            (
                "limit=10&offset=99999999999999999999",
                95,
                all(&[("first", 0), ("prev", 90), ("last", 90)]),
            ),
        ] {
            assert_eq!(offsets(query, total), expected, "{query} of {total}");
        }
    }

    #[test]
    fn what_was_asked_for_is_kept_and_nothing_is_repeated_as_it_came() {
        let query =
            "min_providers=%2B3&sort_by=name&order=asc&include_inactive=yes&limit=7&x=%3E%22%0d%0a";
        let links = link("/v1/models/unique", &parsed(query), 8);
        let target =
            "min_providers=3&sort_by=name&order=asc&include_inactive=true&limit=7&offset=7>";
        assert!(links.contains(&format!("</v1/models/unique?{target}")), "{links}");
        assert!(links.chars().all(|char| char.is_ascii_graphic() || char == ' '), "{links}");
    }
}
