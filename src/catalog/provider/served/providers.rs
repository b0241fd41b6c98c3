//! `GET /v1/provider`: the providers, with how many models each is shown with.

use std::cmp::Reverse;

use super::{block::Block, draft::Draft, filter::is_shown, list::Part};
use crate::catalog::provider::RegistryEntry;

/// The page of these providers, each with its number of models, those with the most first; `gateway` is what they are called together.
/// What `openrouter` moderates is not in the tables: no provider is known to be moderated.
pub fn providers(blocks: &[Block<'_>], is_moderated: bool, part: Part<'_>, gateway: &str) -> Draft {
    let blocks: &[_] = if is_moderated { &[] } else { blocks };
    let counted = |block: &Block<'_>| block.rows.iter().filter(|row| is_shown(row)).count();
    let mut chosen: Vec<(&RegistryEntry, usize)> =
        blocks.iter().map(|block| (block.provider, counted(block))).collect();
    chosen.sort_by_key(|(_, models)| Reverse(*models));
    let page = part.of(&chosen);
    Draft::new()
        .with_each("data", page, |(entry, models), into| {
            into.extend(provider(entry, *models).finish());
        })
        .with("total", &chosen.len())
        .with("returned", &page.len())
        .with_written("offset", |into| part.write_offset(into))
        .with("limit", &part.page.limit)
        .with("gateway", gateway)
        .timed()
}

fn provider(entry: &RegistryEntry, models: usize) -> Draft {
    let logo = entry.logo_url.as_deref().filter(|logo| !logo.is_empty());
    Draft::new()
        .with("slug", &entry.slug)
        .with("site_url", &entry.site_url)
        .with("logo_url", &logo)
        .with("moderated_by_openrouter", &false)
        .with("source_gateway", &entry.slug)
        .with("source_gateways", &[&entry.slug])
        .with("model_count", &models)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::catalog::{
        Page,
        provider::served::{Row, resolve::tests::registry},
    };

    #[test]
    fn those_with_the_most_models_come_first() {
        let registry = registry(&[("a", &[]), ("b", &[]), ("c", &[])]);
        let shown = Row::read(r#"{"id":"x"}"#);
        let down = Row::read(r#"{"id":"x","health_status":"down"}"#);
        let rows = [vec![shown, down, down], vec![shown; 3], vec![shown]];
        let blocks: Vec<Block<'_>> = registry
            .entries()
            .iter()
            .zip(rows)
            .map(|(provider, rows)| Block { provider, rows })
            .collect();
        let of = |is_moderated, limit, offset: usize| -> Value {
            let echo = offset.to_string();
            let part = Part { page: Page { limit, offset }, offset: &echo };
            serde_json::from_slice(&providers(&blocks, is_moderated, part, "all").finish()).unwrap()
        };
        let answer = of(false, 2, 1);
        let slugs: Vec<&Value> =
            answer["data"].as_array().unwrap().iter().map(|provider| &provider["slug"]).collect();
        assert_eq!(slugs, [&json!("a"), &json!("c")]);
        assert_eq!(
            (&answer["total"], &answer["returned"], &answer["offset"]),
            (&json!(3), &json!(2), &json!(1))
        );
        let nobody = json!({ "data": [], "total": 0, "returned": 0, "offset": 0, "limit": 9, "gateway": "all" });
        assert_eq!(of(true, 9, 0), nobody);
    }
}
