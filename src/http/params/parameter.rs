//! The parameters of the unique catalog's routes, and what may stand in them.

/// A parameter of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    Limit,
    Offset,
    MinProviders,
    SortBy,
    Order,
    IncludeInactive,
    Cursor,
    Name,
    Q,
    Provider,
    Capability,
    Modality,
    MinContext,
    MaxPrice,
    Health,
    Fields,
    Facets,
    View,
}

impl Parameter {
    /// Every parameter, those of the backend first, in the order in which it declares them.
    pub(crate) const ALL: [Self; 18] = [
        Self::Limit,
        Self::Offset,
        Self::MinProviders,
        Self::SortBy,
        Self::Order,
        Self::IncludeInactive,
        Self::Cursor,
        Self::Name,
        Self::Q,
        Self::Provider,
        Self::Capability,
        Self::Modality,
        Self::MinContext,
        Self::MaxPrice,
        Self::Health,
        Self::Fields,
        Self::Facets,
        Self::View,
    ];

    /// The name in the query.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Offset => "offset",
            Self::MinProviders => "min_providers",
            Self::SortBy => "sort_by",
            Self::Order => "order",
            Self::IncludeInactive => "include_inactive",
            Self::Cursor => "cursor",
            Self::Name => "name",
            Self::Q => "q",
            Self::Provider => "provider",
            Self::Capability => "capability",
            Self::Modality => "modality",
            Self::MinContext => "min_context",
            Self::MaxPrice => "max_price",
            Self::Health => "health",
            Self::Fields => "fields",
            Self::Facets => "facets",
            Self::View => "view",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        // A match is a comparison of lengths for most names; every request asks.
        Some(match name {
            "limit" => Self::Limit,
            "offset" => Self::Offset,
            "min_providers" => Self::MinProviders,
            "sort_by" => Self::SortBy,
            "order" => Self::Order,
            "include_inactive" => Self::IncludeInactive,
            "cursor" => Self::Cursor,
            "name" => Self::Name,
            "q" => Self::Q,
            "provider" => Self::Provider,
            "capability" => Self::Capability,
            "modality" => Self::Modality,
            "min_context" => Self::MinContext,
            "max_price" => Self::MaxPrice,
            "health" => Self::Health,
            "fields" => Self::Fields,
            "facets" => Self::Facets,
            "view" => Self::View,
            _ => return None,
        })
    }
}

/// What a whole number may be, both ends included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) least: usize,
    pub(crate) most: Option<usize>,
}

/// The backend's bounds.
pub(crate) const LIMIT: Bounds = Bounds { least: 1, most: Some(1000) };
pub(crate) const OFFSET: Bounds = Bounds { least: 0, most: None };
pub(crate) const MIN_PROVIDERS: Bounds = Bounds { least: 1, most: None };
/// How many models a page has at most where the client does not say.
pub(crate) const LIMIT_DEFAULT: usize = 100;

/// pydantic's words for a boolean, in lower case.
pub(crate) const TRUE_WORDS: [&str; 6] = ["1", "on", "t", "true", "y", "yes"];
pub(crate) const FALSE_WORDS: [&str; 6] = ["0", "off", "f", "false", "n", "no"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_read_by_its_name() {
        for parameter in Parameter::ALL {
            assert_eq!(Parameter::parse(parameter.as_str()), Some(parameter));
        }
        assert_eq!(Parameter::parse("Limit"), None);
    }
}
