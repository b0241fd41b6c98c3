//! `Accept` (RFC 9110, section 12.5.1): which of several types a client would rather have.

/// Whether `text/html` is preferred to `application/json`. Who likes both the same, as `*/*` does, is a program and gets JSON.
pub(in crate::http) fn prefers_html(accept: &str) -> bool {
    quality(accept, "text", "html") > quality(accept, "application", "json")
}

/// Which of these types is preferred; of those that are liked the same, the first.
pub(in crate::http) fn preferred<const N: usize>(accept: &str, kinds: [&str; N]) -> usize {
    let worth = |name: &str| {
        name.split_once('/').map_or(0, |(kind, subtype)| quality(accept, kind, subtype))
    };
    let best = kinds.iter().map(|name| worth(name)).max().unwrap_or(0);
    kinds.iter().position(|name| worth(name) == best).unwrap_or(0)
}

/// What a media type is worth, in thousandths, by the most specific range that has it; 0 where none has.
fn quality(accept: &str, kind: &str, subtype: &str) -> u16 {
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let (range_kind, range_subtype) = parts.next()?.split_once('/')?;
        let is = |part: &str, name: &str| part.eq_ignore_ascii_case(name);
        let specificity = match (range_kind, range_subtype) {
            ("*", "*") => 0,
            (_, "*") if is(range_kind, kind) => 1,
            _ if is(range_kind, kind) && is(range_subtype, subtype) => 2,
            _ => return None,
        };
        let weight = parts.find_map(|part| part.strip_prefix(['q', 'Q'])?.strip_prefix('='));
        Some((specificity, weight.map_or(Some(1000), thousandths)?))
    });
    ranges.max_by_key(|(specificity, _)| *specificity).map_or(0, |(_, weight)| weight)
}

/// A weight: 0 to 1, with at most three decimal places.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, places) = weight.split_once('.').unwrap_or((weight, ""));
    let whole: u16 = whole.parse().ok()?;
    let places: u16 = format!("{places:0<3}").parse().ok()?;
    whole.checked_mul(1000)?.checked_add(places).filter(|weight| *weight <= 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_what_is_liked_most_is_preferred() {
        let kinds = ["application/json", "application/x-ndjson", "application/atom+xml"];
        for (accept, expected) in [
            ("", 0),
            ("*/*", 0),
            ("text/plain", 0),
            ("application/x-ndjson", 1),
            ("application/x-ndjson, application/json", 0),
            ("application/atom+xml, application/xml;q=0.9, */*;q=0.8", 2),
            ("application/json;q=0.5, application/*", 1),
        ] {
            assert_eq!(preferred(accept, kinds), expected, "{accept}");
        }
    }

    #[test]
    fn browsers_get_a_page_and_programs_json() {
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", true),
            ("text/html", true),
            ("TEXT/HTML", true),
            ("text/*", true),
            ("text/html;level=1", true),
            ("application/json;q=0.5, text/html;q=0.501", true),
            ("application/json;q=0.5;a=b, text/html ; Q=0.6", true),
            ("*/*;q=0.1, application/json;q=0", true),
            ("", false),
            ("*/*", false),
            ("html", false),
            ("application/json", false),
            ("text/html, application/json", false),
            ("text/html;q=0.8, application/json", false),
            ("text/html;q=0.8, */*", false),
            ("text/html;q=0, */*;q=0", false),
            ("text/html;q=0, text/*", false),
            ("text/html;q=2", false),
            ("text/html;q=x", false),
            ("text/htmlx", false),
            ("image/png", false),
        ] {
            assert_eq!(prefers_html(accept), expected, "{accept}");
        }
    }
}
