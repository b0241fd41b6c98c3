//! The query of the journal.

use serde_json::json;

use super::{
    coercion::integer,
    integer::Integer,
    mistake::Mistake,
    parameter::{Bounds, Parameter},
    unique::scope,
};
use crate::catalog::Scope;

/// The parameters, by their names in the query.
pub(crate) const NAMES: [&str; 4] = ["since", "limit", "provider", "include_inactive"];

/// How many versions an answer tells of.
pub(crate) const LIMIT: Bounds = Bounds { least: 1, most: Some(200) };
/// The same where the client does not say.
pub(crate) const LIMIT_DEFAULT: usize = 50;
/// What a version looks like.
pub(crate) const VERSION: &str = "^[0-9a-f]{16}$";

/// A query without mistakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) scope: Scope,
    /// The version that the client has.
    pub(crate) since: Option<u64>,
    pub(crate) limit: usize,
    /// The provider that changes are to touch.
    pub(crate) provider: Option<String>,
}

/// Reads a query string. Of a repeated parameter the last counts, unknown ones are ignored, and every mistake is reported.
pub(crate) fn parse(query: &str) -> Result<Query, Vec<Mistake>> {
    let (mut since, mut limit, mut provider, mut inactive) = (None, None, None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let field = match &*name {
            "since" => &mut since,
            "limit" => &mut limit,
            "provider" => &mut provider,
            "include_inactive" => &mut inactive,
            _ => continue,
        };
        *field = Some(value.into_owned());
    }
    let mut mistakes = Vec::new();
    let since = since.and_then(|text| version(&mut mistakes, "since", &text));
    let limit = integer(&mut mistakes, Parameter::Limit.as_str(), limit, LIMIT);
    let scope = scope(&mut mistakes, inactive);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let limit = limit.as_ref().map_or(LIMIT_DEFAULT, Integer::saturating);
    Ok(Query { scope, since, limit, provider })
}

/// A version, as answers name it.
fn version(mistakes: &mut Vec<Mistake>, name: &str, text: &str) -> Option<u64> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let version = u64::from_str_radix(text, 16).ok();
    let version = version.filter(|_| text.len() == 16 && text.bytes().all(is_digit));
    if version.is_none() {
        let sentence = format!("String should match pattern '{VERSION}'");
        let mistake = Mistake::of_query("string_pattern_mismatch", name, &sentence, text);
        mistakes.push(mistake.with_context(json!({ "pattern": VERSION })));
    }
    version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_with_its_defaults() {
        let nothing = Query { scope: Scope::Active, since: None, limit: 50, provider: None };
        assert_eq!(parse("x=1").unwrap(), nothing);
        let query = "since=0&since=00000000000000ff&limit=200&provider=a%20b&include_inactive=yes";
        let expected =
            Query { scope: Scope::All, since: Some(255), limit: 200, provider: Some("a b".into()) };
        assert_eq!(parse(query).unwrap(), expected);
    }

    #[test]
    fn what_is_no_version_is_a_mistake() {
        for text in ["", "0", "00000000000000FF", "+0000000000000ff", "00000000000000ff0", "☃"] {
            let mistakes = parse(&format!("limit=0&since={text}")).unwrap_err();
            let shown: Vec<String> = mistakes.iter().map(|item| json!(item).to_string()).collect();
            assert_eq!(shown.len(), 2, "{text}");
            assert!(
                shown[0].contains(r#""type":"string_pattern_mismatch","loc":["query","since"]"#)
            );
        }
    }
}
