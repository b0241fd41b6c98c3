//! `GET /v1/models/{developer}/{model}`: one provider's offer of a model, by the model's id.

use super::{
    block::Block,
    draft::Draft,
    entry::{Form, Row, find, text, write_shown},
    filter::is_shown,
};

/// Who passes on what others offer is asked last, but for what the backend asks it for first.
const ROUTER: &str = "openrouter";
/// Whose ids have no developer in them, but are asked for with one.
const BARE: &str = "google-vertex";

/// The first offer of a model among these providers; none where nobody offers it. Letter case does not count. `is_chosen` says that the
/// client named the provider; else the one that the id speaks of is asked first, and the others in their order.
pub fn single(
    blocks: &[Block<'_>],
    developer: &str,
    model: &str,
    is_chosen: bool,
) -> Option<Draft> {
    let id = format!("{developer}/{model}").to_lowercase();
    let bare = model.to_lowercase();
    let guess = guess(&id);
    let rank = |block: &Block<'_>| {
        let is_guess = guess == Some(block.provider.slug.as_str());
        (!is_guess, block.provider.slug == ROUTER)
    };
    let mut order: Vec<&Block<'_>> = blocks.iter().collect();
    order.sort_by_key(|block| rank(block));
    let found = order.into_iter().find_map(|block| {
        let by_id = |id: &str| block.rows.iter().find(|row| is_shown(row) && has_id(row, id));
        let by_bare = || by_id(&bare).filter(|_| is_chosen && block.provider.slug == BARE);
        Some((block, by_id(&id).or_else(by_bare)?))
    });
    let (block, row) = found?;
    let draft = Draft::new()
        .with_written("data", |into| write_shown(row.text, Form::Plain, into))
        .with("provider", developer)
        .with("model", model)
        .with("gateway", &block.provider.slug)
        .timed();
    Some(draft)
}

/// Whom the backend asks first for an id, as it guesses from it.
fn guess(id: &str) -> Option<&'static str> {
    let (developer, model) = id.split_once('/')?;
    match developer {
        _ if model.ends_with(":free") => Some(ROUTER),
        "openai" | "anthropic" | "xai" => Some(ROUTER),
        "google" if model.starts_with("gemini") => Some(ROUTER),
        "groq" => Some("groq"),
        "fal" => Some("fal"),
        _ => None,
    }
}

fn has_id(row: &Row<'_>, id: &str) -> bool {
    let [known] = find(row.text, ["id"]);
    let known = known.and_then(text);
    known.is_some_and(|known| known.to_lowercase() == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::provider::served::resolve::tests::registry;

    fn found(id: &str, is_chosen: bool, only: Option<&str>) -> Option<String> {
        let (a, down) = (r#"{"id":"Dev/A"}"#, r#"{"id":"dev/a","health_status":"down"}"#);
        let blocks = [
            (ROUTER, vec![a, r#"{"id":"dev/c/d"}"#, r#"{"id":"openai/e"}"#, r#"{"id":"groq/f"}"#]),
            ("openai", vec![r#"{"id":"openai/e"}"#, r#"{"id":"openai/g"}"#, r#"{"id":"groq/f"}"#]),
            ("near", vec![down]),
            ("groq", vec![a, r#"{"id":"groq/f"}"#]),
            (BARE, vec![r#"{"id":"gemini"}"#]),
        ];
        let names = blocks.each_ref().map(|(gateway, _)| (*gateway, [].as_slice()));
        let registry = registry(&names);
        let blocks: Vec<Block<'_>> = registry
            .entries()
            .iter()
            .zip(&blocks)
            .filter(|(provider, _)| only.is_none_or(|only| only == provider.slug))
            .map(|(provider, (_, texts))| Block {
                provider,
                rows: texts.iter().map(|text| Row::read(text)).collect(),
            })
            .collect();
        let (developer, model) = id.split_once('/').unwrap();
        let text = single(&blocks, developer, model, is_chosen)?.finish();
        let answer: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(
            (answer["provider"].as_str(), answer["model"].as_str()),
            (Some(developer), Some(model))
        );
        Some(answer["gateway"].as_str().unwrap().to_owned())
    }

    #[test]
    fn a_model_is_found_with_whoever_offers_it_and_is_up() {
        for (id, only, expected) in [
            ("DEV/a", None, Some("groq")),
            ("dev/a", Some(ROUTER), Some(ROUTER)),
            ("openai/e", None, Some(ROUTER)),
            ("openai/e", Some("openai"), Some("openai")),
            ("openai/g", None, Some("openai")),
            ("groq/f", None, Some("groq")),
            ("dev/a", Some("near"), None),
            ("dev/c/d", None, Some(ROUTER)),
            ("dev/c", None, None),
            ("google/gemini", None, None),
            ("google/gemini", Some(BARE), Some(BARE)),
            ("google/gemini", Some("groq"), None),
        ] {
            assert_eq!(found(id, only.is_some(), only).as_deref(), expected, "{id} of {only:?}");
        }
    }
}
