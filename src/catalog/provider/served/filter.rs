//! Which entries of a list are shown.

use super::entry::{Row, find, text};

/// What a client can choose by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter<'a> {
    /// Only models of this provider, as the client wrote it.
    pub provider: Option<&'a str>,
    /// Only those that are private, or only those that are not.
    pub is_private: Option<bool>,
}

/// Whether an entry can be shown at all: it has an id, and its own row does not say that it is down.
pub fn is_shown(row: &Row<'_>) -> bool {
    !row.marks.blank && !row.marks.down
}

impl Filter<'_> {
    /// The entries that are shown of these, in their order.
    pub(super) fn of<'r, 'a>(&self, rows: &'r [Row<'a>]) -> Vec<&'r Row<'a>> {
        let provider = self.provider.map(Owner::new).filter(|owner| !owner.is_empty());
        let is_chosen = |row: &&Row<'_>| {
            is_shown(row)
                && self.is_private.is_none_or(|wanted| row.marks.private == wanted)
                && provider.as_ref().is_none_or(|provider| provider.has(row.text))
        };
        rows.iter().filter(is_chosen).collect()
    }
}

/// A name before the slash of an id, or of a provider. White space around it and the `@`s before it do not count, nor does letter case.
pub(super) struct Owner {
    slug: String,
    prefix: String,
}

impl Owner {
    pub(super) fn new(name: &str) -> Self {
        let slug = trimmed(name).to_lowercase();
        Self { prefix: format!("{slug}/"), slug }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slug.is_empty()
    }

    /// Whether an entry is its own: by its id, or by the provider that stored it.
    pub(super) fn has(&self, entry: &str) -> bool {
        let [id, slug] = find(entry, ["id", "provider_slug"]);
        let is = |value: Option<&str>, holds: &dyn Fn(&str) -> bool| {
            value.and_then(text).is_some_and(|text| holds(&text.to_lowercase()))
        };
        is(id, &|id| id.starts_with(&self.prefix)) || is(slug, &|slug| slug == self.slug)
    }
}

/// A name without white space around it and without the `@`s before it.
pub(super) fn trimmed(name: &str) -> &str {
    name.trim().trim_start_matches('@')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_owner_is_the_beginning_of_an_id_or_the_stored_provider() {
        let entry = r#"{"id":"Meta-Llama/x","provider_slug":"MixedCase"}"#;
        for (name, expected) in [
            ("meta-llama", true),
            (" @@META-llama ", true),
            ("mixedcase", true),
            ("meta", false),
            ("x", false),
        ] {
            assert_eq!(Owner::new(name).has(entry), expected, "{name}");
        }
        assert!(Owner::new(" @ ").is_empty() && Owner::new("").is_empty());
        assert!(!Owner::new("a").has("[]"));
    }

    fn entry() -> impl Strategy<Value = Value> {
        let id = prop::sample::select(vec![
            json!(null),
            json!(" "),
            json!("a/x"),
            json!("B/x"),
            json!("c"),
        ]);
        let slug = prop::sample::select(vec!["a", "b", "C"]);
        let health = prop::sample::select(vec![
            json!(null),
            json!(""),
            json!("down"),
            json!("DOWN"),
            json!("healthy"),
        ]);
        let private = prop::sample::select(vec![
            json!(null),
            json!({}),
            json!({"is_private": true}),
            json!({"is_private": 1}),
        ]);
        (id, slug, health, private).prop_map(|(id, slug, health, metadata)| {
            json!({ "id": id, "provider_slug": slug, "health_status": health, "metadata": metadata })
        })
    }

    proptest! {
        /// What the filters keep is what the words of the contract keep, entry by entry and in order.
        #[test]
        fn filters_judge_each_entry_by_itself(
            entries in prop::collection::vec(entry(), 0..12),
            provider in prop::sample::select(vec![None, Some("a"), Some("@B"), Some("c"), Some("@")]),
            is_private in any::<Option<bool>>(),
        ) {
            let texts: Vec<String> = entries.iter().map(Value::to_string).collect();
            let rows: Vec<Row<'_>> = texts.iter().map(|text| Row::read(text)).collect();
            let filter = Filter { provider, is_private };
            let kept: Vec<&str> = filter.of(&rows).into_iter().map(|row| row.text).collect();
            let wanted = provider.map(|name| name.trim_start_matches('@').to_lowercase()).filter(|name| !name.is_empty());
            let expected = entries.iter().zip(&texts).filter(|(entry, _)| {
                let id = entry["id"].as_str().unwrap_or_default().to_lowercase();
                let slug = entry["provider_slug"].as_str().unwrap_or_default().to_lowercase();
                let status = entry["health_status"].as_str().unwrap_or_default().to_lowercase();
                !id.trim().is_empty()
                    && status != "down"
                    && is_private.is_none_or(|wanted| (entry["metadata"]["is_private"] == json!(true)) == wanted)
                    && wanted.as_ref().is_none_or(|name| id.starts_with(&format!("{name}/")) || slug == *name)
            });
            let expected: Vec<&str> = expected.map(|(_, text)| text.as_str()).collect();
            prop_assert_eq!(kept, expected);
        }
    }
}
