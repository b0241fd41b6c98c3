//! `ETag` and `If-None-Match` (RFC 9110, sections 8.8.3 and 13.1.2).

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The strong validator of a page: of its entries, by their digest, and of what is written around them. It is the same in every
/// isolate and tier, and after a load that finds the same again.
pub(in crate::http) fn etag(entries: u64, around: impl AsRef<[u8]>) -> String {
    format!("\"{:016x}\"", xxh3_64_with_seed(around.as_ref(), entries))
}

/// Whether a client that sent this `If-None-Match` has what this `ETag` names. Tags are compared weakly: a proxy that compressed
/// the answer made its tag a weak one (docs/platform.md, "Strong validators come back weak").
pub(in crate::http) fn is_held(if_none_match: &str, etag: &str) -> bool {
    let has = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
    if_none_match.split(',').any(|tag| has(tag.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_of_the_entries_and_of_what_is_around_them() {
        let tag = etag(1, "],\"total\":1}");
        assert_eq!(tag, etag(1, "],\"total\":1}"));
        for other in [etag(2, "],\"total\":1}"), etag(1, "],\"total\":2}"), etag(1, "")] {
            assert_ne!(tag, other);
        }
        assert_eq!((tag.len(), tag.starts_with('"'), tag.ends_with('"')), (18, true, true));
    }

    #[test]
    fn lists_weak_tags_and_any_are_understood() {
        for (sent, expected) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("\"b\",W/\"a\" ,\"c\"", true),
            ("*", true),
            (" \"a\" ", true),
            ("", false),
            ("a", false),
            ("\"b\"", false),
            ("\"ab\"", false),
            ("w/\"a\"", false),
            ("W/ \"a\"", false),
            ("\"*\"", false),
        ] {
            assert_eq!(is_held(sent, "\"a\""), expected, "{sent}");
        }
    }
}
