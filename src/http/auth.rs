//! Who may use the operators' routes: bearers of a token, of which two can be valid at once; and who may read the metrics: they, and
//! bearers of a token for that alone.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};

/// The operators of a deployment, known by the tokens of `ADMIN_TOKEN` and `ADMIN_TOKEN_NEXT`.
pub struct Operators {
    tokens: Vec<String>,
    metrics_tokens: Vec<String>,
}

impl fmt::Debug for Operators {
    /// Tokens are never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operators").field("exist", &self.exist()).finish_non_exhaustive()
    }
}

impl Operators {
    /// Operators with any of these tokens; without one there are none.
    pub fn new(tokens: Vec<String>) -> Self {
        Self { tokens, metrics_tokens: Vec::new() }
    }

    /// The same operators, and scrapers with tokens of their own.
    #[must_use]
    pub fn with_scrapers(self, metrics_tokens: Vec<String>) -> Self {
        Self { metrics_tokens, ..self }
    }

    /// Whether this deployment has operators. Without them their routes do not exist, so that a forgotten token opens
    /// nothing.
    pub fn exist(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// Whether somebody may read the metrics.
    pub fn may_be_scraped(&self) -> bool {
        self.exist() || !self.metrics_tokens.is_empty()
    }

    /// Whether an `Authorization` header carries an operator's token.
    pub fn admit(&self, authorization: Option<&str>) -> bool {
        bears(authorization, &self.tokens)
    }

    /// Whether an `Authorization` header carries a token that may read the metrics.
    pub fn admit_scraper(&self, authorization: Option<&str>) -> bool {
        bears(authorization, &self.metrics_tokens) | self.admit(authorization)
    }
}

/// Whether an `Authorization` header carries one of the tokens.
fn bears(authorization: Option<&str>, tokens: &[String]) -> bool {
    bearer(authorization)
        .is_some_and(|given| any(tokens, |token| token.as_bytes().ct_eq(given.as_bytes())))
}

/// The token of an `Authorization` header (RFC 6750 §2.1).
pub(super) fn bearer(authorization: Option<&str>) -> Option<&str> {
    let (scheme, token) = authorization?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Whether one of the secrets fits. How long that takes tells nothing of them but their lengths: every one is compared, whichever fits.
pub(super) fn any(secrets: &[String], fits: impl Fn(&str) -> Choice) -> bool {
    secrets.iter().fold(Choice::from(0), |any, secret| any | fits(secret)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bearer_of_the_token_is_admitted() {
        let operators = Operators::new(vec!["token-a".to_owned(), "token-next".to_owned()]);
        for (authorization, admitted) in [
            (Some("Bearer token-a"), true),
            (Some("bearer  token-a "), true),
            (Some("Bearer token-next"), true),
            (Some("Bearer token-a,token-next"), false),
            (Some("Bearer token-b"), false),
            (Some("Bearer token-a2"), false),
            (Some("Basic token-a"), false),
            (Some("Bearer"), false),
            (Some("token-a"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(operators.admit(authorization), admitted, "{authorization:?}");
        }
    }

    #[test]
    fn scrapers_are_admitted_to_the_metrics_alone_and_operators_too() {
        let list = |token: Option<&str>| token.map(str::to_owned).into_iter().collect();
        let of = |token: Option<&str>, scrapers: Option<&str>| {
            Operators::new(list(token)).with_scrapers(list(scrapers))
        };
        let (a, b) = (Some("Bearer token-a"), Some("Bearer token-b"));
        for (operators, admitted, may_be_scraped) in [
            (of(Some("token-a"), Some("token-b")), [(a, true, true), (b, false, true)], true),
            (of(Some("token-a"), None), [(a, true, true), (b, false, false)], true),
            (of(None, Some("token-b")), [(a, false, false), (b, false, true)], true),
            (of(None, None), [(a, false, false), (Some("Bearer "), false, false)], false),
        ] {
            assert_eq!(operators.may_be_scraped(), may_be_scraped);
            for (authorization, operator, scraper) in admitted {
                assert_eq!(operators.admit(authorization), operator, "{authorization:?}");
                assert_eq!(operators.admit_scraper(authorization), scraper, "{authorization:?}");
            }
        }
    }

    #[test]
    fn without_a_token_nobody_is() {
        let operators = Operators::new(Vec::new());
        assert!(!operators.exist());
        assert!(!operators.admit(Some("Bearer ")) && !operators.admit(None));
    }

    #[test]
    fn no_token_is_printed() {
        let operators = Operators::new(vec!["token-a".to_owned()]);
        assert_eq!(format!("{operators:?}"), "Operators { exist: true, .. }");
    }
}
