//! What the origin is asked for, and what clients can ask for: the one place that a new kind of catalog extends, beside
//! its own folder and the origin's adapter.

use serde::Serialize;

use super::{
    json_array::JsonArray,
    malformed::Malformed,
    provider::{self, Slug, registry},
    unique::{self, Scope, Selection, WARM},
};

/// What the origin is asked for as a whole: leased, backed off, judged and published as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The unique models of a scope.
    Unique(Scope),
    /// The active providers.
    Registry,
    /// What one provider offers.
    Provider(Slug),
    /// Every provider's list, one after the other, as the backend keeps it: found under its key or joined from the others, and
    /// loaded only where nothing is read from caches.
    Full,
    /// A kind that exists to show what a new one has to touch.
    #[cfg(test)]
    Toy,
}

/// What a client can ask for and a key can name. It is made from its source's snapshot without I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum View {
    /// The unique models under a selection.
    Unique(Selection),
    /// The active providers.
    Registry,
    /// What one provider offers, whole.
    Provider(Slug),
    /// Every provider's list, one after the other.
    Full,
    /// The one list of the toy.
    #[cfg(test)]
    Toy,
}

/// How large a snapshot is: what a new one is measured against, and what tells which views have a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The number of entries.
    pub models: usize,
    /// The largest number of offers of an entry.
    pub offers_max: u32,
}

/// A view's parameters, as the backend names them.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Parameters {
    /// Those of the backend's warm report.
    Unique {
        /// Whether offers count that are not active.
        include_inactive: bool,
        /// How many offers a model has at least.
        min_providers: Option<u32>,
        /// What the models are ordered by.
        sort_by: &'static str,
        /// In which direction.
        order: &'static str,
    },
    /// The provider whose list it is.
    Provider {
        /// Its slug.
        gateway: String,
    },
    /// There are none.
    None {},
}

impl Source {
    /// The sources that every deployment has, in the order in which reports list them: there are as many others as there are
    /// providers.
    #[cfg(not(test))]
    pub const STANDING: [Self; 3] =
        [Self::Unique(Scope::Active), Self::Unique(Scope::All), Self::Registry];
    /// The same, and the toy.
    #[cfg(test)]
    pub const STANDING: [Self; 4] =
        [Self::Unique(Scope::Active), Self::Unique(Scope::All), Self::Registry, Self::Toy];

    /// The source that cron and operators warm.
    pub const WARMED: Self = Self::Unique(Scope::Active);

    /// The name that keys, logs and reports use.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unique(scope) => scope.as_str(),
            Self::Registry => "registry",
            Self::Provider(slug) => slug.source_name(),
            Self::Full => "full",
            #[cfg(test)]
            Self::Toy => "toy",
        }
    }

    /// Reads the name that keys, logs and reports use.
    pub fn named(name: &str) -> Option<Self> {
        let standing = Self::STANDING.into_iter().find(|source| source.as_str() == name);
        standing.or_else(|| Slug::of_source(name).map(Self::Provider))
    }

    /// Whether nothing may be all there is of it: a provider that offers nothing is no fault of the origin, nor are several.
    pub fn may_be_empty(self) -> bool {
        matches!(self, Self::Provider(_) | Self::Full)
    }

    /// Whether what its publications change is told to clients.
    pub fn has_journal(self) -> bool {
        match self {
            Self::Unique(_) => true,
            Self::Registry | Self::Provider(_) | Self::Full => false,
            #[cfg(test)]
            Self::Toy => false,
        }
    }

    /// What a cache in front of the Worker knows the listings of this source by (`Cache-Tag`).
    pub fn tag(self) -> &'static str {
        match self {
            Self::Unique(Scope::Active) => "models-active",
            Self::Unique(Scope::All) => "models-all",
            Self::Registry | Self::Provider(_) | Self::Full => "models-providers",
            #[cfg(test)]
            Self::Toy => "models-toy",
        }
    }

    /// Every view that can have a key while no entry has more than `offers_max` offers.
    pub fn views(self, offers_max: u32) -> Vec<View> {
        match self {
            Self::Unique(scope) => Selection::all(scope, offers_max).map(View::Unique).collect(),
            // It has no key of the backend's, so it is served from its snapshot alone.
            Self::Registry => Vec::new(),
            Self::Provider(slug) => vec![View::Provider(slug)],
            Self::Full => vec![View::Full],
            #[cfg(test)]
            Self::Toy => vec![View::Toy],
        }
    }

    /// The views that are published with every snapshot, in the order of the backend's report.
    pub fn warm_views(self) -> Vec<View> {
        match self {
            Self::Unique(Scope::Active) => WARM.map(View::Unique).to_vec(),
            Self::Unique(Scope::All) | Self::Registry | Self::Full => Vec::new(),
            Self::Provider(slug) => vec![View::Provider(slug)],
            #[cfg(test)]
            Self::Toy => vec![View::Toy],
        }
    }
}

impl View {
    /// The source whose snapshot this is made from.
    pub fn source(&self) -> Source {
        match self {
            Self::Unique(selection) => Source::Unique(selection.scope),
            Self::Registry => Source::Registry,
            Self::Provider(slug) => Source::Provider(*slug),
            Self::Full => Source::Full,
            #[cfg(test)]
            Self::Toy => Source::Toy,
        }
    }

    /// Reads the text of a listing, as we or the backend wrote it: compact or spaced, UTF-8 or `\u` escapes. What is not
    /// whole and well-formed is refused.
    pub fn decode(&self, text: String) -> Result<JsonArray, Malformed> {
        let spans = match self {
            Self::Unique(_) => unique::records(&text)?.0,
            Self::Registry => registry::records(&text)?,
            Self::Provider(_) | Self::Full => provider::records(&text)?.0,
            #[cfg(test)]
            Self::Toy => super::toy::records(&text)?,
        };
        Ok(JsonArray::new(text.into(), spans))
    }

    /// Whether this is published with every snapshot of its source.
    pub fn is_warm(&self) -> bool {
        self.source().warm_views().contains(self)
    }

    /// Whether this has a key, given how large its source's snapshot is: a view that is empty for certain has none, so
    /// that clients cannot mint keys. None when that depends on an extent that is not known.
    pub fn has_key(&self, extent: Option<Extent>) -> Option<bool> {
        match self {
            Self::Unique(selection) => match selection.min_providers {
                None => Some(true),
                Some(minimum) => extent.map(|extent| minimum <= extent.offers_max),
            },
            // The backend has no such list.
            Self::Registry => Some(false),
            Self::Full => Some(true),
            // The backend keeps no empty list either.
            Self::Provider(_) => extent.map(|extent| extent.models > 0),
            #[cfg(test)]
            Self::Toy => Some(true),
        }
    }

    /// The parameters, for reports.
    pub fn parameters(&self) -> Parameters {
        match self {
            Self::Unique(selection) => Parameters::Unique {
                include_inactive: selection.scope == Scope::All,
                min_providers: selection.min_providers,
                sort_by: selection.sort.as_str(),
                order: selection.order.as_str(),
            },
            Self::Provider(slug) => Parameters::Provider { gateway: slug.as_str().to_owned() },
            Self::Registry | Self::Full => Parameters::None {},
            #[cfg(test)]
            Self::Toy => Parameters::None {},
        }
    }
}

impl From<Scope> for Source {
    fn from(scope: Scope) -> Self {
        Self::Unique(scope)
    }
}

impl From<Selection> for View {
    fn from(selection: Selection) -> Self {
        Self::Unique(selection)
    }
}
