//! Reading one provider's models, or those of all, with the prices that other rows have for those without one, and the registry of providers.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Supabase,
    rows::{Reader, check_ids},
};
use crate::{
    catalog::{
        Snapshot,
        provider::{Assembly, RegistryEntry, Slug, registry::read_rows},
    },
    ports::{Load, OriginError},
};

/// What an entry is made of.
const COLUMNS: &str = "id,provider_model_id,model_name,context_length,description,\
    modality,health_status,average_response_time_ms,metadata,providers!inner(site_url,logo_url),\
    model_pricing(price_per_input_token,price_per_output_token)&is_active=is.true";
/// The order of a provider's rows, which is unique: names repeat within a provider, primary keys do not (docs/backend.md, "Offset pages
/// without an order lose rows").
const ORDER: &str = "model_name.asc,id.asc";
/// What active rows of active providers say of prices.
const PRICES: &str = "models?select=id,provider_model_id,model_name,\
    pricing_raw:metadata-%3Epricing_raw,pricing:metadata-%3Epricing,providers!inner(),\
    model_pricing(price_per_input_token,price_per_output_token)\
    &is_active=is.true&providers.is_active=is.true&order=id";
const REGISTRY: &str =
    "providers?select=id,slug,name,site_url,logo_url,metadata&is_active=is.true&order=id";

/// A list of ids is at most as long, in bytes: with what stands around it a URL stays below what proxies refuse.
const LIST_BYTES_MAX: usize = 5_400;
/// Where more lists would be needed the whole table is read instead: that many requests are about as many as its pages.
const LISTS_MAX: usize = 10;

/// What need not be encoded in a query, nor in a list of values in quotes.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/').remove(b':');

impl Supabase {
    /// A provider's rows, their prices looked up where they have none, as its snapshot.
    pub(super) async fn read_provider(
        &self,
        slug: Slug,
        reader: &Reader<'_>,
    ) -> Result<Load, OriginError> {
        let assembly = Assembly::new(slug);
        let slug = utf8_percent_encode(slug.as_str(), ENCODED);
        let query = format!("models?select={COLUMNS}&order={ORDER}&providers.slug=eq.{slug}");
        load(assembly, Some(query), reader).await
    }

    /// The rows of every active and enabled provider, as the list of all: one query, however many providers there are.
    pub(super) async fn read_all(&self, reader: &Reader<'_>) -> Result<Load, OriginError> {
        let entries = self.read_registry(reader).await?;
        let slugs = entries.iter().filter_map(|entry| Some((entry.id, Slug::new(&entry.slug)?)));
        let slugs: BTreeMap<i64, Slug> = slugs.collect();
        let ids: Vec<String> = slugs.keys().map(ToString::to_string).collect();
        let select = format!("models?select=provider_id,{COLUMNS}&order=provider_id.asc,{ORDER}");
        let query =
            (!ids.is_empty()).then(|| format!("{select}&provider_id=in.({})", ids.join(",")));
        load(Assembly::of_all(slugs), query, reader).await
    }

    /// The active and enabled providers, of which the registry is made.
    pub(super) async fn read_registry(
        &self,
        reader: &Reader<'_>,
    ) -> Result<Vec<RegistryEntry>, OriginError> {
        let mut entries: Vec<RegistryEntry> = Vec::new();
        let take = |page: &str| {
            entries.append(&mut read_rows(page)?);
            Ok(())
        };
        let total = reader.read(REGISTRY, take).await?;
        check_ids(entries.iter().map(|entry| entry.id), total)?;
        entries.retain(|entry| self.is_enabled(&entry.slug));
        Ok(entries)
    }
}

/// What is made of the rows of a query, their prices looked up where they have none.
async fn load(
    mut assembly: Assembly,
    query: Option<String>,
    reader: &Reader<'_>,
) -> Result<Load, OriginError> {
    if let Some(query) = query {
        let total = reader.read(&query, |page| assembly.add(page)).await?;
        check_ids(assembly.rows().iter().copied(), total)?;
    }
    // Mostly every row has a price of its own, and nothing more is read.
    for query in price_queries(&assembly.unpriced_ids()) {
        let mut rows = Vec::new();
        let take = |page: &str| {
            rows.append(&mut assembly.add_prices(page)?);
            Ok(())
        };
        let total = reader.read(&query, take).await?;
        check_ids(rows.into_iter(), total)?;
    }
    let rows = assembly.rows().len();
    let snapshot = Snapshot::of_provider(assembly)?;
    Ok(Load { snapshot, rows, requests: reader.requests() })
}

/// What to ask for the prices of these ids: lists of them, or the whole table where those would be too many or one id is too
/// long. Rows that have no id of their own go by their name, and are few: they come along with every list.
fn price_queries(ids: &[String]) -> Vec<String> {
    if ids.is_empty() {
        return Vec::new();
    }
    let Some(lists) = lists(ids) else { return vec![PRICES.to_owned()] };
    let query = |list: String| {
        format!(
            "{PRICES}&or=(provider_model_id.in.({list}),provider_model_id.is.null,\
             provider_model_id.eq.%22%22)"
        )
    };
    lists.into_iter().map(query).collect()
}

/// Ids in quotes with commas between them, in as few lists as their length allows; none where that is too many.
fn lists(ids: &[String]) -> Option<Vec<String>> {
    let mut lists: Vec<String> = Vec::new();
    for id in ids {
        let quoted = format!("\"{}\"", id.replace('\\', "\\\\").replace('"', "\\\""));
        let encoded = utf8_percent_encode(&quoted, ENCODED).to_string();
        match lists.last_mut() {
            Some(list) if list.len().saturating_add(encoded.len()) < LIST_BYTES_MAX => {
                list.push(',');
                list.push_str(&encoded);
            }
            _ => lists.push(encoded),
        }
    }
    let fits = lists.len() <= LISTS_MAX && lists.iter().all(|list| list.len() <= LIST_BYTES_MAX);
    fits.then_some(lists)
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_quoted_and_encoded() {
        let ids = ["org/a-1:free", "a,b(c)", r#"say "x\y""#, "Ü&+"].map(str::to_owned);
        let decoded =
            percent_decode_str(&lists(&ids).unwrap()[0]).decode_utf8().unwrap().into_owned();
        assert_eq!(decoded, r#""org/a-1:free","a,b(c)","say \"x\\y\"","Ü&+""#);
        assert!(!lists(&ids).unwrap()[0].contains(['&', '+', '(', ' ']));
        assert!(price_queries(&[]).is_empty());
    }

    #[test]
    fn many_ids_are_asked_for_in_pieces_and_too_many_as_a_whole() {
        let ids =
            |count: usize| -> Vec<String> { (0..count).map(|n| format!("org/{n:096}")).collect() };
        let of = |count| price_queries(&ids(count)).len();
        assert_eq!([of(1), of(50), of(51), of(100), of(500), of(501)], [1, 1, 2, 2, 10, 1]);
        assert_eq!(price_queries(&ids(501)), [PRICES]);
        assert_eq!(price_queries(&["x".repeat(LIST_BYTES_MAX)]), [PRICES], "one that fits nowhere");
        for query in price_queries(&ids(500)) {
            assert!(query.len() < 5_900, "{}", query.len());
        }
    }

    proptest! {
        #[test]
        fn every_id_is_in_one_list(ids in prop::collection::vec("\\PC{0,40}", 1..200)) {
            let lists = lists(&ids).unwrap();
            prop_assert!(lists.iter().all(|list| list.len() <= LIST_BYTES_MAX));
            // A comma of an id is encoded.
            prop_assert_eq!(lists.join(",").split(',').count(), ids.len());
        }
    }
}
