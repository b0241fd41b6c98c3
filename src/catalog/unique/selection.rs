//! The part of a request that a cache key is made of. What a page is (limit, offset) cannot enter it, so
//! page 2 cannot miss where page 1 hit.

/// Which models are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Offers whose `models.is_active` is exactly true (docs/backend.md, "Active and inactive offers").
    #[default]
    Active,
    /// Every offer: `include_inactive=true`.
    All,
}

impl Scope {
    /// Both scopes, in the order in which reports list them.
    pub const BOTH: [Self; 2] = [Self::Active, Self::All];

    /// The name that keys, logs and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::All => "all",
        }
    }
}

/// What the models of a listing are ordered by. An unknown name means the default (docs/backend.md, "Query parameters").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SortBy {
    /// The number of offers.
    #[default]
    ProviderCount,
    /// The lower-cased name, by code point.
    Name,
    /// The cheapest prompt price; a model without one sorts as positive infinity.
    CheapestPrice,
}

impl SortBy {
    /// Every order a listing can have.
    pub const ALL: [Self; 3] = [Self::ProviderCount, Self::Name, Self::CheapestPrice];

    /// The name that the query, the key and the response use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProviderCount => "provider_count",
            Self::Name => "name",
            Self::CheapestPrice => "cheapest_price",
        }
    }

    /// Reads a query value. Case matters, and anything unknown is the default, as the backend has it.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text).unwrap_or_default()
    }
}

/// The direction of a listing. Ties keep the snapshot's order in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Order {
    /// Smallest first.
    Asc,
    /// Largest first.
    #[default]
    Desc,
}

impl Order {
    /// Both directions.
    pub const BOTH: [Self; 2] = [Self::Asc, Self::Desc];

    /// The name that the query, the key and the response use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Desc => "desc",
        }
    }

    /// Reads a query value in any letter case; `None` is a client's mistake, unlike in the backend (docs/api.md).
    pub fn parse(text: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|order| text.eq_ignore_ascii_case(order.as_str()))
    }
}

/// Everything that decides which models a listing holds, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Selection {
    /// Which models are looked at.
    pub scope: Scope,
    /// Keep the models with at least this many offers. Saturates: no catalog has `u32::MAX` offers of a model.
    pub min_providers: Option<u32>,
    /// What the models are ordered by.
    pub sort: SortBy,
    /// In which direction.
    pub order: Order,
}

impl Selection {
    /// Every selection of a scope that asks for at most so many offers.
    pub fn all(scope: Scope, min_providers_max: u32) -> impl Iterator<Item = Self> {
        let minimums = std::iter::once(None).chain((1..=min_providers_max).map(Some));
        minimums.flat_map(move |min_providers| {
            SortBy::ALL.into_iter().flat_map(move |sort| {
                Order::BOTH.map(|order| Self { scope, min_providers, sort, order })
            })
        })
    }
}

/// The six variants that cron keeps warm, in the order of the backend's report (docs/backend.md, "Warm variants").
pub const WARM: [Selection; 6] = [
    warm(None, SortBy::ProviderCount, Order::Desc),
    warm(Some(2), SortBy::ProviderCount, Order::Desc),
    warm(Some(3), SortBy::ProviderCount, Order::Desc),
    warm(Some(5), SortBy::ProviderCount, Order::Desc),
    warm(None, SortBy::Name, Order::Asc),
    warm(None, SortBy::CheapestPrice, Order::Asc),
];

const fn warm(min_providers: Option<u32>, sort: SortBy, order: Order) -> Selection {
    Selection { scope: Scope::Active, min_providers, sort, order }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_read_in_any_letter_case_and_nothing_else() {
        for (text, order) in [
            ("asc", Some(Order::Asc)),
            ("ASC", Some(Order::Asc)),
            ("dEsC", Some(Order::Desc)),
            ("", None),
            ("desc ", None),
            ("bogus", None),
            ("☃", None),
        ] {
            assert_eq!(Order::parse(text), order, "{text:?}");
        }
    }

    #[test]
    fn an_unknown_sort_is_the_default() {
        assert_eq!(SortBy::parse("name"), SortBy::Name);
        assert_eq!(SortBy::parse("cheapest_price"), SortBy::CheapestPrice);
        for text in ["", "Name", "name ", "bogus"] {
            assert_eq!(SortBy::parse(text), SortBy::ProviderCount, "{text:?}");
        }
    }
}
