//! Changes as an Atom feed (RFC 4287): an entry a version, newest first, for whoever reads and does not apply them.

use std::fmt::Write;

use serde::Deserialize;

use super::told::{Step, Told};
use crate::{
    catalog::{Changes, Scope},
    http::{headers::last_modified, params::changes::Query},
    ports::Timestamp,
};

#[derive(Deserialize)]
struct Change {
    r#type: String,
    name: String,
    #[serde(default)]
    prices: Vec<Price>,
}

#[derive(Deserialize)]
struct Price {
    provider: String,
    field: String,
    old: String,
    new: String,
}

/// The feed; `seed` tells deployments' feeds apart.
pub(super) fn feed(seed: u64, path: &str, query: &Query, told: &Told) -> String {
    let updated = told.steps.last().map_or(Timestamp(0), |step| step.entry.at);
    let scope = u8::from(query.scope == Scope::All);
    let (id, updated) = (uuid(scope, seed, Timestamp(0)), date(updated));
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Changes of the model \
         catalog</title><id>{id}</id><updated>{updated}</updated><author><name>model-catalog-edge</name></author>"
    );
    for step in told.steps.iter().rev() {
        let Step { entry, changes } = step;
        let title = changes.as_ref().map_or_else(
            || "Changes that are not known one by one".to_owned(),
            |changes| summary(&changes.counts),
        );
        let changes = changes.as_ref().map(|changes| changes.changes(query.provider.as_deref()));
        let (id, date) = (uuid(scope, entry.hash, entry.at), date(entry.at));
        let text: String = changes.iter().flatten().map(|change| line(change)).collect();
        let link = format!("{path}?since={:016x}", entry.hash);
        // Writing to a text cannot fail.
        let _ = write!(
            feed,
            "\n<entry><title>{title}</title><id>{id}</id><updated>{date}</updated><link rel=\"related\" href=\"{link}\"/><content \
             type=\"text\">{}</content></entry>",
            escaped(&text)
        );
    }
    feed.push_str("</feed>\n");
    feed
}

fn summary(Changes { added, changed, deleted, .. }: &Changes) -> String {
    format!("{added} added, {changed} changed, {deleted} deleted")
}

/// A change as a line of text, with the prices that are other ones now.
fn line(change: &str) -> String {
    let Ok(Change { r#type, name, prices }) = serde_json::from_str(change) else {
        return String::new();
    };
    let mut line = format!("{type} {name}");
    for Price { provider, field, old, new } in prices {
        let _ = write!(line, "; {provider} {field} {old} → {new}");
    }
    line.push('\n');
    line
}

/// What XML 1.0 has no place for is left out.
fn escaped(text: &str) -> String {
    let is_char = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let text: String =
        text.chars().filter(is_char).filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A name that stays: a UUID of version 8 (RFC 9562), which holds what it is made of.
fn uuid(scope: u8, hash: u64, Timestamp(at): Timestamp) -> String {
    let part = |shift: u32, mask: u64| hash.unbounded_shr(shift) & mask;
    let (first, second) = (part(32, 0xffff_ffff), part(16, 0xffff));
    let (third, fourth) = (part(8, 0xff), part(0, 0xff));
    let [_, _, at @ ..] = at.to_be_bytes();
    let at = hex::encode(at);
    format!("urn:uuid:{first:08x}-{second:04x}-8{scope:01x}{third:02x}-80{fourth:02x}-{at}")
}

/// A date as RFC 3339 has it, made of HTTP's, which has the same parts.
fn date(at: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let written = last_modified(at);
    let mut parts = written.split(' ').skip(1);
    let mut part = || parts.next().unwrap_or_default();
    let (day, month, year, time) = (part(), part(), part(), part());
    let month = MONTHS.iter().zip(1..).find(|(name, _)| **name == month).map_or(1, |(_, at)| at);
    format!("{year}-{month:02}-{day}T{time}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_names_have_their_forms() {
        assert_eq!(date(Timestamp(784_111_777_999)), "1994-11-06T08:49:37Z");
        assert_eq!(date(Timestamp(0)), "1970-01-01T00:00:00Z");
        let id = uuid(1, 0x0123_4567_89ab_cdef, Timestamp(0x0193_7a5b_2f10));
        assert_eq!(id, "urn:uuid:01234567-89ab-81cd-80ef-01937a5b2f10");
    }

    #[test]
    fn a_line_tells_prices_and_is_no_markup() {
        let change = r#"{"type":"changed","name":"<a>&\u0007","prices":[{"provider":"p","field":"prompt","old":"1","new":"2"}]}"#;
        assert_eq!(escaped(&line(change)), "changed &lt;a&gt;&amp;; p prompt 1 → 2\n");
        assert_eq!(line(r#"{"type":"deleted","name":"a"}"#), "deleted a\n");
    }
}
