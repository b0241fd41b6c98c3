//! What of the unique catalog a route gives, and which parameters it has.

use crate::http::params::parameter::Parameter;

/// An answer that is made of the catalog's listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Models, as they are.
    Listing,
    /// What changes of them by the minute.
    Health,
    /// The models that a path names.
    Model,
    /// Every provider in short.
    Providers,
    /// The models of the provider that a path names.
    ProviderModels,
}

impl Shape {
    /// Whether a parameter means anything to it.
    pub(crate) fn has(self, parameter: Parameter) -> bool {
        match self {
            Self::Listing => true,
            // It is a view of its own, and no walk.
            Self::Health => !matches!(parameter, Parameter::View | Parameter::Cursor),
            Self::Model => matches!(
                parameter,
                Parameter::IncludeInactive | Parameter::Fields | Parameter::View
            ),
            Self::Providers => parameter == Parameter::IncludeInactive,
            // The path says which.
            Self::ProviderModels => !matches!(parameter, Parameter::Provider | Parameter::Cursor),
        }
    }
}
