//! A provider's name in keys and requests.

use arrayvec::ArrayString;

/// The longest slug, in bytes. The database bounds none; the longest on record has 21.
const BYTES_MAX: usize = 64;

/// What begins the name of a provider's source.
const PREFIX: &str = "provider:";

/// A provider's slug: small enough to be a part of every key, and never a client's own words, since it is one of the registry's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slug(ArrayString<{ PREFIX.len() + BYTES_MAX }>);

impl Slug {
    /// A slug as it stands in the database; none of what is empty, or longer than any.
    pub fn new(slug: &str) -> Option<Self> {
        let mut name = ArrayString::new();
        name.try_push_str(PREFIX).ok()?;
        name.try_push_str(slug).ok()?;
        (!slug.is_empty()).then_some(Self(name))
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        self.0.strip_prefix(PREFIX).unwrap_or_default()
    }

    /// The name of the provider's source, in keys and reports.
    pub(in crate::catalog) fn source_name(&self) -> &str {
        &self.0
    }

    /// Reads the name of a provider's source.
    pub(in crate::catalog) fn of_source(name: &str) -> Option<Self> {
        Self::new(name.strip_prefix(PREFIX)?)
    }
}
