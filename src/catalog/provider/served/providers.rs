//! `GET /v1/provider`: the providers, with how many models each is shown with.

use std::cmp::Reverse;

use super::{draft::Draft, list::Part};
use crate::catalog::provider::RegistryEntry;

/// The page of these providers, each with its number of models, those with the most first; `gateway` is what they are called together.
/// OpenRouter's moderation is not in the tables: no provider is known to be moderated.
pub fn providers(
    counted: &[(&RegistryEntry, usize)],
    is_moderated: bool,
    part: Part<'_>,
    gateway: &str,
) -> Draft {
    let mut chosen = if is_moderated { Vec::new() } else { counted.to_vec() };
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
    use crate::catalog::{Page, provider::served::resolve::tests::registry};

    #[test]
    fn those_with_the_most_models_come_first() {
        let registry = registry(&[("a", &[]), ("b", &[]), ("c", &[])]);
        let counted: Vec<_> = registry.entries().iter().zip([1, 3, 1]).collect();
        let of = |is_moderated, limit, offset: usize| -> Value {
            let echo = offset.to_string();
            let part = Part { page: Page { limit, offset }, offset: &echo };
            serde_json::from_slice(&providers(&counted, is_moderated, part, "all").finish())
                .unwrap()
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
