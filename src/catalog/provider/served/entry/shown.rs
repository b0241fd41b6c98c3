//! How an entry is shown: as it is stored, but for what the backend replaces when it serves one (docs/api.md, "Provider catalogs").

use std::borrow::Cow;

use super::{Members, favicon};
use crate::catalog::provider::{capabilities::Capabilities, served::draft::json};

/// A longer description is cut, in code points.
const DESCRIPTION_MAX: usize = 500;

/// Where an entry is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::catalog::provider::served) enum Form {
    /// In a list of models, each of which says what it is.
    Listed,
    /// In the answers of the other routes.
    Plain,
}

/// Appends the JSON of an entry as it is shown. What is no object stays as it is.
pub(in crate::catalog::provider::served) fn write_shown(
    entry: &str,
    form: Form,
    into: &mut Vec<u8>,
) {
    let Some(members) = Members::read(entry) else {
        into.extend_from_slice(entry.as_bytes());
        return;
    };
    let mut replaced = replaced(&members, form);
    into.push(b'{');
    let mut separator = "";
    let mut add = |name: &str, value: &str| {
        for part in [separator, &json(name), ":", value] {
            into.extend_from_slice(part.as_bytes());
        }
        separator = ",";
    };
    for (name, value) in members.iter() {
        let known = replaced.iter().position(|(replaced, _)| *replaced == name);
        match known.map(|index| replaced.remove(index)) {
            Some((_, value)) => add(name, &value),
            None => add(name, value),
        }
    }
    for (name, value) in replaced {
        add(name, &value);
    }
    into.push(b'}');
}

/// What an entry's own members are replaced by, in the order in which those follow that it has not.
fn replaced<'a>(members: &Members<'a>, form: Form) -> Vec<(&'static str, Cow<'a, str>)> {
    let id = members.text("id").unwrap_or_default();
    let slug = match id.split_once('/') {
        Some((prefix, _)) if !prefix.is_empty() => Some(Cow::Owned(prefix.to_owned())),
        _ => members.text("provider_slug"),
    };
    let logo = members.text("provider_site_url").and_then(|site| favicon(&site));
    let mut replaced = vec![
        ("description", description(members)),
        ("provider_slug", json(&slug).into()),
        ("provider_site_url", members.get("provider_site_url").unwrap_or("null").into()),
        ("model_logo_url", json(&logo).into()),
    ];
    if form == Form::Listed {
        let slug = slug.unwrap_or_default();
        let owner = if slug.is_empty() { "gatewayz" } else { &*slug };
        let capabilities = Capabilities::of(&id, &slug);
        replaced.extend([
            ("object", "\"model\"".into()),
            ("owned_by", json(owner).into()),
            ("supported_parameters", json(&capabilities.supported_parameters()).into()),
            ("capabilities", json(&capabilities).into()),
        ]);
    }
    replaced
}

fn description<'a>(members: &Members<'a>) -> Cow<'a, str> {
    let whole = members.get("description").unwrap_or("null");
    // A text has no more code points than bytes.
    let long = (whole.len() > DESCRIPTION_MAX).then(|| members.text("description")).flatten();
    match long
        .and_then(|text| Some(text.get(..text.char_indices().nth(DESCRIPTION_MAX)?.0)?.to_owned()))
    {
        Some(cut) => json(&format!("{cut}...")).into(),
        None => whole.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(entry: &str, form: Form) -> String {
        let mut text = Vec::new();
        write_shown(entry, form, &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn members_are_replaced_where_they_stand_and_the_others_follow() {
        let entry = r#"{"id":"a/b","n": 1e-07,"provider_slug":"openai","model_logo_url":"x","description":null}"#;
        assert_eq!(
            shown(entry, Form::Plain),
            r#"{"id":"a/b","n":1e-07,"provider_slug":"a","model_logo_url":null,"description":null,"provider_site_url":null}"#
        );
        let listed = shown(entry, Form::Listed);
        let end = r#""provider_site_url":null,"object":"model","owned_by":"a","supported_parameters":["max_tokens","temperature","top_p","stop"],"capabilities":{"tools":false,"vision":false,"prompt_caching":false,"streaming":true}}"#;
        assert!(listed.ends_with(end), "{listed}");
        for (entry, slug, owner) in [
            (r#"{"id":"/b","provider_slug":"openai"}"#, "\"openai\"", "\"openai\""),
            (r#"{"id":"b"}"#, "null", "\"gatewayz\""),
            (r#"{"id":"b","provider_slug":""}"#, "\"\"", "\"gatewayz\""),
        ] {
            let shown: serde_json::Value =
                serde_json::from_str(&shown(entry, Form::Listed)).unwrap();
            assert_eq!(shown["provider_slug"].to_string(), slug);
            assert_eq!(shown["owned_by"].to_string(), owner);
        }
        assert_eq!(shown("[1]", Form::Listed), "[1]");
    }

    #[test]
    fn a_description_is_cut_behind_five_hundred_code_points() {
        for (given, expected) in [
            ("ü".repeat(500), "ü".repeat(500)),
            ("ü".repeat(501), format!("{}...", "ü".repeat(500))),
            ("\"".repeat(600), format!("{}...", "\"".repeat(500))),
        ] {
            let entry = json(&serde_json::json!({ "id": "a", "description": given }));
            let shown: serde_json::Value =
                serde_json::from_str(&shown(&entry, Form::Plain)).unwrap();
            assert_eq!(shown["description"], expected);
        }
        let number = "9".repeat(600);
        let entry = format!(r#"{{"description":{number}}}"#);
        assert!(shown(&entry, Form::Plain).contains(&number), "what is no text stays");
    }
}
