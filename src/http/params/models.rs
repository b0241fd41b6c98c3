//! The queries of the providers' catalogs. Mistakes are told in the order in which the backend declares its parameters.

use super::{
    coercion::{boolean, integer, number, whole},
    integer::Integer,
    mistake::Mistake,
    parameter::{Bounds, LIMIT, LIMIT_DEFAULT, OFFSET},
};
use crate::{
    cache::RouteName,
    catalog::{
        Page,
        provider::served::{Filter, Part, Search, SearchBy},
    },
};

/// A route over the catalogs of providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The models of a provider, or of all.
    Models,
    /// Those of a developer.
    Developer,
    /// One of them.
    Model,
    /// Those that meet conditions.
    Search,
    /// The providers, as a page shows them.
    Gateways,
    /// The providers, with their numbers of models.
    Providers,
}

impl Kind {
    /// The name that its requests are counted by.
    pub(crate) fn name(self) -> RouteName {
        match self {
            Self::Models => RouteName::CatalogModels,
            Self::Developer => RouteName::CatalogDeveloper,
            Self::Model => RouteName::CatalogModel,
            Self::Search => RouteName::CatalogSearch,
            Self::Gateways => RouteName::CatalogGateways,
            Self::Providers => RouteName::CatalogProviders,
        }
    }

    /// The parameters that it understands.
    pub(crate) fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Models => &MODELS,
            Self::Developer => &DEVELOPER,
            Self::Model => &MODEL,
            Self::Search => &SEARCH,
            Self::Gateways => &[],
            Self::Providers => &PROVIDERS,
        }
    }
}

/// What the routes understand, by their names in the query.
const MODELS: [&str; 6] = ["provider", "is_private", "limit", "offset", "unique_models", "gateway"];
const DEVELOPER: [&str; 3] = ["limit", "offset", "gateway"];
const MODEL: [&str; 1] = ["gateway"];
const SEARCH: [&str; 12] = [
    "q",
    "modality",
    "is_private",
    "min_context",
    "max_context",
    "min_price",
    "max_price",
    "gateway",
    "sort_by",
    "order",
    "limit",
    "offset",
];
const PROVIDERS: [&str; 4] = ["moderated_only", "limit", "offset", "gateway"];

/// How many entries a page of a search, and of the list of providers, has at most, and has where the client does not say.
pub(crate) const SEARCH_LIMIT: Bounds = Bounds { least: 1, most: Some(100) };
pub(crate) const SEARCH_LIMIT_DEFAULT: usize = 20;
pub(crate) const PROVIDERS_LIMIT: Bounds = Bounds { least: 1, most: Some(500) };

/// The gateway where the client names none.
pub(crate) const GATEWAY_DEFAULT: &str = "all";

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    page: Page,
    /// As it is echoed: it can be larger than any list.
    offset: Integer,
}

impl Window {
    pub(crate) fn part(&self) -> Part<'_> {
        Part { page: self.page, offset: self.offset.as_str() }
    }
}

/// The query of the list of models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelsQuery {
    pub(crate) gateway: String,
    pub(crate) provider: Option<String>,
    pub(crate) is_private: Option<bool>,
    pub(crate) is_unique: bool,
    pub(crate) window: Window,
}

impl ModelsQuery {
    pub(crate) fn filter(&self) -> Filter<'_> {
        Filter { provider: self.provider.as_deref(), is_private: self.is_private }
    }
}

/// The query of a developer's models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeveloperQuery {
    pub(crate) gateway: String,
    pub(crate) window: Window,
}

/// The query of a search.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SearchQuery {
    q: Option<String>,
    modality: Option<String>,
    is_private: Option<bool>,
    min_context: Option<String>,
    max_context: Option<String>,
    min_price: Option<f64>,
    max_price: Option<f64>,
    pub(crate) gateway: String,
    sort: SearchBy,
    order: String,
    window: Window,
}

impl SearchQuery {
    pub(crate) fn search(&self) -> Search<'_> {
        Search {
            query: self.q.as_deref(),
            modality: self.modality.as_deref(),
            is_private: self.is_private,
            min_context: self.min_context.as_deref(),
            max_context: self.max_context.as_deref(),
            min_price: self.min_price,
            max_price: self.max_price,
            gateway: &self.gateway,
            sort: self.sort,
            order: &self.order,
            part: self.window.part(),
        }
    }
}

/// The query of the list of providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProvidersQuery {
    pub(crate) gateway: String,
    pub(crate) is_moderated: bool,
    pub(crate) window: Window,
}

/// Reads the query of the list of models.
pub(crate) fn models(query: &str) -> Result<ModelsQuery, Vec<Mistake>> {
    let mut reader = Reader::new(query);
    let is_private = reader.boolean("is_private");
    let window = reader.window(LIMIT, LIMIT_DEFAULT);
    let is_unique = reader.boolean("unique_models").unwrap_or_default();
    let (gateway, provider) = (reader.gateway(), reader.text("provider"));
    reader.finish(ModelsQuery { gateway, provider, is_private, is_unique, window })
}

/// Reads the query of a developer's models.
pub(crate) fn developer(query: &str) -> Result<DeveloperQuery, Vec<Mistake>> {
    let mut reader = Reader::new(query);
    let window = reader.window(LIMIT, LIMIT_DEFAULT);
    let gateway = reader.gateway();
    reader.finish(DeveloperQuery { gateway, window })
}

/// Reads the query of one model: the gateway, if one is named.
pub(crate) fn model(query: &str) -> Option<String> {
    Reader::new(query).text("gateway")
}

/// Reads the query of a search.
pub(crate) fn search(query: &str) -> Result<SearchQuery, Vec<Mistake>> {
    let mut reader = Reader::new(query);
    let (q, modality) = (reader.text("q"), reader.text("modality"));
    let is_private = reader.boolean("is_private");
    let [min_context, max_context] =
        ["min_context", "max_context"].map(|name| Some(reader.whole(name)?.to_json()));
    let [min_price, max_price] = ["min_price", "max_price"].map(|name| reader.number(name));
    let gateway = reader.gateway();
    let sort = reader.text("sort_by").as_deref().map(SearchBy::parse).unwrap_or_default();
    let order = reader.text("order").unwrap_or_else(|| "asc".to_owned());
    let window = reader.window(SEARCH_LIMIT, SEARCH_LIMIT_DEFAULT);
    reader.finish(SearchQuery {
        q,
        modality,
        is_private,
        min_context,
        max_context,
        min_price,
        max_price,
        gateway,
        sort,
        order,
        window,
    })
}

/// Reads the query of the list of providers.
pub(crate) fn providers(query: &str) -> Result<ProvidersQuery, Vec<Mistake>> {
    let mut reader = Reader::new(query);
    let is_moderated = reader.boolean("moderated_only").unwrap_or_default();
    let window = reader.window(PROVIDERS_LIMIT, LIMIT_DEFAULT);
    let gateway = reader.gateway();
    reader.finish(ProvidersQuery { gateway, is_moderated, window })
}

/// A query, and what is wrong with it so far. Of a repeated parameter the last counts, unknown ones are ignored.
struct Reader {
    values: Vec<(String, String)>,
    mistakes: Vec<Mistake>,
}

impl Reader {
    fn new(query: &str) -> Self {
        let values = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { values, mistakes: Vec::new() }
    }

    fn text(&self, name: &str) -> Option<String> {
        let last = self.values.iter().rfind(|(known, _)| known == name);
        last.map(|(_, value)| value.clone())
    }

    fn gateway(&self) -> String {
        self.text("gateway").unwrap_or_else(|| GATEWAY_DEFAULT.to_owned())
    }

    fn boolean(&mut self, name: &str) -> Option<bool> {
        let raw = self.text(name);
        boolean(&mut self.mistakes, name, raw)
    }

    fn whole(&mut self, name: &str) -> Option<Integer> {
        let raw = self.text(name);
        whole(&mut self.mistakes, name, raw)
    }

    fn number(&mut self, name: &str) -> Option<f64> {
        let raw = self.text(name);
        number(&mut self.mistakes, name, raw)
    }

    fn integer(&mut self, name: &str, bounds: Bounds) -> Option<Integer> {
        let raw = self.text(name);
        integer(&mut self.mistakes, name, raw, bounds)
    }

    fn window(&mut self, bounds: Bounds, default: usize) -> Window {
        let limit = self.integer("limit", bounds).map_or(default, |limit| limit.saturating());
        let offset = self.integer("offset", OFFSET).unwrap_or(Integer::of(0));
        Window { page: Page { limit, offset: offset.saturating() }, offset }
    }

    fn finish<T>(self, query: T) -> Result<T, Vec<Mistake>> {
        if self.mistakes.is_empty() { Ok(query) } else { Err(self.mistakes) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_value_counts_and_what_is_not_said_has_a_default() {
        let query =
            models("limit=5&limit=%20+2%20&gateway=x&offset=007&q=1&provider=&is_private=No");
        let query = query.unwrap();
        assert_eq!((query.gateway.as_str(), query.provider.as_deref()), ("x", Some("")));
        assert_eq!((query.is_private, query.is_unique), (Some(false), false));
        let part = query.window.part();
        assert_eq!((part.page, part.offset), (Page { limit: 2, offset: 7 }, "7"));
        assert_eq!(models("").unwrap().gateway, "all");
        assert_eq!(model("gateway=a&gateway=B").as_deref(), Some("B"));
        assert_eq!(model("Gateway=a"), None);
        assert_eq!(developer("").unwrap().window.part().page, Page::default());
        assert_eq!(search("").unwrap().window.part().page.limit, 20);
    }

    #[test]
    fn every_mistake_is_told_in_the_order_of_the_backend() {
        let kinds = |mistakes: Vec<Mistake>| {
            let told = mistakes.iter().map(|mistake| {
                let mistake = json!(mistake);
                format!(
                    "{} {}",
                    mistake["loc"][1].as_str().unwrap(),
                    mistake["type"].as_str().unwrap()
                )
            });
            told.collect::<Vec<_>>().join(", ")
        };
        let wrong = "limit=0&is_private=x&unique_models=w&offset=-1&min_price=x&max_context=&moderated_only=2";
        assert_eq!(
            kinds(models(wrong).unwrap_err()),
            "is_private bool_parsing, limit greater_than_equal, offset greater_than_equal, unique_models bool_parsing"
        );
        assert_eq!(
            kinds(search(wrong).unwrap_err()),
            "is_private bool_parsing, max_context int_parsing, min_price float_parsing, limit greater_than_equal, \
             offset greater_than_equal"
        );
        assert_eq!(
            kinds(providers(wrong).unwrap_err()),
            "moderated_only bool_parsing, limit greater_than_equal, offset greater_than_equal"
        );
        assert_eq!(
            kinds(developer("limit=1001&offset=x").unwrap_err()),
            "limit less_than_equal, offset int_parsing"
        );
        assert_eq!(kinds(search("limit=101").unwrap_err()), "limit less_than_equal");
        assert_eq!(kinds(providers("limit=501").unwrap_err()), "limit less_than_equal");
    }
}
