//! Whose pages may read the catalog in a browser.

use super::{reader::Reader, url};

/// The origins of `CORS_ORIGINS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CorsConfig {
    /// Every origin: `*`, as without a setting. The catalog is public, and no credentials are allowed.
    #[default]
    Any,
    /// These alone, such as `https://app.example`; none with `none`.
    Listed(Vec<String>),
}

impl CorsConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        const NAME: &str = "CORS_ORIGINS";
        let origins = reader.list(NAME);
        match origins.as_slice() {
            [] => Self::Any,
            [only] if only == "*" => Self::Any,
            [only] if only == "none" => Self::Listed(Vec::new()),
            origins => {
                if origins.iter().any(|origin| !is_origin(origin)) {
                    reader.fault(NAME, "must be *, none, or origins such as https://app.example");
                }
                Self::Listed(origins.iter().map(|origin| origin.to_lowercase()).collect())
            }
        }
    }
}

/// A scheme, a host and perhaps a port, and nothing behind them (RFC 6454, section 6.2).
fn is_origin(text: &str) -> bool {
    let path = text.split_once("://").and_then(|(_, rest)| rest.find('/'));
    url::mistake(text).is_none() && path.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Vars;

    struct Only(Option<&'static str>);

    impl Vars for Only {
        fn get(&self, _: &str) -> Option<String> {
            self.0.map(str::to_owned)
        }
    }

    #[test]
    fn origins_are_all_or_those_that_are_named() {
        let listed = |origins: &[&str]| {
            CorsConfig::Listed(origins.iter().map(|origin| (*origin).to_owned()).collect())
        };
        for (text, expected) in [
            (None, Some(CorsConfig::Any)),
            (Some(" "), Some(CorsConfig::Any)),
            (Some("*"), Some(CorsConfig::Any)),
            (Some("none"), Some(listed(&[]))),
            (Some("https://app.example"), Some(listed(&["https://app.example"]))),
            (
                Some("https://App.example, http://localhost:3000"),
                Some(listed(&["https://app.example", "http://localhost:3000"])),
            ),
            (Some("*, https://app.example"), None),
            (Some("https://app.example/"), None),
            (Some("app.example"), None),
            (Some("https://app.example, none"), None),
        ] {
            let vars = Only(text);
            let mut reader = Reader::new(&vars);
            let read = CorsConfig::read(&mut reader);
            let (faults, _) = reader.finish();
            assert_eq!(faults.is_empty().then_some(read), expected, "{text:?}");
        }
    }
}
