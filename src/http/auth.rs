//! Who may use the operators' routes: bearers of one token.

use std::fmt;

use subtle::ConstantTimeEq;

/// The operators of a deployment, known by the token of `ADMIN_TOKEN`.
pub struct Operators {
    token: Option<String>,
}

impl fmt::Debug for Operators {
    /// The token is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operators").field("exist", &self.exist()).finish_non_exhaustive()
    }
}

impl Operators {
    /// Operators with this token; without one there are none.
    pub fn new(token: Option<String>) -> Self {
        Self { token }
    }

    /// Whether this deployment has operators. Without them their routes do not exist, so that a forgotten token opens
    /// nothing.
    pub fn exist(&self) -> bool {
        self.token.is_some()
    }

    /// Whether an `Authorization` header carries the token. How long that takes tells nothing of the token.
    pub fn admit(&self, authorization: Option<&str>) -> bool {
        let Some(expected) = self.token.as_deref() else { return false };
        let given = authorization.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        given.is_some_and(|given| given.as_bytes().ct_eq(expected.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bearer_of_the_token_is_admitted() {
        let operators = Operators::new(Some("token-a".to_owned()));
        for (authorization, admitted) in [
            (Some("Bearer token-a"), true),
            (Some("bearer  token-a "), true),
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
        let operators = Operators::new(None);
        assert!(!operators.exist());
        assert!(!operators.admit(Some("Bearer ")) && !operators.admit(None));
    }

    #[test]
    fn the_token_is_not_printed() {
        let operators = Operators::new(Some("token-a".to_owned()));
        assert_eq!(format!("{operators:?}"), "Operators { exist: true, .. }");
    }
}
