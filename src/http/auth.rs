//! Who may use the operators' routes: bearers of a token, of which two can be valid at once.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};

/// The operators of a deployment, known by the tokens of `ADMIN_TOKEN` and `ADMIN_TOKEN_NEXT`.
pub struct Operators {
    tokens: Vec<String>,
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
        Self { tokens }
    }

    /// Whether this deployment has operators. Without them their routes do not exist, so that a forgotten token opens
    /// nothing.
    pub fn exist(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// Whether an `Authorization` header carries one of the tokens. How long that takes tells nothing of them but their
    /// lengths: every one is compared, whichever fits.
    pub fn admit(&self, authorization: Option<&str>) -> bool {
        let given = authorization.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let fits = |given: &str| {
            let compared = self.tokens.iter().map(|token| token.as_bytes().ct_eq(given.as_bytes()));
            compared.fold(Choice::from(0), |any, fits| any | fits).into()
        };
        given.is_some_and(fits)
    }
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
